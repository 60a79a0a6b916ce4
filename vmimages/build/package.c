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

/* "./usr/lib/modules/..." -> "lib/modules/...", "./boot/..." -> "boot/..."; NULL: not needed. */
static const char *wanted_path(const char *path)
{
	if (!strncmp(path, "./", 2))
		path += 2;
	if (!strncmp(path, "usr/lib/modules/", 16))
		path += 4;
	return !strncmp(path, "boot/", 5) || !strncmp(path, "lib/modules/", 12) ? path : NULL;
}

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

/* Plain files under boot/ and lib/modules/; links (build, source) lead out of the package. */
static int unpack_data(struct archive *from, const char *dir, struct bl_err *err)
{
	BL_CLEANUP(write_donep) struct archive *to = archive_write_disk_new();
	struct archive_entry *e;
	int r;

	if (!to)
		return bl_fail(err, -ENOMEM, "out of memory");
	archive_write_disk_set_options(to, ARCHIVE_EXTRACT_SECURE_NODOTDOT |
						   ARCHIVE_EXTRACT_SECURE_SYMLINKS);
	while ((r = archive_read_next_header(from, &e)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
		const char *path = wanted_path(archive_entry_pathname(e));
		BL_CLEANUP(bl_freep) char *full = NULL;

		if (!path || archive_entry_filetype(e) != AE_IFREG || archive_entry_hardlink(e))
			continue;
		full = bl_strf("%s/%s", dir, path);
		if (!full)
			return bl_fail(err, -ENOMEM, "out of memory");
		archive_entry_set_pathname(e, full);
		archive_entry_set_perm(e, 0644);
		if (copy_entry(from, to, e) < 0)
			return bl_fail(err, archive_errno(to) > 0 ? -archive_errno(to) : -EIO,
				       "cannot unpack '%s': %s", full, archive_error_string(to));
	}
	return r == ARCHIVE_EOF
		       ? 0
		       : bl_fail(err, -EINVAL, "cannot unpack: %s", archive_error_string(from));
}

static int unpack_inner(struct archive *outer, const char *dir, struct bl_err *err)
{
	BL_CLEANUP(read_donep) struct archive *inner = archive_read_new();

	if (!inner)
		return bl_fail(err, -ENOMEM, "out of memory");
	archive_read_support_filter_all(inner);
	archive_read_support_format_tar(inner);
	if (archive_read_open(inner, outer, NULL, on_inner_read, NULL) != ARCHIVE_OK)
		return bl_fail(err, -EINVAL, "cannot read its data: %s",
			       archive_error_string(inner));
	return unpack_data(inner, dir, err);
}

static int unpack_deb(const char *path, const char *dir, struct bl_err *err)
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
		r = unpack_inner(outer, dir, err);
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

int package_unpack(const char *path, const char *cache_dir, char **ret_dir, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *parent = bl_strf("%s/packages", cache_dir);
	BL_CLEANUP(bl_freep) char *temp = bl_strf("%s/packages/.new-XXXXXX", cache_dir);
	BL_CLEANUP(bl_freep) char *dir = NULL;
	char sha[DIGEST_TEXT];
	int r = fetch_sha256(path, sha, err);

	if (r == 0 && (!parent || !temp || !(dir = bl_strf("%s/%s", parent, sha))))
		r = bl_fail(err, -ENOMEM, "out of memory");
	if (r == 0 && !bl_exists(dir)) {
		r = bl_mkdir_p(parent, err);
		/* the emulator may run as another user */
		if (r == 0 && (!mkdtemp(temp) || chmod(temp, 0755) < 0))
			r = bl_fail(err, -errno, "cannot make folder '%s': %s", temp,
				    strerror(errno));
		if (r < 0)
			return r;
		r = unpack_deb(path, temp, err);
		if (r == 0)
			r = index_modules(temp, path, err);
		if (r == 0 && rename(temp, dir) < 0 && errno != EEXIST && errno != ENOTEMPTY)
			r = bl_fail(err, -errno, "cannot make '%s': %s", dir, strerror(errno));
		bl_remove_tree(temp, NULL); /* gone already when the rename was ours */
	}
	if (r < 0)
		return r;
	*ret_dir = BL_STEAL(dir);
	return 0;
}
