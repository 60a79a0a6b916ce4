#include "tree.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "tame.h"
#include "units.h"

static int full_path(const char *root, char out[PATH_MAX], const char *fmt, va_list ap)
{
	int n = snprintf(out, PATH_MAX, "%s", root ? root : ""), m;

	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	m = vsnprintf(out + n, PATH_MAX - (size_t)n, fmt, ap);
	return m < PATH_MAX - n ? 0 : -ENAMETOOLONG;
}

#define FULL_PATH(r, path)                                                                         \
	do {                                                                                       \
		va_list ap_;                                                                       \
		va_start(ap_, fmt);                                                                \
		(r) = full_path(root, path, fmt, ap_);                                             \
		va_end(ap_);                                                                       \
	} while (0)

int tree_line(const char *root, char *out, size_t len, const char *fmt, ...)
{
	char path[PATH_MAX];
	int r;

	out[0] = '\0';
	FULL_PATH(r, path);
	if (r == 0)
		r = bl_read_line(path, out, len);
	bl_trim(out);
	return r;
}

int tree_u64(const char *root, uint64_t *ret, const char *fmt, ...)
{
	char path[PATH_MAX];
	int r;

	FULL_PATH(r, path);
	return r < 0 ? r : bl_read_u64(path, ret);
}

bool tree_exists(const char *root, const char *fmt, ...)
{
	char path[PATH_MAX];
	int r;

	FULL_PATH(r, path);
	return r == 0 && bl_exists(path);
}

int tree_file(const char *root, struct bl_buf *out, const char *fmt, ...)
{
	char path[PATH_MAX];
	int r;

	FULL_PATH(r, path);
	return r < 0 ? r : bl_read_file(path, 8 * MiB, out, NULL);
}

static int real_path(const char *path, char out[PATH_MAX])
{
	if (realpath(path, out))
		return 0;
	out[0] = '\0';
	return -errno;
}

int tree_real(const char *root, char out[PATH_MAX], const char *fmt, ...)
{
	char path[PATH_MAX];
	int r;

	out[0] = '\0';
	FULL_PATH(r, path);
	return r < 0 ? r : real_path(path, out);
}

int tree_pci(const char *root, char out[BL_PCI_TEXT_MAX], const char *fmt, ...)
{
	char path[PATH_MAX], real[PATH_MAX], *save = NULL;
	int r;

	out[0] = '\0';
	FULL_PATH(r, path);
	if (r == 0)
		r = real_path(path, real);
	if (r < 0)
		return r;
	/* In sysfs all have a domain. */
	for (char *s = strtok_r(real, "/", &save); s; s = strtok_r(NULL, "/", &save))
		if (strlen(s) >= strlen("0000:5e:00.0"))
			bl_pci_text(s, out);
	return out[0] ? 0 : -ENOENT;
}

int tree_link(const char *root, char *out, size_t len, const char *fmt, ...)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *last;
	ssize_t n;
	int r;

	out[0] = '\0';
	FULL_PATH(r, path);
	if (r < 0)
		return r;
	n = readlink(path, target, sizeof target - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (strlen(last) >= len)
		return -ENAMETOOLONG;
	strcpy(out, last);
	return 0;
}

static int not_dots(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int tree_names(const char *root, const char *dir, void (*each)(void *ctx, const char *name),
	       void *ctx)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s%s", root ? root : "", dir);
	struct dirent **list = NULL;
	int n;

	if (!path)
		return -ENOMEM;
	n = scandir(path, &list, not_dots, by_name);
	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		if (each)
			each(ctx, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return n;
}

struct open_scan {
	const char *root;
	bool (*each)(void *ctx, long pid, const char *link, const char *target);
	void *ctx;
	long pid;
	bool is_over, is_hidden; /* no more is asked; of this process something can't be seen */
	int n_hidden;
};

/* A process or a file that is gone by now hides nothing. */
static bool is_gone(int r)
{
	return r == -ENOENT || r == -ESRCH;
}

static void one_file(void *ctx, const char *fd)
{
	struct open_scan *s = ctx;
	char link[PATH_MAX], target[PATH_MAX];
	ssize_t n;

	if (s->is_over)
		return;
	if (snprintf(link, sizeof link, "%s/proc/%ld/fd/%s", s->root, s->pid, fd) >=
	    (int)sizeof link) {
		s->is_hidden = true;
		return;
	}
	n = readlink(link, target, sizeof target - 1);
	if (n < 0 && errno == ENAMETOOLONG) /* of the kernel's page; the link can be followed */
		n = 0;
	if (n < 0) {
		s->is_hidden |= !is_gone(-errno);
		return;
	}
	target[n] = '\0';
	s->is_over = !s->each(s->ctx, s->pid, link, target);
}

static void one_process(void *ctx, const char *name)
{
	struct open_scan *s = ctx;
	char dir[64];
	int r;

	if (!isdigit((unsigned char)name[0]) || s->is_over)
		return;
	s->pid = strtol(name, NULL, 10);
	s->is_hidden = false;
	snprintf(dir, sizeof dir, "/proc/%ld/fd", s->pid);
	r = tree_names(s->root, dir, one_file, s);
	s->n_hidden += s->is_hidden || (r < 0 && !is_gone(r));
}

int tree_open_files(const char *root,
		    bool (*each)(void *ctx, long pid, const char *link, const char *target),
		    void *ctx)
{
	struct open_scan s = {.root = root ? root : "", .each = each, .ctx = ctx};
	int r = tree_names(s.root, "/proc", one_process, &s);

	return r < 0 ? r : s.n_hidden;
}
