#include "process_stat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kept_file.h"
#include "tame.h"
#include "tree.h"
#include "units.h"

#define PF_KTHREAD 0x00200000u /* include/linux/sched.h */

enum { STATE = 3, PARENT = 4, SESSION = 6, FLAGS = 9, USER = 14, SYSTEM = 15, START = 22, FIELDS };

/* The name may hold anything, blanks and brackets, too: it ends at the last one. */
static int parse(char *line, struct process_stat *ret)
{
	char *open = strchr(line, '('), *close = strrchr(line, ')');
	uint64_t field[FIELDS] = {0};
	const char *at;

	if (!open || !close || close < open)
		return -EIO;
	*close = '\0';
	*ret = (struct process_stat){0};
	bl_tame(ret->comm, sizeof ret->comm, open + 1, SIZE_MAX);
	at = close + 1;
	for (unsigned i = STATE; i < FIELDS; i++) { /* words; those that are no numbers are 0 */
		const char *word = at + strspn(at, " ");

		if (!*word)
			return -EIO;
		if (i == STATE)
			ret->state = *word;
		at = word + strcspn(word, " ");
		kept_next_u64(&word, &field[i]);
	}
	ret->parent = (pid_t)field[PARENT];
	ret->session = (pid_t)field[SESSION];
	ret->is_kernel = (field[FLAGS] & PF_KTHREAD) != 0;
	ret->cpu_ticks = field[USER] + field[SYSTEM];
	ret->start_ticks = field[START];
	return 0;
}

int process_stat_read(const char *root, pid_t pid, pid_t tid, struct process_stat *ret)
{
	char line[1024];
	int r = tid ? tree_line(root, line, sizeof line, "/proc/%ld/task/%ld/stat", (long)pid,
				(long)tid)
		    : tree_line(root, line, sizeof line, "/proc/%ld/stat", (long)pid);

	r = r < 0 ? r : parse(line, ret);
	if (r == 0)
		ret->pid = tid ? tid : pid;
	return r;
}

uint64_t process_tick_ns(void)
{
	return NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
}
