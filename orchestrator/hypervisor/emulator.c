#include "emulator.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "cleanup.h"
#include "fs.h"
#include "proc.h"
#include "units.h"

#define BINARY_NAME   "qemu-system-x86_64"
#define BINARY        "usr/bin/" BINARY_NAME
#define VERSION_LIMIT (20 * NS_PER_S)

/* "QEMU emulator version 7.2.22 (Debian ...)" -> "7.2.22". */
static int ask_version(const char *path, char **ret_version, struct bl_err *err)
{
	static const char before[] = "QEMU emulator version ";
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT, errout = BL_BUF_INIT;
	const char *argv[] = {path, "--version", NULL}, *p;
	int r = bl_proc_run(argv, NULL, 0, &out, &errout, VERSION_LIMIT, err);

	if (r < 0)
		return r;
	p = strstr(bl_buf_str(&out), before);
	if (!p || r != 0)
		return bl_fail(err, -EINVAL,
			       "'%s' is not a QEMU: asked for its --version it said '%.200s'", path,
			       out.len ? bl_buf_str(&out) : bl_buf_str(&errout));
	p += sizeof before - 1;
	*ret_version = strndup(p, strspn(p, "0123456789."));
	return *ret_version ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}

/* A name for a folder and the very binary in it: libvirt remembers what a path can do, so another
 * binary has to have another path. 64 bit FNV-1a. */
static uint64_t hash(const char *folder, const struct stat *st)
{
	uint64_t h = 0xcbf29ce484222325u;
	BL_CLEANUP(bl_freep)
	char *text = bl_strf("%s %lld %lld.%09ld", folder, (long long)st->st_size,
			     (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);

	for (const char *p = text; p && *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	return h;
}

/* Make @link point to @target; 0 when it does already. */
static int make_link(const char *target, const char *link, struct bl_err *err)
{
	char now[4096] = "";

	if (readlink(link, now, sizeof now - 1) > 0 && strcmp(now, target) == 0)
		return 0;
	unlink(link);
	if (symlink(target, link) < 0)
		return bl_fail(err, -errno, "cannot make the link '%s': %s", link, strerror(errno));
	return 0;
}

static bool is_script(const char *path)
{
	BL_CLEANUP(bl_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char head[2];

	return fd < 0 || read(fd, head, sizeof head) != sizeof head || !memcmp(head, "#!", 2);
}

static int find_wrapper(const char *wrapper, char **ret, struct bl_err *err)
{
	char *real = wrapper ? realpath(wrapper, NULL) : NULL;

	if (!real || access(real, X_OK) < 0) {
		free(real);
		return bl_fail(err, -ENOTSUP,
			       "the program blklab-qemu, which starts unpacked emulators, is not "
			       "there: '%s'",
			       wrapper ? wrapper : "");
	}
	*ret = real;
	return 0;
}

static int resolve_folder(const char *folder, const char *wrapper, const char *state_dir,
			  struct emulator *e, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *binary = bl_strf("%s/" BINARY, folder), *program = NULL;
	BL_CLEANUP(bl_freep) char *dir = NULL, *link = NULL, *packages = NULL, *state = NULL;
	struct stat st;
	int r;

	if (!binary || stat(binary, &st) < 0)
		return bl_fail(err, -ENOENT,
			       "'%s' holds no " BINARY ": it should be the folder into which "
			       "qemu-system-x86, qemu-system-common and qemu-system-data of one "
			       "version were unpacked",
			       folder);
	r = find_wrapper(wrapper, &program, err);
	if (r < 0)
		return r;
	if (geteuid() != 0)
		return bl_fail(err, -ENOTSUP,
			       "'%s': an emulator in a folder needs root, for a mount namespace",
			       folder);
	r = bl_mkdir_p(state_dir, err);
	if (r < 0)
		return r;
	state = realpath(state_dir, NULL);
	dir = bl_strf("%s/emulators/%016llx", state ? state : state_dir,
		      (unsigned long long)hash(folder, &st));
	link = bl_strf("%s/" BINARY_NAME, dir);
	packages = bl_strf("%s/packages", dir);
	if (!dir || !link || !packages)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = bl_mkdir_p(dir, err);
	r = r < 0 ? r : make_link(folder, packages, err);
	r = r < 0 ? r : make_link(program, link, err);
	r = r < 0 ? r : ask_version(link, &e->version, err);
	if (r < 0)
		return r;
	e->path = BL_STEAL(link);
	e->binary = is_script(binary) ? NULL : realpath(binary, NULL);
	return 0;
}

int emulator_resolve(const char *spec, const char *wrapper, const char *state_dir,
		     struct emulator *ret, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *real = NULL;
	BL_CLEANUP(emulator_done) struct emulator e = {0};
	char found[4096];
	struct stat st;
	int r;

	if (!*spec && bl_proc_find(BINARY_NAME, found, sizeof found) < 0)
		return bl_fail(err, -ENOENT,
			       "emulator: no " BINARY_NAME
			       " is installed (package qemu-system-x86)");
	real = realpath(*spec ? spec : found, NULL);
	if (!real || stat(real, &st) < 0)
		return bl_fail(err, -ENOENT, "emulator: '%s': %s", *spec ? spec : found,
			       strerror(errno));
	if (S_ISDIR(st.st_mode)) {
		r = resolve_folder(real, wrapper, state_dir, &e, err);
	} else {
		/* Not the real path: /usr/bin/kvm and its like choose by their name. */
		e.path = *spec == '/' ? strdup(spec) : strdup(*spec ? real : found);
		r = e.path ? ask_version(e.path, &e.version, err) : -ENOMEM;
		if (!is_script(real))
			e.binary = BL_STEAL(real);
	}
	if (r < 0)
		return bl_wrap(err, r, "emulator");
	*ret = e;
	e = (struct emulator){0};
	return 0;
}

void emulator_done(struct emulator *e)
{
	free(e->path);
	free(e->version);
	free(e->binary);
	*e = (struct emulator){0};
}
