#include "qemu_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "qemu_args.h"
#include "units.h"

#define PROC_FILE_MAX (4 * MiB)

/* What QEMU calls the file of a node, new; NULL: it has none. */
static char *name_of(const json_t *node)
{
	const char *file = qemu_args_text(node, "filename"), *pci = qemu_args_text(node, "device");
	const char *socket = qemu_args_text(node, "server.path");

	if (file)
		return strdup(file);
	if (pci)
		return bl_strf("nvme://%s/%lld", pci,
			       (long long)json_integer_value(json_object_get(node, "namespace")));
	return socket ? bl_strf("nbd+unix://?socket=%s", socket) : NULL;
}

static bool is_of(const json_t *node, const char *image)
{
	BL_CLEANUP(bl_freep) char *name = name_of(node);

	return name && strcmp(name, image) == 0;
}

static void read_cmdline(const char *dir, const char *image, struct qemu_process *ret)
{
	json_t *args = qemu_args_read(dir), *one;
	const json_t *storage = NULL, *upper;
	const char *name, *aio, *discard;
	size_t i;

	json_array_foreach (args, i, one) {
		const json_t *node = json_object_get(one, "props");

		if (!strcmp(json_string_value(json_object_get(one, "option")), "blockdev") &&
		    is_of(node, image))
			storage = node;
	}
	if (storage) {
		aio = qemu_args_text(storage, "aio");
		ret->aio = strdup(aio ? aio : "threads"); /* QEMU's default */
	}
	name = qemu_args_text(storage, "node-name");
	upper = name ? qemu_args_find(args, "blockdev", "file", name) : NULL;
	if (upper) {
		discard = qemu_args_text(upper, "discard");
		ret->discard = strdup(discard ? discard : "ignore"); /* QEMU's default */
	}
	json_decref(args);
}

/* "flags:	02140002": octal, as in open(2). */
static bool fd_is_direct(const char *dir, const char *fd)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/fdinfo/%s", dir, fd);
	const char *p;

	if (!path || bl_read_file(path, 65536, &b, NULL) < 0)
		return false;
	p = strstr(bl_buf_str(&b), "flags:");
	return p && (strtoul(p + strlen("flags:"), NULL, 8) & O_DIRECT);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	if (S_ISBLK(a->st_mode) && S_ISBLK(b->st_mode))
		return a->st_rdev == b->st_rdev; /* its node may be another one in QEMU's /dev */
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The same file. Its name alone does not do: an emulator in a mount namespace of its own may see it
 * under another one. */
static bool is_image(const char *fd_path, const char *target, const char *image)
{
	struct stat open_file, wanted;

	if (strcmp(target, image) == 0)
		return true;
	return stat(fd_path, &open_file) == 0 && stat(image, &wanted) == 0 &&
	       is_same(&open_file, &wanted);
}

static void read_file_of(const char *dir, const char *fd, const char *image,
			 struct qemu_process *ret)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/fd/%s", dir, fd);
	char target[PATH_MAX];
	ssize_t n = path ? readlink(path, target, sizeof target - 1) : -1;

	if (n < 0)
		return;
	target[n] = '\0';
	if (strcmp(target, "anon_inode:[io_uring]") == 0)
		ret->has_uring = true;
	if (!is_image(path, target, image))
		return;
	ret->is_direct = (!ret->has_image || ret->is_direct) && fd_is_direct(dir, fd);
	ret->has_image = true;
}

static void read_files(const char *dir, const char *image, struct qemu_process *ret)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/fd", dir);
	BL_CLEANUP(bl_freep) char *real = realpath(image, NULL);
	DIR *d = path ? opendir(path) : NULL;
	struct dirent *e;

	if (!d)
		return;
	ret->has_files = true;
	while ((e = readdir(d))) {
		if (e->d_name[0] != '.')
			read_file_of(dir, e->d_name, real ? real : image, ret);
	}
	closedir(d);
}

static void read_maps(const char *dir, struct qemu_process *ret)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/maps", dir);

	if (!path || bl_read_file(path, PROC_FILE_MAX, &b, NULL) < 0)
		return;
	ret->has_maps = true;
	ret->has_native = strstr(bl_buf_str(&b), "/[aio]") != NULL;
}

void qemu_process_read(const char *proc_dir, const char *image, struct qemu_process *ret)
{
	*ret = (struct qemu_process){0};
	read_cmdline(proc_dir, image, ret);
	read_files(proc_dir, image, ret);
	read_maps(proc_dir, ret);
}

char *qemu_process_exe(const char *proc_dir, const char *binary)
{
	BL_CLEANUP(bl_freep) char *link = bl_strf("%s/exe", proc_dir);
	char target[PATH_MAX];
	struct stat runs, wanted;
	ssize_t n;

	if (!link || stat(link, &runs) < 0)
		return NULL;
	if (binary && stat(binary, &wanted) == 0 && runs.st_dev == wanted.st_dev &&
	    runs.st_ino == wanted.st_ino)
		return strdup(binary);
	n = readlink(link, target, sizeof target - 1);
	return n > 0 ? strndup(target, (size_t)n) : NULL;
}

void qemu_process_done(struct qemu_process *p)
{
	free(p->aio);
	free(p->discard);
	*p = (struct qemu_process){0};
}
