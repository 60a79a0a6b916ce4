/* package_emulator.c - a QEMU out of its packages, and packages by name. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <fcntl.h>

#include "apt_spec.h"
#include "buf.h"
#include "cleanup.h"
#include "fs.h"
#include "package.h"
#include "proc.h"
#include "units.h"

#define FETCH_LIMIT (15 * 60 * NS_PER_S)
#define PROGRAM     "qemu-system-x86"
#define SCRIPT      "fetch-packages: " /* its faults begin so */

/* What a QEMU is made of: the program, its modules, its firmware. */
static const char *const parts[] = {PROGRAM, "qemu-system-common", "qemu-system-data"};
#define N_PARTS BL_ARRAY_LEN(parts)

/* --- by name --- */

/* Two labs may want the same package at the same time. */
static int lock_folder(const char *dir, int *ret_fd, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/.lock", dir);
	int r = path ? bl_mkdir_p(dir, err) : bl_fail(err, -ENOMEM, "out of memory");

	if (r < 0)
		return r;
	*ret_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (*ret_fd < 0 || flock(*ret_fd, LOCK_EX) < 0)
		return bl_fail(err, -errno, "cannot lock '%s': %s", path, strerror(errno));
	return 0;
}

/* A package of architecture "all" is not built again: "+b3" is the program's own number. */
static void version_of(const char *name, const char *version, char *out, size_t len)
{
	size_t n = strlen(version), digits = n;

	while (digits > 0 && version[digits - 1] >= '0' && version[digits - 1] <= '9')
		digits--;
	if (strcmp(name, "qemu-system-data") == 0 && digits < n && digits >= 2 &&
	    strncmp(version + digits - 2, "+b", 2) == 0)
		n = digits - 2;
	snprintf(out, len, "%.*s", (int)n, version);
}

/* The last @n lines that the fetcher printed. */
static int take_paths(char *text, size_t n, char **ret_paths, struct bl_err *err)
{
	char *save = NULL, *line = strtok_r(text, "\n", &save);
	size_t i = 0;

	for (; line && i < n; line = strtok_r(NULL, "\n", &save))
		if (!(ret_paths[i++] = strdup(line)))
			break;
	if (i == n && ret_paths[n - 1])
		return 0;
	for (i = 0; i < n; i++) {
		free(ret_paths[i]);
		ret_paths[i] = NULL;
	}
	return bl_fail(err, -EIO, "the fetcher named fewer packages than it was asked for");
}

/* The reason that the fetcher ended with. */
static const char *last_line(struct bl_buf *text)
{
	char *s = text->len ? text->data : NULL, *newline;

	while (s && text->len && s[text->len - 1] == '\n')
		s[--text->len] = '\0';
	newline = s ? strrchr(s, '\n') : NULL;
	s = newline ? newline + 1 : s;
	if (s && strncmp(s, SCRIPT, strlen(SCRIPT)) == 0)
		s += strlen(SCRIPT);
	return s ? s : "";
}

int package_fetch(const struct package_source *from, const char *spec, const char *const *names,
		  size_t n, char **ret_paths, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *dir = bl_strf("%s/apt", from->cache_dir);
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT, said = BL_BUF_INIT;
	BL_CLEANUP(bl_closep) int lock = -1;
	char wanted[N_PARTS][300], version[128];
	const char *argv[5 + N_PARTS + 1];
	struct apt_spec s;
	size_t k = 0;
	int r = apt_spec_parse(spec, &s, err);

	if (r < 0)
		return r;
	if (n > N_PARTS)
		return bl_fail(err, -EINVAL, "%zu packages at once; at most %zu", n, N_PARTS);
	if (!from->fetcher)
		return bl_fail(err, -ENOTSUP,
			       "'%s': the program blklab-fetch-packages is not there; it belongs "
			       "beside blklab, or in its libexec folder",
			       spec);
	if (!dir)
		return bl_fail(err, -ENOMEM, "out of memory");
	argv[k++] = from->fetcher;
	if (s.suite[0]) {
		argv[k++] = "--suite";
		argv[k++] = s.suite;
	}
	argv[k++] = "--out";
	argv[k++] = dir;
	for (size_t i = 0; i < n; i++) {
		version_of(names[i], s.version, version, sizeof version);
		snprintf(wanted[i], sizeof wanted[i], "%s%s%s", names[i], version[0] ? "=" : "",
			 version);
		argv[k++] = wanted[i];
	}
	argv[k] = NULL;
	r = lock_folder(dir, &lock, err);
	if (r == 0)
		r = bl_proc_run(argv, NULL, 0, &out, &said, FETCH_LIMIT, err);
	if (r < 0)
		return bl_wrap(err, r, "'%s'", spec);
	if (from->stop && *from->stop)
		return bl_fail(err, -EINTR, "stopped while '%s' was downloaded", spec);
	if (r > 0)
		return bl_fail(err, -ENOENT, "'%s' cannot be had: %s", spec, last_line(&said));
	if (bl_buf_failed(&out))
		return bl_fail(err, -ENOMEM, "out of memory");
	return take_paths(out.data ? out.data : (char[1]){""}, n, ret_paths, err);
}

/* --- a QEMU --- */

bool package_is_emulator(const char *spec)
{
	size_t len = strlen(spec);

	return apt_spec_is(spec) || (len > 4 && strcmp(spec + len - 4, ".deb") == 0);
}

/* DIR/qemu-system-x86_VERSION_ARCH.deb -> DIR/NAME_VERSION_*.deb, which must be there. */
static int beside(const char *path, const char *name, char **ret, struct bl_err *err)
{
	const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
	const char *version = strchr(file, '_');
	char own[160], of[160];
	static const char *const archs[] = {"amd64", "all"};

	if (!version || strncmp(file, PROGRAM "_", strlen(PROGRAM "_")) != 0)
		return bl_fail(err, -EINVAL,
			       "'%s' is not named as a package of " PROGRAM ": " PROGRAM
			       "_VERSION_amd64.deb",
			       path);
	snprintf(own, sizeof own, "%.*s", (int)strcspn(version + 1, "_"), version + 1);
	version_of(name, own, of, sizeof of);
	for (size_t i = 0; i < BL_ARRAY_LEN(archs); i++) {
		BL_CLEANUP(bl_freep)
		char *there =
			bl_strf("%.*s%s_%s_%s.deb", (int)(file - path), path, name, of, archs[i]);

		if (!there)
			return bl_fail(err, -ENOMEM, "out of memory");
		if (bl_exists(there)) {
			*ret = BL_STEAL(there);
			return 0;
		}
	}
	return bl_fail(err, -ENOENT,
		       "no %s of version %s beside '%s': a QEMU needs its packages " PROGRAM
		       ", qemu-system-common and qemu-system-data of one version in one folder",
		       name, of, path);
}

static int from_files(const char *path, char *paths[N_PARTS], struct bl_err *err)
{
	int r = 0;

	if (!bl_exists(path))
		return bl_fail(err, -ENOENT, "'%s': no such file", path);
	paths[0] = strdup(path);
	if (!paths[0])
		return bl_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 1; i < N_PARTS && r == 0; i++)
		r = beside(path, parts[i], &paths[i], err);
	return r;
}

int package_emulator(const struct package_source *from, const char *spec, char **ret_dir,
		     struct bl_err *err)
{
	char *paths[N_PARTS] = {0};
	struct apt_spec s;
	int r;

	if (!apt_spec_is(spec)) {
		r = from_files(spec, paths, err);
	} else {
		r = apt_spec_parse(spec, &s, err);
		if (r == 0 && strcmp(s.name, PROGRAM) != 0)
			r = bl_fail(err, -EINVAL,
				    "'%s' is not a QEMU that runs these guests; apt:" PROGRAM
				    ", with =VERSION or /SUITE, is",
				    spec);
		if (r == 0)
			r = package_fetch(from, spec, parts, N_PARTS, paths, err);
	}
	if (r == 0)
		r = package_unpack_emulator((const char *const *)paths, N_PARTS, from->cache_dir,
					    ret_dir, err);
	for (size_t i = 0; i < N_PARTS; i++)
		free(paths[i]);
	return r;
}
