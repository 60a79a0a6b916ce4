/* paths.c - where this installation and this user keep things. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "cli.h"
#include "fs.h"

static int given_or(char **ret, const char *text, struct bl_err *err)
{
	char *copy = text ? strdup(text) : NULL;

	if (!copy)
		return bl_fail(err, -ENOMEM, "out of memory");
	*ret = copy;
	return 0;
}

/* $@variable/blklab, @root_dir for root, else ~/@home_dir. */
static int user_dir(const char *variable, const char *root_dir, const char *home_dir, char **ret,
		    struct bl_err *err)
{
	const char *xdg = getenv(variable), *home = getenv("HOME");

	if (xdg && xdg[0] == '/')
		*ret = bl_strf("%s/blklab", xdg);
	else if (geteuid() == 0)
		*ret = bl_strf("%s", root_dir);
	else if (home && home[0] == '/')
		*ret = bl_strf("%s/%s", home, home_dir);
	else
		return bl_fail(err, -EINVAL,
			       "no folder to work in: neither %s nor HOME is an absolute path",
			       variable);
	return *ret ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}

/* libvirt and QEMU are told absolute paths: they do not share our working directory. */
static int absolute(const char *given, char **ret, struct bl_err *err)
{
	char cwd[PATH_MAX];

	if (given[0] == '/')
		return given_or(ret, given, err);
	if (!getcwd(cwd, sizeof cwd))
		return bl_fail(err, -errno, "the current folder has no name: %s", strerror(errno));
	*ret = bl_strf("%s/%s", cwd, given);
	return *ret ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}

int path_work_dir(const struct args *a, char **ret, struct bl_err *err)
{
	if (a->work_dir)
		return absolute(a->work_dir, ret, err);
	return user_dir("XDG_STATE_HOME", "/var/lib/blklab", ".local/state/blklab", ret, err);
}

int path_cache_dir(const struct args *a, char **ret, struct bl_err *err)
{
	if (a->cache_dir)
		return absolute(a->cache_dir, ret, err);
	return user_dir("XDG_CACHE_HOME", "/var/cache/blklab", ".cache/blklab", ret, err);
}

int path_store(const struct args *a, char **ret, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *dir = NULL;
	int r;

	if (a->store)
		return given_or(ret, a->store, err);
	r = path_work_dir(a, &dir, err);
	if (r < 0)
		return r;
	*ret = bl_strf("%s/store.db", dir);
	return *ret ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}

static int exe_dir(char out[PATH_MAX], struct bl_err *err)
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
	char *slash;

	if (n < 0)
		return bl_fail(err, -errno, "cannot read /proc/self/exe: %s", strerror(errno));
	out[n] = '\0';
	slash = strrchr(out, '/');
	if (slash)
		*slash = '\0';
	return 0;
}

int path_helper(const char *name, char **ret, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *beside = NULL;
	BL_CLEANUP(bl_freep) char *installed = NULL;
	char dir[PATH_MAX];
	int r = exe_dir(dir, err);

	if (r < 0)
		return r;
	beside = bl_strf("%s/%s", dir, name);
	installed = bl_strf("%s/" BLKLAB_LIBEXEC_FROM_BIN "/%s", dir, name);
	if (!beside || !installed)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (access(beside, X_OK) == 0)
		*ret = BL_STEAL(beside);
	else if (access(installed, X_OK) == 0)
		*ret = BL_STEAL(installed);
	else
		return bl_fail(err, -ENOENT,
			       "%s is not installed: neither '%s' nor '%s' can be run", name,
			       beside, installed);
	return 0;
}

char *path_helper_or_null(const char *name)
{
	char *path = NULL;

	return path_helper(name, &path, NULL) == 0 ? path : NULL;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* "a, b, c": the scenarios in @library. */
static void list_scenarios(const char *library, struct bl_buf *out)
{
	struct dirent **list = NULL;
	int n = scandir(library, &list, NULL, by_name);
	size_t len;

	for (int i = 0; i < n; i++) {
		len = strlen(list[i]->d_name);
		if (len > 5 && strcmp(list[i]->d_name + len - 5, ".yaml") == 0)
			bl_buf_addf(out, "%s%.*s", out->len ? ", " : "", (int)len - 5,
				    list[i]->d_name);
		free(list[i]);
	}
	free(list);
}

/* The build tree links to the sources' scenarios in the same place below it. */
static char *library_dir(const char *dir)
{
	char *in_build = bl_strf("%s/share/blklab/scenarios/library", dir);

	if (!in_build || bl_exists(in_build))
		return in_build;
	free(in_build);
	return bl_strf("%s/" BLKLAB_SHARE_FROM_BIN "/scenarios/library", dir);
}

int path_scenario(const char *given, char **ret, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf known = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *library = NULL;
	BL_CLEANUP(bl_freep) char *path = NULL;
	char dir[PATH_MAX];
	int r;

	if (bl_exists(given) || strchr(given, '/'))
		return given_or(ret, given, err); /* a missing file is the reader's to report */
	r = exe_dir(dir, err);
	if (r < 0)
		return r;
	library = library_dir(dir);
	path = library ? bl_strf("%s/%s.yaml", library, given) : NULL;
	if (!path)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (bl_exists(path)) {
		*ret = BL_STEAL(path);
		return 0;
	}
	list_scenarios(library, &known);
	return bl_fail(err, -ENOENT, "'%s' is neither a file nor a scenario of the library (%s)",
		       given, known.len ? bl_buf_str(&known) : "which is not installed");
}
