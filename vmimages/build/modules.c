#include "modules.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <ftw.h>
#include <libkmod.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "digest.h"
#include "fs.h"
#include "proc.h"
#include "units.h"

#define MODULE_BYTES_MAX (256 * MiB)
#define DEPMOD_LIMIT_NS  (120 * NS_PER_S)

static void kmod_donep(struct kmod_ctx **ctx)
{
	kmod_unref(*ctx);
}

/* Reasons are returned, not printed. */
static void no_log(void *data, int priority, const char *file, int line, const char *fn,
		   const char *format, va_list args)
{
	(void)data;
	(void)priority;
	(void)file;
	(void)line;
	(void)fn;
	(void)format;
	(void)args;
}

static void add_word(struct bl_buf *b, const char *word)
{
	if (b->len)
		bl_buf_addc(b, ' ');
	bl_buf_adds(b, word);
}

static int add_file(struct modules *m, struct kmod_module *mod)
{
	const char *name = kmod_module_get_name(mod), *path = kmod_module_get_path(mod);
	struct module_file *items;

	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->items[i].name, name))
			return 0;
	items = reallocarray(m->items, m->n + 1, sizeof *items);
	if (!items)
		return -ENOMEM;
	m->items = items;
	items[m->n] = (struct module_file){.name = strdup(name), .path = strdup(path)};
	m->n++;
	return items[m->n - 1].name && items[m->n - 1].path ? 0 : -ENOMEM;
}

/* libkmod lists dependencies in the order they have to be loaded. */
static int add_with_dependencies(struct modules *m, struct kmod_module *mod)
{
	struct kmod_list *deps = kmod_module_get_dependencies(mod), *at;
	int r = 0;

	kmod_list_foreach(at, deps)
	{
		struct kmod_module *dep = kmod_module_get_module(at);

		if (r == 0 && kmod_module_get_path(dep))
			r = add_file(m, dep);
		kmod_module_unref(dep);
	}
	kmod_module_unref_list(deps);
	return r < 0 ? r : add_file(m, mod);
}

static int resolve_one(struct kmod_ctx *ctx, const char *name, struct modules *m)
{
	struct kmod_module *mod = NULL;
	int r = kmod_module_new_from_name(ctx, name, &mod);

	if (r < 0)
		return r;
	if (kmod_module_get_initstate(mod) == KMOD_MODULE_BUILTIN)
		add_word(&m->builtin, name);
	else if (!kmod_module_get_path(mod))
		add_word(&m->missing, name);
	else
		r = add_with_dependencies(m, mod);
	kmod_module_unref(mod);
	return r;
}

int modules_resolve(const char *dir, const char *const *wanted, size_t n_wanted,
		    struct modules *ret_modules, struct bl_err *err)
{
	static const char *const no_config[] = {NULL}; /* the host's modprobe.d is not ours */
	BL_CLEANUP(kmod_donep) struct kmod_ctx *ctx = kmod_new(dir, no_config);
	BL_CLEANUP(modules_done) struct modules m = {0};
	int r;

	if (!ctx)
		return bl_fail(err, -ENOMEM, "out of memory for module indexes");
	kmod_set_log_fn(ctx, no_log, NULL);
	r = kmod_load_resources(ctx);
	if (r < 0)
		return bl_fail(err, -EINVAL, "cannot read the module indexes in '%s': %s", dir,
			       strerror(-r));
	for (size_t i = 0; i < n_wanted; i++) {
		r = resolve_one(ctx, wanted[i], &m);
		if (r < 0)
			return bl_fail(err, r, "module '%s' in '%s': %s", wanted[i], dir,
				       strerror(-r));
	}
	if (bl_buf_failed(&m.builtin) || bl_buf_failed(&m.missing))
		return bl_fail(err, -ENOMEM, "out of memory");
	*ret_modules = m;
	m = (struct modules){0};
	return 0;
}

void modules_done(struct modules *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->items[i].name);
		free(m->items[i].path);
	}
	free(m->items);
	bl_buf_done(&m->builtin);
	bl_buf_done(&m->missing);
	*m = (struct modules){0};
}

/* The one stream in the file, through whatever compression it has. */
static int read_stream(struct archive *a, const char *path, struct bl_buf *out)
{
	struct archive_entry *e;
	char chunk[65536];
	la_ssize_t n;

	if (archive_read_support_filter_all(a) < ARCHIVE_WARN ||
	    archive_read_support_format_raw(a) != ARCHIVE_OK ||
	    archive_read_open_filename(a, path, sizeof chunk) != ARCHIVE_OK ||
	    archive_read_next_header(a, &e) != ARCHIVE_OK)
		return -EIO;
	while ((n = archive_read_data(a, chunk, sizeof chunk)) > 0) {
		bl_buf_add(out, chunk, (size_t)n);
		if (out->len > MODULE_BYTES_MAX) {
			archive_set_error(a, EFBIG, "larger than 256 MiB");
			return -EFBIG;
		}
	}
	return n < 0 ? -EIO : 0;
}

int module_read(const struct module_file *m, struct bl_buf *out, struct bl_err *err)
{
	struct archive *a = archive_read_new();
	size_t start = out->len;
	int r;

	if (!a)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = read_stream(a, m->path, out);
	if (r < 0)
		r = bl_fail(err, -EINVAL, "cannot read module '%s': %s", m->path,
			    archive_error_string(a));
	else if (bl_buf_failed(out))
		r = bl_fail(err, -ENOMEM, "out of memory for module '%s'", m->path);
	else if (out->len - start < 4 || memcmp(out->data + start, "\177ELF", 4))
		r = bl_fail(err, -EINVAL, "'%s' is not a kernel module: no ELF header", m->path);
	archive_read_free(a);
	return r;
}

int modules_depmod(const char *base, const char *release, struct bl_err *err)
{
	static const char *const elsewhere[] = {"/usr/sbin/depmod", "/sbin/depmod"};
	const char *argv[] = {"depmod", "-b", base, release, NULL};
	struct bl_buf said = BL_BUF_INIT;
	char found[256];
	int r;

	if (bl_proc_find("depmod", found, sizeof found) < 0) {
		for (size_t i = 0; i < BL_ARRAY_LEN(elsewhere); i++)
			if (bl_exists(elsewhere[i]))
				argv[0] = elsewhere[i]; /* not in every user's PATH */
	}
	r = bl_proc_run(argv, NULL, 0, NULL, &said, DEPMOD_LIMIT_NS, err);
	if (r == -ENOENT)
		bl_wrap(err, r, "the modules in '%s' have no modules.dep (package kmod makes it)",
			base);
	else if (r > 0)
		r = bl_fail(err, -EINVAL, "depmod failed on '%s' with status %d: %s", base, r,
			    bl_buf_str(&said));
	bl_buf_done(&said);
	return r;
}

/* nftw() has no context argument. */
static __thread struct digest *tree_digest;

static int tree_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	uint64_t facts[] = {(uint64_t)st->st_size, (uint64_t)st->st_mtim.tv_sec,
			    (uint64_t)st->st_mtim.tv_nsec};

	(void)ftw;
	if (type != FTW_F)
		return 0;
	digest_adds(tree_digest, path);
	digest_add(tree_digest, facts, sizeof facts);
	return 0;
}

/* Name, size and time of each file: what depmod's answer depends on, without reading it all. */
static int tree_key(const char *dir, char out[DIGEST_TEXT], struct bl_err *err)
{
	BL_CLEANUP(digest_freep) struct digest *d = digest_new();

	if (!d)
		return bl_fail(err, -ENOMEM, "out of memory");
	tree_digest = d;
	if (nftw(dir, tree_entry, 16, FTW_PHYS) != 0)
		return bl_fail(err, -errno, "cannot read folder '%s': %s", dir, strerror(errno));
	digest_hex(d, out);
	return 0;
}

/* Links to all that depmod reads, so that what it writes lands in @view. */
static int link_tree(const char *dir, const char *view, struct bl_err *err)
{
	static const char *const names[] = {"kernel",          "updates",
					    "extra",           "modules.order",
					    "modules.builtin", "modules.builtin.modinfo"};

	for (size_t i = 0; i < BL_ARRAY_LEN(names); i++) {
		BL_CLEANUP(bl_freep) char *from = bl_strf("%s/%s", dir, names[i]);
		BL_CLEANUP(bl_freep) char *to = bl_strf("%s/%s", view, names[i]);

		if (!from || !to)
			return bl_fail(err, -ENOMEM, "out of memory");
		if (bl_exists(from) && symlink(from, to) < 0)
			return bl_fail(err, -errno, "cannot make '%s': %s", to, strerror(errno));
	}
	return 0;
}

/* Build the view in a folder of its own and give it its name in one step. */
static int make_view(const char *dir, const char *release, const char *cache_dir, const char *base,
		     struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *temp = bl_strf("%s/modules/.new-XXXXXX", cache_dir);
	BL_CLEANUP(bl_freep) char *view = NULL;
	int r;

	if (!temp)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (!mkdtemp(temp) || chmod(temp, 0755) < 0)
		return bl_fail(err, -errno, "cannot make folder '%s': %s", temp, strerror(errno));
	view = bl_strf("%s/lib/modules/%s", temp, release);
	r = view ? bl_mkdir_p(view, err) : bl_fail(err, -ENOMEM, "out of memory");
	if (r == 0)
		r = link_tree(dir, view, err);
	if (r == 0)
		r = modules_depmod(temp, release, err);
	if (r == 0 && rename(temp, base) < 0 && errno != EEXIST && errno != ENOTEMPTY)
		r = bl_fail(err, -errno, "cannot make '%s': %s", base, strerror(errno));
	bl_remove_tree(temp, NULL); /* gone already when the rename was ours */
	return r;
}

int modules_index(const char *dir, const char *release, const char *cache_dir, char **ret_dir,
		  struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *dep = bl_strf("%s/modules.dep.bin", dir);
	BL_CLEANUP(bl_freep) char *real = realpath(dir, NULL), *base = NULL, *parent = NULL;
	char key[DIGEST_TEXT];
	int r;

	if (!real)
		return bl_fail(err, -errno, "cannot open folder '%s': %s", dir, strerror(errno));
	if (dep && bl_exists(dep)) {
		*ret_dir = BL_STEAL(real);
		return 0;
	}
	r = tree_key(real, key, err);
	if (r < 0)
		return r;
	parent = bl_strf("%s/modules", cache_dir);
	base = bl_strf("%s/modules/%s", cache_dir, key);
	if (!parent || !base || !dep)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = bl_mkdir_p(parent, err);
	if (r == 0 && !bl_exists(base))
		r = make_view(real, release, cache_dir, base, err);
	if (r < 0)
		return r;
	*ret_dir = bl_strf("%s/lib/modules/%s", base, release);
	return *ret_dir ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}
