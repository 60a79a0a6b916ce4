#include "initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

struct initramfs {
	struct archive *archive;
	struct bl_buf bytes;
	unsigned inode; /* counts up, so that the order of additions is all that matters */
};

static la_ssize_t on_write(struct archive *a, void *ctx, const void *data, size_t len)
{
	struct initramfs *fs = ctx;

	bl_buf_add(&fs->bytes, data, len);
	if (!bl_buf_failed(&fs->bytes))
		return (la_ssize_t)len;
	archive_set_error(a, ENOMEM, "out of memory");
	return -1;
}

int initramfs_new(struct initramfs **ret_fs, struct bl_err *err)
{
	struct initramfs *fs = calloc(1, sizeof *fs);

	if (fs)
		fs->archive = archive_write_new();
	if (!fs || !fs->archive || archive_write_set_format_cpio_newc(fs->archive) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(fs->archive, 512) != ARCHIVE_OK ||
	    archive_write_open(fs->archive, fs, NULL, on_write, NULL) != ARCHIVE_OK) {
		initramfs_free(fs);
		return bl_fail(err, -ENOMEM, "out of memory for the initramfs");
	}
	*ret_fs = fs;
	return 0;
}

/* Times and owners stay 0. */
static struct archive_entry *entry_new(struct initramfs *fs, const char *path, unsigned mode)
{
	struct archive_entry *e = archive_entry_new();

	if (!e)
		return NULL;
	archive_entry_set_pathname(e, path);
	archive_entry_set_mode(e, (mode_t)mode);
	archive_entry_set_mtime(e, 0, 0);
	archive_entry_set_uid(e, 0);
	archive_entry_set_gid(e, 0);
	archive_entry_set_ino(e, ++fs->inode);
	archive_entry_set_nlink(e, S_ISDIR(mode) ? 2 : 1);
	return e;
}

static int add(struct initramfs *fs, struct archive_entry *e, const void *data, size_t len,
	       struct bl_err *err)
{
	int r = 0;

	if (!e)
		return bl_fail(err, -ENOMEM, "out of memory for the initramfs");
	archive_entry_set_size(e, (la_int64_t)len);
	if (archive_write_header(fs->archive, e) != ARCHIVE_OK ||
	    (len && archive_write_data(fs->archive, data, len) != (la_ssize_t)len))
		r = bl_fail(err, -EIO, "cannot pack '%s': %s", archive_entry_pathname(e),
			    archive_error_string(fs->archive));
	archive_entry_free(e);
	return r;
}

int initramfs_add_dir(struct initramfs *fs, const char *path, struct bl_err *err)
{
	return add(fs, entry_new(fs, path, S_IFDIR | 0755), NULL, 0, err);
}

int initramfs_add_file(struct initramfs *fs, const char *path, unsigned mode, const void *data,
		       size_t len, struct bl_err *err)
{
	return add(fs, entry_new(fs, path, S_IFREG | mode), data, len, err);
}

int initramfs_add_device(struct initramfs *fs, const char *path, unsigned major, unsigned minor,
			 struct bl_err *err)
{
	struct archive_entry *e = entry_new(fs, path, S_IFCHR | 0600);

	if (e) {
		archive_entry_set_rdevmajor(e, major);
		archive_entry_set_rdevminor(e, minor);
	}
	return add(fs, e, NULL, 0, err);
}

int initramfs_finish(struct initramfs *fs, struct bl_buf *out, struct bl_err *err)
{
	if (archive_write_close(fs->archive) != ARCHIVE_OK)
		return bl_fail(err, -EIO, "cannot pack the initramfs: %s",
			       archive_error_string(fs->archive));
	*out = fs->bytes;
	fs->bytes = (struct bl_buf)BL_BUF_INIT;
	return 0;
}

struct initramfs *initramfs_free(struct initramfs *fs)
{
	if (!fs)
		return NULL;
	archive_write_free(fs->archive); /* may still flush into bytes */
	bl_buf_done(&fs->bytes);
	free(fs);
	return NULL;
}

void initramfs_freep(struct initramfs **fs)
{
	*fs = initramfs_free(*fs);
}
