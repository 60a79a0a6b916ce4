#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apt_spec.h"
#include "cleanup.h"
#include "fs.h"
#include "modules.h"
#include "package.h"

/* Linux x86 boot protocol (Documentation/arch/x86/boot.rst): "HdrS" at 0x202; at 0x20e the
 * offset, less 0x200, of a string that starts with the release. */
#define BOOT_MAGIC_AT   0x202
#define BOOT_VERSION_AT 0x20e
#define BOOT_SECTOR     0x200

int kernel_release(const char *vmlinuz, char out[128], struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = open(vmlinuz, O_RDONLY | O_CLOEXEC);
	unsigned char head[BOOT_VERSION_AT + 2];
	ssize_t n;

	if (fd < 0)
		return bl_fail(err, -errno, "cannot open kernel '%s': %s", vmlinuz,
			       strerror(errno));
	if (pread(fd, head, sizeof head, 0) != (ssize_t)sizeof head ||
	    memcmp(head + BOOT_MAGIC_AT, "HdrS", 4))
		return bl_fail(err, -EINVAL,
			       "'%s' is not a bootable kernel (a bzImage), nor a .deb package",
			       vmlinuz);
	n = pread(fd, out, 127,
		  BOOT_SECTOR + (head[BOOT_VERSION_AT] | head[BOOT_VERSION_AT + 1] << 8));
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, " \n")] = '\0';
	if (!out[0] || strchr(out, '/'))
		return bl_fail(err, -EINVAL, "kernel '%s' does not say its release", vmlinuz);
	return 0;
}

static void globp(glob_t *g)
{
	globfree(g);
}

static int by_version(const void *a, const void *b)
{
	return strverscmp(*(const char *const *)b, *(const char *const *)a); /* newest first */
}

/* DIR/TAIL when that is a modules folder (it names what is built in); else NULL. */
static char *modules_at(const char *dir, const char *tail)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s", dir, tail);
	BL_CLEANUP(bl_freep) char *mark = bl_strf("%s/%s/modules.builtin", dir, tail);

	return path && mark && bl_exists(mark) ? BL_STEAL(path) : NULL;
}

/* The folder of @release in or under @dir. */
static char *modules_under(const char *dir, const char *release)
{
	static const char *const above[] = {"lib/modules", "usr/lib/modules", "."};
	char *found = NULL;

	for (size_t i = 0; !found && i < BL_ARRAY_LEN(above); i++) {
		BL_CLEANUP(bl_freep) char *tail = bl_strf("%s/%s", above[i], release);

		found = tail ? modules_at(dir, tail) : NULL;
	}
	return found;
}

static int find_modules(const struct image_spec *spec, const char *root, const char *vmlinuz,
			const char *release, char **ret_dir, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *dir = strdup(vmlinuz), *up = NULL, *host = NULL, *found = NULL;
	char *slash = dir ? strrchr(dir, '/') : NULL;

	if (slash)
		*slash = '\0';
	up = bl_strf("%s/..", slash ? dir : ".");
	host = bl_strf("%s/", root);
	if (!dir || !up || !host)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (spec->modules_dir) {
		found = modules_under(spec->modules_dir, release);
		if (!found)
			found = modules_at(spec->modules_dir, ".");
		if (!found)
			return bl_fail(
				err, -ENOENT,
				"no modules of kernel %s in '%s'; looked for modules.builtin "
				"there, in %s/ and in lib/modules/%s/",
				release, spec->modules_dir, release, release);
	}
	if (!found)
		found = modules_under(up, release);
	if (!found)
		found = modules_at(slash ? dir : ".", "."); /* lib/modules/RELEASE/vmlinuz */
	if (!found)
		found = modules_under(host, release);
	if (!found)
		return bl_fail(err, -ENOENT,
			       "no modules of kernel %s beside '%s' nor in %s/lib/modules; name "
			       "their folder",
			       release, vmlinuz, root);
	*ret_dir = BL_STEAL(found);
	return 0;
}

static int from_file(const struct image_spec *spec, const char *root, const char *vmlinuz,
		     struct kernel *ret_kernel, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *dir = NULL;
	BL_CLEANUP(kernel_done) struct kernel k = {0};
	char release[128];
	int r;

	r = kernel_release(vmlinuz, release, err);
	if (r == 0)
		r = find_modules(spec, root, vmlinuz, release, &dir, err);
	if (r == 0)
		r = modules_index(dir, release, spec->cache_dir, &k.modules, err);
	if (r < 0)
		return r;
	k.vmlinuz = realpath(vmlinuz, NULL);
	k.release = strdup(release);
	if (!k.vmlinuz || !k.release)
		return bl_fail(err, -ENOMEM, "out of memory");
	*ret_kernel = k;
	k = (struct kernel){0};
	return 0;
}

static int from_folder(const struct image_spec *spec, const char *root, const char *dir,
		       struct kernel *ret_kernel, struct bl_err *err)
{
	static const char *const places[] = {"boot/vmlinuz-*", "boot/vmlinuz",
					     "lib/modules/*/vmlinuz", "usr/lib/modules/*/vmlinuz"};

	for (size_t i = 0; i < BL_ARRAY_LEN(places); i++) {
		BL_CLEANUP(bl_freep) char *pattern = bl_strf("%s/%s", dir, places[i]);
		BL_CLEANUP(globp) glob_t g = {0};

		if (!pattern)
			return bl_fail(err, -ENOMEM, "out of memory");
		if (glob(pattern, GLOB_NOSORT, NULL, &g) != 0)
			continue;
		qsort(g.gl_pathv, g.gl_pathc, sizeof g.gl_pathv[0], by_version);
		return from_file(spec, root, g.gl_pathv[0], ret_kernel, err);
	}
	return bl_fail(err, -ENOENT,
		       "no kernel in '%s': looked for boot/vmlinuz-* and lib/modules/*/vmlinuz",
		       dir);
}

/* What vmimages/build/default-kernel.sh fetches, seen from the checkout. */
#define FETCHED ".cache/packages/cloud/linux-image-*.deb"

/* How there can be one: with what `make bench` fetched into the current folder, else by hand. */
static int none_installed(const char *why, struct bl_err *err)
{
	BL_CLEANUP(globp) glob_t g = {0};

	if (glob(FETCHED, GLOB_NOSORT, NULL, &g) != 0)
		return bl_fail(err, -ENOPKG,
			       "no usable kernel is installed (%s); install "
			       "linux-image-cloud-amd64, or name a kernel package: 'apt-get "
			       "download' gets one without installing it",
			       why);
	qsort(g.gl_pathv, g.gl_pathc, sizeof g.gl_pathv[0], by_version);
	return bl_fail(err, -ENOPKG,
		       "no usable kernel is installed (%s); a package of one was fetched here: add "
		       "--kernel %s",
		       why, g.gl_pathv[0]);
}

/* The newest kernel that has its modules; a kernel without them is passed over. */
static int from_installed(const struct image_spec *spec, const char *root,
			  struct kernel *ret_kernel, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *pattern = bl_strf("%s/boot/vmlinuz-*", root);
	BL_CLEANUP(globp) glob_t g = {0};
	struct bl_err first = BL_ERR_INIT;

	if (!pattern)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (glob(pattern, GLOB_NOSORT, NULL, &g) == 0)
		qsort(g.gl_pathv, g.gl_pathc, sizeof g.gl_pathv[0], by_version);
	for (size_t i = 0; i < g.gl_pathc; i++)
		if (from_file(spec, root, g.gl_pathv[i], ret_kernel, &first) == 0)
			return 0;
	return none_installed(g.gl_pathc ? bl_err_text(&first) : "looked for /boot/vmlinuz-*", err);
}

static int from_package(const struct image_spec *spec, const char *root, const char *path,
			struct kernel *ret_kernel, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *dir = NULL;
	int r = package_unpack(path, spec->cache_dir, &dir, err);

	return r < 0 ? r : from_folder(spec, root, dir, ret_kernel, err);
}

static int from_apt(const struct image_spec *spec, const char *root, struct kernel *ret_kernel,
		    struct bl_err *err)
{
	struct package_source from = {
		.cache_dir = spec->cache_dir, .fetcher = spec->fetcher, .stop = spec->stop};
	BL_CLEANUP(bl_freep) char *path = NULL;
	struct apt_spec package;
	const char *name = package.name;
	int r = apt_spec_parse(spec->kernel, &package, err);

	if (r == 0)
		r = package_fetch(&from, spec->kernel, &name, 1, &path, err);
	return r < 0 ? r : from_package(spec, root, path, ret_kernel, err);
}

static int from_url(const struct image_spec *spec, const char *root, struct kernel *ret_kernel,
		    struct bl_err *err)
{
	static const char mark[] = "#sha256=";
	const char *at = strstr(spec->kernel, mark);
	BL_CLEANUP(bl_freep) char *url = NULL, *path = NULL, *dir = NULL;
	struct fetch_request req = {
		.progress = spec->progress, .ctx = spec->ctx, .stop = spec->stop};
	int r;

	if (!at)
		return bl_fail(err, -EINVAL,
			       "kernel '%s': a URL needs its checksum: URL#sha256=HEX",
			       spec->kernel);
	url = strndup(spec->kernel, (size_t)(at - spec->kernel));
	dir = bl_strf("%s/fetched", spec->cache_dir);
	if (!url || !dir)
		return bl_fail(err, -ENOMEM, "out of memory");
	req.url = url;
	req.sha256 = at + strlen(mark);
	req.cache_dir = dir;
	r = fetch_file(&req, &path, err);
	return r < 0 ? r : from_package(spec, root, path, ret_kernel, err);
}

static bool is_package(const char *path)
{
	BL_CLEANUP(bl_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char head[8];

	return fd >= 0 && read(fd, head, 8) == 8 && !memcmp(head, "!<arch>\n", 8);
}

int kernel_find(const struct image_spec *spec, const char *root, struct kernel *ret_kernel,
		struct bl_err *err)
{
	const char *name = spec->kernel ? spec->kernel : "";
	struct stat st;

	if (!name[0] || !strcmp(name, "installed"))
		return from_installed(spec, root, ret_kernel, err);
	if (apt_spec_is(name))
		return from_apt(spec, root, ret_kernel, err);
	if (strstr(name, "://"))
		return from_url(spec, root, ret_kernel, err);
	if (stat(name, &st) < 0)
		return bl_fail(
			err, -errno,
			"kernel '%s': %s; a kernel file, a .deb package, an unpacked package's "
			"folder, apt:PACKAGE, URL#sha256=HEX or 'installed' are accepted",
			name, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return from_folder(spec, root, name, ret_kernel, err);
	if (is_package(name))
		return from_package(spec, root, name, ret_kernel, err);
	return from_file(spec, root, name, ret_kernel, err);
}

void kernel_done(struct kernel *k)
{
	free(k->vmlinuz);
	free(k->release);
	free(k->modules);
	*k = (struct kernel){0};
}
