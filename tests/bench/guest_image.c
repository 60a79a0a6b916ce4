/* The guest of the engine's benchmark: Debian's kernel, its null_blk, and the files named on the
 * command line.
 *
 *   bench-guest-image KERNEL CACHE INITRD GUEST-PATH=FILE...
 *
 * KERNEL as in image.h; the first pair is "init=...". Prints the kernel's path and its release,
 * a line each. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "cleanup.h"
#include "fs.h"
#include "initramfs.h"
#include "kernel.h"
#include "modules.h"
#include "units.h"

#define FILE_BYTES_MAX (128 * MiB)

static const char *const wanted[] = {"configfs", "null_blk"};

/* Every folder above @path; the kernel does not mind one that is there. */
static int add_parents(struct initramfs *fs, char *path, struct bl_err *err)
{
	int r = 0;

	for (char *s = strchr(path, '/'); s && r == 0; s = strchr(s + 1, '/')) {
		*s = 0;
		r = initramfs_add_dir(fs, path, err);
		*s = '/';
	}
	return r;
}

static int add_pair(struct initramfs *fs, char *pair, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf bytes = BL_BUF_INIT;
	char *file = strchr(pair, '=');
	int r;

	if (!file)
		return bl_fail(err, -EINVAL, "'%s' is not GUEST-PATH=FILE", pair);
	*file++ = 0;
	r = add_parents(fs, pair, err);
	if (r == 0)
		r = bl_read_file(file, FILE_BYTES_MAX, &bytes, err);
	return r < 0 ? r : initramfs_add_file(fs, pair, 0755, bytes.data, bytes.len, err);
}

/* modules/NAME.ko and modules/list, their names in load order. */
static int add_modules(struct initramfs *fs, const struct modules *m, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf list = BL_BUF_INIT;
	int r = 0;

	for (size_t i = 0; i < m->n && r == 0; i++) {
		BL_CLEANUP(bl_freep) char *path = bl_strf("modules/%s.ko", m->items[i].name);
		BL_CLEANUP(bl_buf_done) struct bl_buf bytes = BL_BUF_INIT;

		if (!path)
			return bl_fail(err, -ENOMEM, "out of memory");
		bl_buf_addf(&list, "%s\n", m->items[i].name);
		r = module_read(&m->items[i], &bytes, err);
		if (r == 0)
			r = initramfs_add_file(fs, path, 0644, bytes.data, bytes.len, err);
	}
	return r < 0 ? r : initramfs_add_file(fs, "modules/list", 0644, list.data, list.len, err);
}

static int pack(const struct modules *m, char **pairs, int n_pairs, struct bl_buf *out,
		struct bl_err *err)
{
	static const char *const dirs[] = {"dev", "modules", "proc", "sys", "tmp"};
	BL_CLEANUP(initramfs_freep) struct initramfs *fs = NULL;
	int r = initramfs_new(&fs, err);

	for (size_t i = 0; r == 0 && i < BL_ARRAY_LEN(dirs); i++)
		r = initramfs_add_dir(fs, dirs[i], err);
	if (r == 0) /* the kernel opens it for /init before anything is mounted */
		r = initramfs_add_device(fs, "dev/console", 5, 1, err);
	if (r == 0)
		r = add_modules(fs, m, err);
	for (int i = 0; r == 0 && i < n_pairs; i++)
		r = add_pair(fs, pairs[i], err);
	return r < 0 ? r : initramfs_finish(fs, out, err);
}

static int build(const struct image_spec *spec, const char *initrd, char **pairs, int n_pairs,
		 struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf bytes = BL_BUF_INIT;
	BL_CLEANUP(kernel_done) struct kernel k = {0};
	BL_CLEANUP(modules_done) struct modules m = {0};
	int r = kernel_find(spec, "", &k, err);

	if (r == 0)
		r = modules_resolve(k.modules, wanted, BL_ARRAY_LEN(wanted), &m, err);
	if (r == 0 && strstr(bl_buf_str(&m.missing), "null_blk"))
		r = bl_fail(err, -ENOENT, "kernel '%s' has no null_blk", k.release);
	if (r == 0)
		r = pack(&m, pairs, n_pairs, &bytes, err);
	if (r == 0)
		r = bl_write_file(initrd, bytes.data, bytes.len, err);
	if (r == 0)
		printf("%s\n%s\n", k.vmlinuz, k.release);
	return r;
}

int main(int argc, char **argv)
{
	struct bl_err err = BL_ERR_INIT;
	struct image_spec spec = {0};

	if (argc < 5) {
		fprintf(stderr, "usage: %s KERNEL CACHE INITRD GUEST-PATH=FILE...\n", argv[0]);
		return 2;
	}
	spec.kernel = argv[1];
	spec.cache_dir = argv[2];
	if (build(&spec, argv[3], argv + 4, argc - 4, &err) < 0) {
		fprintf(stderr, "bench-guest-image: %s\n", bl_err_text(&err));
		return 1;
	}
	return 0;
}
