#include "package.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "digest.h"
#include "fetch.h"
#include "fs.h"
#include "modules.h"

static void read_donep(struct archive **a)
{
	archive_read_free(*a);
}

static void write_donep(struct archive **a)
{
	archive_write_free(*a);
}

/* The inner archive (data.tar.*) reads its bytes from the current member of the outer one (ar). */
static la_ssize_t on_inner_read(struct archive *inner, void *ctx, const void **data)
{
	struct archive *outer = ctx;
	la_int64_t offset;
	size_t len;
	int r = archive_read_data_block(outer, data, &len, &offset);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r >= ARCHIVE_WARN)
		return (la_ssize_t)len;
	archive_set_error(inner, EIO, "%s", archive_error_string(outer));
	return -1;
}

/* What of a package is unpacked. */
struct wish {
	/* Where an entry goes below the folder; NULL: not needed. */
	const char *(*path)(const char *in_package);
	bool has_links; /* and what may be run */
};

static const char *without_dot(const char *path)
{
	return strncmp(path, "./", 2) ? path : path + 2;
}

/* "./usr/lib/modules/..." -> "lib/modules/...", "./boot/..." -> "boot/...". */
static const char *kernel_path(const char *path)
{
	path = without_dot(path);
	if (!strncmp(path, "usr/lib/modules/", 16))
		path += 4;
	return !strncmp(path, "boot/", 5) || !strncmp(path, "lib/modules/", 12) ? path : NULL;
}

static const char *emulator_path(const char *path)
{
	static const char *const of[] = {"usr/bin/qemu-system-x86_64", "usr/lib/",
					 "usr/share/qemu/", "usr/share/seabios/"};

	path = without_dot(path);
	for (size_t i = 0; i < BL_ARRAY_LEN(of); i++)
		if (!strncmp(path, of[i], strlen(of[i])))
			return path;
	return NULL;
}

/* Links of a kernel's package (build, source) lead out of it. */
static const struct wish of_kernel = {.path = kernel_path};
static const struct wish of_emulator = {.path = emulator_path, .has_links = true};

static int copy_entry(struct archive *from, struct archive *to, struct archive_entry *e)
{
	const void *data;
	la_int64_t offset;
	size_t len;
	int r;

	if (archive_write_header(to, e) < ARCHIVE_WARN)
		return -1;
	while ((r = archive_read_data_block(from, &data, &len, &offset)) == ARCHIVE_OK)
		if (archive_write_data_block(to, data, len, offset) < ARCHIVE_WARN)
			return -1;
	if (r != ARCHIVE_EOF) {
		archive_set_error(to, EIO, "%s", archive_error_string(from));
		return -1;
	}
	return archive_write_finish_entry(to) < ARCHIVE_WARN ? -1 : 0;
}

static bool is_wanted(const struct wish *w, struct archive_entry *e)
{
	mode_t type = archive_entry_filetype(e);

	return !archive_entry_hardlink(e) &&
	       (type == AE_IFREG || (w->has_links && type == AE_IFLNK));
}

static int unpack_data(struct archive *from, const struct wish *w, const char *dir,
		       struct bl_err *err)
{
	BL_CLEANUP(write_donep) struct archive *to = archive_write_disk_new();
	struct archive_entry *e;
	int r;

	if (!to)
		return bl_fail(err, -ENOMEM, "out of memory");
	archive_write_disk_set_options(to, ARCHIVE_EXTRACT_SECURE_NODOTDOT |
						   ARCHIVE_EXTRACT_SECURE_SYMLINKS);
	while ((r = archive_read_next_header(from, &e)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
		const char *path = w->path(archive_entry_pathname(e));
		BL_CLEANUP(bl_freep) char *full = NULL;

		if (!path || !is_wanted(w, e))
			continue;
		full = bl_strf("%s/%s", dir, path);
		if (!full)
			return bl_fail(err, -ENOMEM, "out of memory");
		archive_entry_set_pathname(e, full);
		archive_entry_set_perm(e,
				       w->has_links && archive_entry_perm(e) & 0100 ? 0755 : 0644);
		if (copy_entry(from, to, e) < 0)
			return bl_fail(err, archive_errno(to) > 0 ? -archive_errno(to) : -EIO,
				       "cannot unpack '%s': %s", full, archive_error_string(to));
	}
	return r == ARCHIVE_EOF
		       ? 0
		       : bl_fail(err, -EINVAL, "cannot unpack: %s", archive_error_string(from));
}

static int unpack_inner(struct archive *outer, const struct wish *w, const char *dir,
			struct bl_err *err)
{
	BL_CLEANUP(read_donep) struct archive *inner = archive_read_new();

	if (!inner)
		return bl_fail(err, -ENOMEM, "out of memory");
	archive_read_support_filter_all(inner);
	archive_read_support_format_tar(inner);
	if (archive_read_open(inner, outer, NULL, on_inner_read, NULL) != ARCHIVE_OK)
		return bl_fail(err, -EINVAL, "cannot read its data: %s",
			       archive_error_string(inner));
	return unpack_data(inner, w, dir, err);
}

static int unpack_deb(const char *path, const struct wish *w, const char *dir, struct bl_err *err)
{
	BL_CLEANUP(read_donep) struct archive *outer = archive_read_new();
	struct archive_entry *e;
	int r;

	if (!outer)
		return bl_fail(err, -ENOMEM, "out of memory");
	archive_read_support_format_ar(outer);
	if (archive_read_open_filename(outer, path, 1 << 18) != ARCHIVE_OK)
		return bl_fail(err, -EINVAL, "'%s' is not a .deb package: %s", path,
			       archive_error_string(outer));
	while ((r = archive_read_next_header(outer, &e)) == ARCHIVE_OK) {
		if (strncmp(archive_entry_pathname(e), "data.tar", 8))
			continue;
		r = unpack_inner(outer, w, dir, err);
		return r < 0 ? bl_wrap(err, r, "package '%s'", path) : 0;
	}
	return bl_fail(err, -EINVAL, "'%s' is not a .deb package: %s", path,
		       r == ARCHIVE_EOF ? "it has no data.tar member"
					: archive_error_string(outer));
}

/* A kernel package has one folder of modules; a package ships no modules.dep. */
static int index_modules(const char *dir, const char *path, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *parent = bl_strf("%s/lib/modules", dir);
	DIR *d = parent ? opendir(parent) : NULL;
	struct dirent *e;
	int r = -ENOENT;

	if (!d)
		return bl_fail(err, -EINVAL, "package '%s' holds no kernel modules", path);
	while ((e = readdir(d)) && (r == 0 || r == -ENOENT))
		if (e->d_name[0] != '.')
			r = modules_depmod(dir, e->d_name, err);
	closedir(d);
	return r;
}

/* Packages that are unpacked into one folder. */
struct together {
	const char *const *paths;
	size_t n;
	const struct wish *wish;
	int (*finish)(const char *dir, const char *path, struct bl_err *err); /* may be NULL */
};

static int unpack_all(const struct together *t, const char *dir, struct bl_err *err)
{
	int r = 0;

	for (size_t i = 0; i < t->n && r == 0; i++)
		r = unpack_deb(t->paths[i], t->wish, dir, err);
	return r == 0 && t->finish ? t->finish(dir, t->paths[0], err) : r;
}

/* The folder's name: the one package's checksum, or that of all of them. */
static int name_of(const struct together *t, char out[DIGEST_TEXT], struct bl_err *err)
{
	BL_CLEANUP(digest_freep) struct digest *d = digest_new();
	int r = t->n == 1 ? fetch_sha256(t->paths[0], out, err) : 0;

	if (t->n == 1)
		return r;
	if (!d)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < t->n && r == 0; i++)
		r = digest_add_file(d, t->paths[i], err);
	digest_hex(d, out);
	return r;
}

/* Into a folder of a name for the moment, then at its place at once. */
static int unpack_at(const struct together *t, const char *parent, const char *dir,
		     struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *temp = bl_strf("%s/.new-XXXXXX", parent);
	int r = temp ? bl_mkdir_p(parent, err) : bl_fail(err, -ENOMEM, "out of memory");

	/* the emulator may run as another user */
	if (r == 0 && (!mkdtemp(temp) || chmod(temp, 0755) < 0))
		r = bl_fail(err, -errno, "cannot make folder '%s': %s", temp, strerror(errno));
	if (r < 0)
		return r;
	r = unpack_all(t, temp, err);
	if (r == 0 && rename(temp, dir) < 0 && errno != EEXIST && errno != ENOTEMPTY)
		r = bl_fail(err, -errno, "cannot make '%s': %s", dir, strerror(errno));
	bl_remove_tree(temp, NULL); /* gone already when the rename was ours */
	return r;
}

static int unpack_once(const struct together *t, const char *cache_dir, char **ret_dir,
		       struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *parent = bl_strf("%s/packages", cache_dir);
	BL_CLEANUP(bl_freep) char *dir = NULL;
	char sha[DIGEST_TEXT];
	int r = name_of(t, sha, err);

	if (r == 0 && (!parent || !(dir = bl_strf("%s/%s", parent, sha))))
		r = bl_fail(err, -ENOMEM, "out of memory");
	if (r == 0 && !bl_exists(dir))
		r = unpack_at(t, parent, dir, err);
	if (r == 0)
		*ret_dir = BL_STEAL(dir);
	return r;
}

int package_unpack(const char *path, const char *cache_dir, char **ret_dir, struct bl_err *err)
{
	struct together t = {.paths = &path, .n = 1, .wish = &of_kernel, .finish = index_modules};

	return unpack_once(&t, cache_dir, ret_dir, err);
}

int package_unpack_emulator(const char *const *paths, size_t n, const char *cache_dir,
			    char **ret_dir, struct bl_err *err)
{
	struct together t = {.paths = paths, .n = n, .wish = &of_emulator};

	return unpack_once(&t, cache_dir, ret_dir, err);
}
