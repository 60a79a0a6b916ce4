#include "image.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "digest.h"
#include "fs.h"
#include "initramfs.h"
#include "kernel.h"
#include "modules.h"
#include "units.h"

#define AGENT_BYTES_MAX (64 * MiB)

/* Changes when the same inputs would give other bytes. */
#define BUILDER_VERSION "blklab image 1"

/* The channel first, so that the host hears of whatever fails after it. */
const char *const image_modules[] = {"virtio_pci", "virtio_console", "virtio_blk", "virtio_scsi",
				     "sd_mod",     "ahci",           "nvme"};
const size_t n_image_modules = BL_ARRAY_LEN(image_modules);

/* A dynamic /init would panic the guest: nothing to load it with is in the image. */
static int agent_read(const char *path, struct bl_buf *out, struct bl_err *err)
{
	int r = bl_read_file(path, AGENT_BYTES_MAX, out, err);
	const Elf64_Ehdr *head = (const void *)out->data;
	const Elf64_Phdr *ph;

	if (r < 0)
		return bl_wrap(err, r, "the guest agent");
	if (out->len < sizeof *head || memcmp(head->e_ident, ELFMAG, SELFMAG) ||
	    head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_phentsize != sizeof *ph ||
	    head->e_phoff > out->len || head->e_phnum > (out->len - head->e_phoff) / sizeof *ph)
		return bl_fail(err, -EINVAL, "the guest agent '%s' is not a 64-bit ELF program",
			       path);
	ph = (const void *)(out->data + head->e_phoff);
	for (size_t i = 0; i < head->e_phnum; i++)
		if (ph[i].p_type == PT_INTERP)
			return bl_fail(
				err, -EINVAL,
				"the guest agent '%s' is linked dynamically; a static one is "
				"needed",
				path);
	return 0;
}

static int image_key(const struct kernel *k, const struct modules *m, const struct bl_buf *agent,
		     char out[DIGEST_TEXT], struct bl_err *err)
{
	BL_CLEANUP(digest_freep) struct digest *d = digest_new();
	int r;

	if (!d)
		return bl_fail(err, -ENOMEM, "out of memory");
	digest_adds(d, BUILDER_VERSION);
	digest_adds(d, k->release);
	digest_add(d, agent->data, agent->len);
	r = digest_add_file(d, k->vmlinuz, err);
	for (size_t i = 0; r == 0 && i < m->n; i++) {
		digest_adds(d, m->items[i].name);
		r = digest_add_file(d, m->items[i].path, err);
	}
	digest_hex(d, out);
	return r;
}

static int add_module(struct initramfs *fs, const struct module_file *m, size_t number,
		      struct bl_buf *list, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("modules/%02zu-%s.ko", number, m->name);
	struct bl_buf bytes = BL_BUF_INIT;
	int r;

	if (!path)
		return bl_fail(err, -ENOMEM, "out of memory");
	bl_buf_addf(list, "%s\n", path + strlen("modules/"));
	r = module_read(m, &bytes, err);
	if (r == 0)
		r = initramfs_add_file(fs, path, 0644, bytes.data, bytes.len, err);
	bl_buf_done(&bytes);
	return r;
}

static int pack(const struct modules *m, const struct bl_buf *agent, struct bl_buf *out,
		struct bl_err *err)
{
	static const char *const dirs[] = {"dev", "modules", "proc", "sys", "tmp"};
	BL_CLEANUP(initramfs_freep) struct initramfs *fs = NULL;
	struct bl_buf list = BL_BUF_INIT;
	int r = initramfs_new(&fs, err);

	for (size_t i = 0; r == 0 && i < BL_ARRAY_LEN(dirs); i++)
		r = initramfs_add_dir(fs, dirs[i], err);
	if (r == 0) /* the kernel opens it for /init before anything is mounted */
		r = initramfs_add_device(fs, "dev/console", 5, 1, err);
	if (r == 0)
		r = initramfs_add_file(fs, "init", 0755, agent->data, agent->len, err);
	for (size_t i = 0; r == 0 && i < m->n; i++)
		r = add_module(fs, &m->items[i], i, &list, err);
	if (r == 0)
		r = initramfs_add_file(fs, "modules/list", 0644, list.data, list.len, err);
	if (r == 0)
		r = initramfs_finish(fs, out, err);
	bl_buf_done(&list);
	return r;
}

/* Build the initramfs at @path unless it is there already. */
static int ensure_initrd(const struct modules *m, const struct bl_buf *agent, const char *path,
			 struct bl_err *err)
{
	struct bl_buf bytes = BL_BUF_INIT;
	int r;

	if (bl_exists(path))
		return 1;
	r = pack(m, agent, &bytes, err);
	if (r == 0)
		r = bl_write_file(path, bytes.data, bytes.len, err);
	bl_buf_done(&bytes);
	return r;
}

static uint64_t file_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* What the image is, once its initramfs exists. Takes strings from @k and @m. */
static int describe(struct kernel *k, struct modules *m, const char *initrd, bool was_cached,
		    struct image **ret_image, struct bl_err *err)
{
	BL_CLEANUP(image_freep) struct image *img = calloc(1, sizeof *img);
	struct bl_buf names = BL_BUF_INIT;

	if (!img)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < m->n; i++)
		bl_buf_addf(&names, "%s%s", i ? " " : "", m->items[i].name);
	img->kernel_path = BL_STEAL(k->vmlinuz);
	img->release = BL_STEAL(k->release);
	img->initrd_path = strdup(initrd);
	img->modules = bl_buf_take(&names);
	img->builtin = bl_buf_take(&m->builtin);
	img->missing = bl_buf_take(&m->missing);
	if (!img->initrd_path || !img->modules || !img->builtin || !img->missing)
		return bl_fail(err, -ENOMEM, "out of memory");
	img->initrd_bytes = file_bytes(img->initrd_path);
	img->kernel_bytes = file_bytes(img->kernel_path);
	img->was_cached = was_cached;
	*ret_image = BL_STEAL(img);
	return 0;
}

int image_build(const struct image_spec *spec, struct image **ret_image, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf agent = BL_BUF_INIT;
	BL_CLEANUP(kernel_done) struct kernel k = {0};
	BL_CLEANUP(modules_done) struct modules m = {0};
	BL_CLEANUP(bl_freep) char *dir = NULL, *initrd = NULL;
	char key[DIGEST_TEXT];
	int r;

	r = agent_read(spec->agent, &agent, err);
	if (r == 0)
		r = kernel_find(spec, "", &k, err);
	if (r == 0)
		r = modules_resolve(k.modules, image_modules, n_image_modules, &m, err);
	if (r == 0)
		r = image_key(&k, &m, &agent, key, err);
	if (r < 0)
		return r;
	dir = bl_strf("%s/images/%s", spec->cache_dir, key);
	initrd = bl_strf("%s/initrd.img", dir);
	if (!dir || !initrd)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = bl_mkdir_p(dir, err);
	if (r == 0)
		r = ensure_initrd(&m, &agent, initrd, err);
	return r < 0 ? r : describe(&k, &m, initrd, r == 1, ret_image, err);
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *s = words; (s = strstr(s, word)); s += len)
		if ((s == words || s[-1] == ' ') && (s[len] == ' ' || !s[len]))
			return true;
	return false;
}

bool image_has_module(const struct image *img, const char *module)
{
	return has_word(img->modules, module) || has_word(img->builtin, module);
}

struct image *image_free(struct image *img)
{
	if (!img)
		return NULL;
	free(img->kernel_path);
	free(img->initrd_path);
	free(img->release);
	free(img->modules);
	free(img->builtin);
	free(img->missing);
	free(img);
	return NULL;
}

void image_freep(struct image **img)
{
	*img = image_free(*img);
}
