#include "hv_log.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "tame.h"
#include "units.h"

#define LOG_MAX  (4 * MiB)
#define TIME_LEN (sizeof "2026-11-22T03:44:17" - 1)

static bool has_time(const char *line, size_t len, char between)
{
	return len > TIME_LEN && isdigit((unsigned char)line[0]) && line[4] == '-' &&
	       line[7] == '-' && line[10] == between && line[13] == ':' && line[16] == ':';
}

/* libvirt writes the command line there (a line an argument, "\" at the end) and notes with a
 * time "2026-11-22 03:44:17.367+0000"; QEMU's time has a T. */
static bool is_of_qemu(const char *line, size_t len)
{
	return len > 0 && line[0] != '-' && line[len - 1] != '\\' && !has_time(line, len, ' ') &&
	       !memmem(line, len, "char device redirected", strlen("char device redirected"));
}

static void copy_line(const char *line, size_t n, char *out, size_t len)
{
	const char *after = has_time(line, n, 'T') ? memchr(line, ' ', n) : NULL;

	if (after) {
		n -= (size_t)(after + 1 - line);
		line = after + 1;
	}
	bl_tame(out, len, line, n);
}

bool lv_log_last_line(const char *root, const char *name, char *out, size_t len)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/log/qemu/%s.log", root, name);
	bool is_found = false;
	const char *line;
	size_t n;

	if (!path || bl_read_file(path, LOG_MAX, &b, NULL) < 0)
		return false;
	for (line = bl_buf_str(&b); *line; line += n + (line[n] == '\n')) {
		n = strcspn(line, "\n");
		if (!is_of_qemu(line, n))
			continue;
		copy_line(line, n, out, len);
		is_found = true;
	}
	return is_found;
}

void lv_log_remove(const char *root, const char *name)
{
	static const char ours[] = "blklab-";
	BL_CLEANUP(bl_freep) char *dir = bl_strf("%s/log/qemu", root);
	DIR *d = dir ? opendir(dir) : NULL;
	struct dirent *e;

	while (d && (e = readdir(d))) {
		const char *end = strrchr(e->d_name, '.');
		size_t n = end ? (size_t)(end - e->d_name) : 0;
		bool is_it = name ? strlen(name) == n && strncmp(e->d_name, name, n) == 0
				  : strncmp(e->d_name, ours, strlen(ours)) == 0;

		if (is_it && end && strcmp(end, ".log") == 0)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
}
