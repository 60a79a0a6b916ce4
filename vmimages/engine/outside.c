#include "outside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"

#define LOOK_NS 10000000 /* how often the stop flag is looked at */

static int child(const char *command, int out)
{
	setpgid(0, 0);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

/* 0, or -ECANCELED: killed. */
static int wait_or_stop(pid_t pid, const _Atomic bool *stop, int *status)
{
	while (waitpid(pid, status, WNOHANG) == 0) {
		if (atomic_load(stop)) {
			kill(-pid, SIGKILL);
			waitpid(pid, status, 0);
			return -ECANCELED;
		}
		nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
	}
	return 0;
}

int outside_run(const char *command, const char *job, const char *when, const _Atomic bool *stop,
		struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s.%s.txt", job, when);
	BL_CLEANUP(bl_closep) int out = -1;
	int status = 0;
	pid_t pid;

	if (!command[0])
		return 0;
	for (char *s = path; s && *s; s++) /* a name is no path */
		*s = *s == '/' ? '_' : *s;
	out = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
	if (out < 0)
		return bl_fail(err, -errno, "exec_%s: '%s': %s", when, path ? path : "",
			       strerror(errno));
	pid = fork();
	if (pid == 0)
		return child(command, out);
	if (pid < 0)
		return bl_fail(err, -ECHILD, "exec_%s: '%s' can't be run: %s", when, command,
			       strerror(errno));
	if (wait_or_stop(pid, stop, &status) < 0)
		return bl_fail(err, -ECANCELED, "exec_%s: '%s' was stopped", when, command);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return bl_fail(err, -ECHILD, "exec_%s: '%s' ended with %d; see '%s'", when, command,
			       WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), path);
	return 0;
}

int outside_set_scheduler(const struct job *j, const struct plan_file *f, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = NULL;
	BL_CLEANUP(bl_closep) int fd = -1;
	struct stat st;

	if (!j->ioscheduler[0] || !f->path || !S_ISBLK(f->mode) || stat(f->path, &st) < 0)
		return 0;
	for (int up = 0; up < 2 && fd < 0; up++) { /* a partition's is its disk's */
		free(path);
		path = bl_strf("/sys/dev/block/%u:%u/%squeue/scheduler", major(st.st_rdev),
			       minor(st.st_rdev), up ? "../" : "");
		fd = path ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	}
	if (fd < 0 || write(fd, j->ioscheduler, strlen(j->ioscheduler)) < 0)
		return bl_fail(err, -EINVAL, "ioscheduler: '%s' can't be set for '%s': %s",
			       j->ioscheduler, f->path, strerror(errno));
	return 0;
}

int outside_lock(uint64_t bytes, void **ret, struct bl_err *err)
{
	void *mem;

	*ret = NULL;
	if (!bytes)
		return 0;
	mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return bl_fail(err, -ENOMEM, "lockmem: '%llu': %s", (unsigned long long)bytes,
			       strerror(errno));
	if (mlock(mem, bytes) < 0) {
		int rc = -errno;

		munmap(mem, bytes);
		return bl_fail(err, rc, "lockmem: '%llu': %s", (unsigned long long)bytes,
			       strerror(-rc));
	}
	*ret = mem;
	return 0;
}

void outside_unlock(void *mem, uint64_t bytes)
{
	if (mem)
		munmap(mem, bytes);
}
