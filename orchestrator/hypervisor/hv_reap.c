/* hv_reap.c - QEMU's exit status is collected here.
 *
 * libvirt starts QEMU as a daemon, whose parent then is init, and to end it waits until its process
 * id is free. In a container init often collects late or never: every VM would take a second or
 * fifteen to end. So the lab takes that role for the embedded driver's processes.
 *
 * Nothing of this wakes up while a VM runs: its end is an event on its pidfd. Only around the calls
 * in which libvirt itself starts and ends QEMU processes that nobody else knows (probing, a start
 * that fails) is /proc looked through, every LOOK_MS.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hv_libvirt.h"
#include "process_stat.h"

#define LOOK_MS 20

void lv_reap_prepare(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* A dead child that was made a daemon: not of our session, and not the leader of its own - that one
 * is libvirt's helper in between, which libvirt waits for itself. Children of proc.c stay in our
 * session and are never touched. */
static bool is_dead_daemon(pid_t pid)
{
	struct process_stat st;

	return process_stat_read("", pid, 0, &st) == 0 && st.state == 'Z' &&
	       st.parent == getpid() && st.session != getsid(0) && st.session != pid;
}

static void look(int timer, void *opaque)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	(void)timer;
	(void)opaque;
	while (d && (e = readdir(d))) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		if (pid > 0 && is_dead_daemon(pid))
			waitpid(pid, NULL, WNOHANG);
	}
	if (d)
		closedir(d);
}

int lv_reap_begin(const struct lv *lv)
{
	return lv->root ? virEventAddTimeout(LOOK_MS, look, NULL, NULL) : -1;
}

void lv_reap_end(int timer)
{
	if (timer >= 0)
		virEventRemoveTimeout(timer);
}
