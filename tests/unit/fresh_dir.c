#include "fresh_dir.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs.h"

static char parent[] = "/tmp/blklab-test-XXXXXX";
static pid_t runner;

static void remove_all(void)
{
	if (getpid() == runner) /* and not at the end of a case */
		bl_remove_tree(parent, NULL);
}

/* In the program, before its cases: they are processes of their own. */
__attribute__((constructor)) static void begin(void)
{
	runner = getpid();
	/* Some cases become another user. */
	if (!mkdtemp(parent) || chmod(parent, 0711) < 0 || atexit(remove_all) != 0)
		abort();
}

void fresh_dir(char path[static 40])
{
	snprintf(path, 40, "%s/XXXXXX", parent);
	ck_assert_ptr_nonnull(mkdtemp(path));
}
