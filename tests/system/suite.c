#include "suite.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "hv_process.h"
#include "units.h"

static char dir[PATH_MAX];

const char *suite_dir(void)
{
	return dir;
}

void suite_end_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void end_qemu(void *ctx, pid_t pid, const struct bl_buf *cmdline)
{
	(void)cmdline;
	fprintf(stderr, "qemu process %ld was left over: %s\n", (long)pid,
		lv_kill(pid, 5 * NS_PER_S) == 0 ? "ended" : "does not end");
	++*(unsigned *)ctx;
}

/* Where the lab makes its short links; see hv_embed.c. */
static const char *link_dir(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (geteuid() == 0)
		return "/run";
	return runtime ? runtime : "/tmp";
}

/* The link leads into our folder: end what was started through it, and remove it. */
static void end_link(const char *path, const char *inside, unsigned *n_qemu)
{
	char target[PATH_MAX] = "";

	if (readlink(path, target, sizeof target - 1) < 0 ||
	    strncmp(target, inside, strlen(inside)) != 0)
		return;
	lv_each_qemu(path, end_qemu, n_qemu);
	if (unlink(path) == 0)
		fprintf(stderr, "link '%s' was left over: removed\n", path);
}

static void end_links(const char *inside, unsigned *n_qemu)
{
	DIR *d = opendir(link_dir());

	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s", link_dir(), e->d_name);

		if (path && strncmp(e->d_name, "bl-", 3) == 0)
			end_link(path, inside, n_qemu);
	}
	if (d)
		closedir(d);
}

/* Everything below our folder. Returns how many VMs there were. */
static unsigned clean(void)
{
	BL_CLEANUP(bl_freep) char *inside = bl_strf("%s/", dir);
	struct bl_err err = BL_ERR_INIT;
	unsigned n_qemu = 0;

	if (!inside)
		return 0;
	lv_each_qemu(inside, end_qemu, &n_qemu);
	end_links(inside, &n_qemu);
	if (bl_remove_tree(dir, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
	return n_qemu;
}

/* Not inherited by the cases, so that none of them can hold it after us. Closed by the exit. */
static int claim(void)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	BL_CLEANUP(bl_freep) char *parent = strdup(SUITE_LOCK);
	int fd;

	if (parent)
		*strrchr(parent, '/') = '\0';
	if (!parent || bl_mkdir_p(parent, NULL) < 0)
		return -1;
	fd = open(SUITE_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && fcntl(fd, F_SETLK, &l) == 0)
		return 0;
	fprintf(stderr, "'%s' is locked: this test program runs already\n", SUITE_LOCK);
	return -1;
}

static bool make_dir(void)
{
	struct bl_err err = BL_ERR_INIT;
	struct stat st;

	if (bl_mkdir_p(SUITE_DIR, &err) == 0 && lstat(SUITE_DIR, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid() && realpath(SUITE_DIR, dir))
		return true;
	fprintf(stderr, "'%s' can't be the folder of this test: %s\n", SUITE_DIR,
		err.code ? err.text : "not a folder of this user");
	return false;
}

int suite_run(Suite *s)
{
	SRunner *r = srunner_create(s);
	bool is_ready = claim() == 0 && make_dir();
	unsigned n_left;
	int failed;

	if (is_ready) {
		clean();
		is_ready = make_dir();
	}
	if (!is_ready) {
		srunner_free(r);
		return EXIT_FAILURE;
	}
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	n_left = clean();
	return failed || n_left ? EXIT_FAILURE : EXIT_SUCCESS;
}
