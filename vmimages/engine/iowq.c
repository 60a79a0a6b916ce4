#include "iowq.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "fs.h"

/* The kernel names them iou-wrk-TID and iou-sqp-TID, with the thread that they serve. */
static int is_ours(const char *comm, pid_t tid)
{
	if (strncmp(comm, "iou-wrk-", 8) != 0 && strncmp(comm, "iou-sqp-", 8) != 0)
		return 0;
	return atoi(comm + 8) == tid;
}

uint64_t iowq_cpu_ns(void)
{
	DIR *dir = opendir("/proc/self/task");
	pid_t tid = gettid();
	uint64_t sum = 0;
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char path[300], text[64];
		unsigned long long ns;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		if (bl_read_line(path, text, sizeof(text)) < 0 || !is_ours(text, tid))
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%s/schedstat", e->d_name);
		if (bl_read_line(path, text, sizeof(text)) >= 0 && sscanf(text, "%llu", &ns) == 1)
			sum += ns;
	}
	if (dir)
		closedir(dir);
	return sum;
}
