#include "in_use.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "fs.h"

#define PARTS_MAX   256
#define MOUNTS_MAX  (4u << 20)
#define SYSPATH_MAX 512

/* The device and its partitions. */
struct family {
	dev_t dev[PARTS_MAX];
	size_t n;
};

static bool is_member(const struct family *f, dev_t dev)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->dev[i] == dev)
			return true;
	return false;
}

static void add_partitions(struct family *f, dev_t dev)
{
	char path[SYSPATH_MAX], text[32];
	unsigned major, minor;
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(dev), minor(dev));
	dir = opendir(path);
	if (!dir)
		return;
	while ((e = readdir(dir)) && f->n < PARTS_MAX) {
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s/partition", major(dev),
			 minor(dev), e->d_name);
		if (e->d_name[0] == '.' || !bl_exists(path))
			continue;
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s/dev", major(dev), minor(dev),
			 e->d_name);
		if (bl_read_line(path, text, sizeof(text)) >= 0 &&
		    sscanf(text, "%u:%u", &major, &minor) == 2)
			f->dev[f->n++] = makedev(major, minor);
	}
	closedir(dir);
}

static dev_t device_at(const char *path)
{
	struct stat st;

	return path[0] == '/' && stat(path, &st) == 0 && S_ISBLK(st.st_mode) ? st.st_rdev : 0;
}

/* A line of mountinfo: "id parent MAJ:MIN root POINT options ... - type SOURCE options".
 * Some file systems have a device number of their own, so the source counts, too. */
static int check_mount(const struct family *f, const char *path, const char *line,
		       struct bl_err *err)
{
	unsigned major = 0, minor = 0;
	char point[SYSPATH_MAX] = "", source[SYSPATH_MAX] = "";
	const char *tail = strstr(line, " - ");

	if (sscanf(line, "%*u %*u %u:%u %*s %511s", &major, &minor, point) != 3)
		return 0;
	if (tail)
		sscanf(tail, " - %*s %511s", source);
	if (is_member(f, makedev(major, minor)) || is_member(f, device_at(source)))
		return bl_fail(err, -EBUSY,
			       "'%s' is in use: %s is mounted on %s; an unused device is accepted",
			       path, source, point);
	return 0;
}

static int check_swap(const struct family *f, const char *path, const char *line,
		      struct bl_err *err)
{
	char source[SYSPATH_MAX] = "";

	if (sscanf(line, "%511s", source) == 1 && is_member(f, device_at(source)))
		return bl_fail(err, -EBUSY,
			       "'%s' is in use: %s is swap; an unused device is accepted", path,
			       source);
	return 0;
}

static int check_lines(const char *file, const struct family *f, const char *path,
		       int (*check)(const struct family *, const char *, const char *,
				    struct bl_err *),
		       struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	char *save = NULL;
	int rc = bl_read_file(file, MOUNTS_MAX, &text, err);

	if (rc < 0 || !text.data)
		return rc;
	for (char *s = strtok_r(text.data, "\n", &save); s; s = strtok_r(NULL, "\n", &save)) {
		rc = check(f, path, s, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int check_holders(const struct family *f, const char *path, struct bl_err *err)
{
	char holders[SYSPATH_MAX], name[256];
	struct dirent *e;
	DIR *dir;

	for (size_t i = 0; i < f->n; i++) {
		snprintf(holders, sizeof(holders), "/sys/dev/block/%u:%u/holders", major(f->dev[i]),
			 minor(f->dev[i]));
		name[0] = 0;
		dir = opendir(holders);
		while (dir && (e = readdir(dir)))
			if (e->d_name[0] != '.')
				snprintf(name, sizeof(name), "%s", e->d_name);
		if (dir)
			closedir(dir);
		if (name[0])
			return bl_fail(err, -EBUSY,
				       "'%s' is in use: held by %s; an unused device is accepted",
				       path, name);
	}
	return 0;
}

/* Users that no list shows - md, dm, file systems of other mount namespaces - hold it exclusively.
 */
static int check_exclusive(const char *path, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == EBUSY)
		return bl_fail(
			err, -EBUSY,
			"'%s' is in use: somebody has opened it for himself alone; an unused "
			"device is accepted",
			path);
	return 0;
}

int in_use_check(const char *path, struct bl_err *err)
{
	struct family f = {0};
	struct stat st;
	dev_t dev = stat(path, &st) == 0 && S_ISBLK(st.st_mode) ? st.st_rdev : 0;
	int rc;

	if (!dev)
		return 0;
	f.dev[f.n++] = dev;
	add_partitions(&f, dev);
	rc = check_lines("/proc/self/mountinfo", &f, path, check_mount, err);
	if (rc == 0 && bl_exists("/proc/swaps"))
		rc = check_lines("/proc/swaps", &f, path, check_swap, err);
	if (rc == 0)
		rc = check_holders(&f, path, err);
	return rc < 0 ? rc : check_exclusive(path, err);
}
