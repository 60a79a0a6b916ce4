#include "hv_process.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "fs.h"
#include "tree.h"
#include "units.h"

#define CMDLINE_MAX (4 * MiB)

/* Distributions call QEMU by other names (Proxmox VE starts /usr/bin/kvm, a link); and one that is
 * started by the dynamic loader has that as its program. */
bool lv_is_qemu(const char *root, pid_t pid)
{
	char line[4096], exe[256];
	const char *slash;

	if (pid <= 0)
		return false;
	tree_line(root, line, sizeof line, "/proc/%ld/cmdline", (long)pid);
	slash = strrchr(line, '/'); /* argv[0] ends at its NUL */
	if (strstr(slash ? slash : line, "qemu"))
		return true;
	tree_link(root, exe, sizeof exe, "/proc/%ld/exe", (long)pid);
	exe[strcspn(exe, " ")] = '\0'; /* " (deleted)": it was upgraded since */
	return !strncmp(exe, "qemu-system-", 12) || !strcmp(exe, "qemu-kvm") || !strcmp(exe, "kvm");
}

void lv_each_qemu(const char *word,
		  void (*each)(void *ctx, pid_t pid, const struct bl_buf *cmdline), void *ctx)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		struct bl_buf b = BL_BUF_INIT;
		char path[300], *end;
		long pid = strtol(e->d_name, &end, 10);

		if (pid <= 0 || *end)
			continue;
		snprintf(path, sizeof path, "/proc/%ld/cmdline", pid);
		if (bl_read_file(path, CMDLINE_MAX, &b, NULL) == 0 && b.len > 0 &&
		    memmem(b.data, b.len, word, strlen(word)) && lv_is_qemu("", (pid_t)pid))
			each(ctx, (pid_t)pid, &b);
		bl_buf_done(&b);
	}
	if (d)
		closedir(d);
}

static void keep_pid(void *ctx, pid_t pid, const struct bl_buf *cmdline)
{
	(void)cmdline;
	*(pid_t *)ctx = pid;
}

pid_t lv_find_qemu(const char *word)
{
	pid_t pid = 0;

	lv_each_qemu(word, keep_pid, &pid);
	return pid;
}

int lv_kill(pid_t pid, uint64_t limit_ns)
{
	int fd = pidfd_open(pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int r = 0;

	if (fd < 0)
		return errno == ESRCH ? 0 : -errno;
	if (pidfd_send_signal(fd, SIGKILL, NULL, 0) < 0)
		r = errno == ESRCH ? 0 : -errno;
	else if (poll(&p, 1, (int)(limit_ns / NS_PER_MS)) != 1)
		r = -ETIMEDOUT;
	close(fd);
	return r;
}
