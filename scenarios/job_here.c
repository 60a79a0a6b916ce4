/* job_here.c - what a job needs of the machine it runs on, as far as it can be seen beforehand. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "job_table.h"

static int check_folder(const char *path, struct bl_err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return bl_fail(err, -errno, "directory: '%s': %s; a folder that is there is needed",
			       path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return bl_fail(err, -ENOTDIR, "directory: '%s' is not a folder", path);
	return 0;
}

static int check_folders(const struct job *j, struct bl_err *err)
{
	const char *s = j->directory;
	int rc = 0;

	while (*s && rc == 0) {
		BL_CLEANUP(bl_buf_done) struct bl_buf path = BL_BUF_INIT;

		for (; *s && *s != ':'; s++) {
			s += s[0] == '\\' && s[1];
			bl_buf_addc(&path, *s);
		}
		s += *s == ':';
		rc = bl_buf_failed(&path) ? bl_fail(err, -ENOMEM, "out of memory")
					  : check_folder(bl_buf_str(&path), err);
	}
	return rc;
}

static int check_cpus(const struct job *j, struct bl_err *err)
{
	long n = sysconf(_SC_NPROCESSORS_CONF);

	for (const char *s = j->cpus_allowed; *s; s += strcspn(s, ",-"), s += *s != 0)
		if (strtol(s, NULL, 10) >= n)
			return bl_fail(
				err, -ERANGE,
				"cpus_allowed: '%s' has a CPU that is not here; 0 to %ld are",
				j->cpus_allowed, n - 1);
	return 0;
}

int job_check_here(const struct job *j, struct bl_err *err)
{
	int rc = check_folders(j, err);

	return rc < 0 ? rc : check_cpus(j, err);
}
