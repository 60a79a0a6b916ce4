#include "nbd_server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "console.h"
#include "fs.h"
#include "proc.h"
#include "tame.h"
#include "units.h"

#define START_NS  (10 * NS_PER_S)
#define END_NS    (2 * NS_PER_S) /* requests that its filters hold may keep it */
#define LOOK_NS   (5 * NS_PER_MS)
#define WORDS_MAX 64

static void pause_ns(uint64_t ns)
{
	nanosleep(&(struct timespec){.tv_nsec = (long)ns}, NULL);
}

/* --- its command line --- */

struct command {
	const char *argv[WORDS_MAX + 8];
	size_t n;
	char *words, *file; /* that argv borrows from */
};

static void command_done(struct command *c)
{
	free(c->words);
	free(c->file);
}

/* nbdkit wants options, the plugin, then parameters; the words may mix the two. Of two parameters
 * of one name the last counts: the image's comes last. */
static void add_words(struct command *c, const char *const *words, size_t n, bool are_options)
{
	for (size_t i = 0; i < n; i++)
		if ((words[i][0] == '-') == are_options)
			c->argv[c->n++] = words[i];
}

static int make_command(const char *image, const char *socket, const char *words, struct command *c)
{
	static const char *const head[] = {"nbdkit", "--foreground", "--exit-with-parent",
					   "--unix"};
	const char *list[WORDS_MAX];
	char *save = NULL;
	size_t n = 0;

	*c = (struct command){.words = strdup(words), .file = bl_strf("file=%s", image)};
	if (!c->words || !c->file)
		return -ENOMEM;
	for (char *w = strtok_r(c->words, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		if (n == WORDS_MAX)
			return -E2BIG;
		list[n++] = w;
	}
	for (size_t i = 0; i < BL_ARRAY_LEN(head); i++)
		c->argv[c->n++] = head[i];
	c->argv[c->n++] = socket;
	add_words(c, list, n, true);
	c->argv[c->n++] = "file";
	add_words(c, list, n, false);
	c->argv[c->n++] = c->file;
	return 0;
}

/* The filter pause removes what is at its socket's path before it binds it (nbdkit 1.32). */
static int check_control(const struct command *c, struct bl_err *err)
{
	static const char key[] = "pause-control=";
	char tame[256];
	struct stat st;

	for (size_t i = 0; i < c->n; i++) {
		const char *path = c->argv[i] + strlen(key);

		if (strncmp(c->argv[i], key, strlen(key)) != 0 || lstat(path, &st) < 0)
			continue;
		bl_tame(tame, sizeof tame, path, SIZE_MAX);
		if (!S_ISSOCK(st.st_mode))
			return bl_fail(err, -EEXIST,
				       "backing: nbdkit: pause-control: '%s' is there already and "
				       "is no socket; nbdkit would remove it: name a path where "
				       "nothing is",
				       tame);
	}
	return 0;
}

/* --- start --- */

static int spawn(const struct command *c, struct nbd_server *s, struct bl_err *err)
{
	extern char **environ;
	posix_spawn_file_actions_t acts;
	posix_spawnattr_t attr;
	char file[4096];
	int r = bl_proc_find(c->argv[0], file, sizeof file);

	if (r < 0)
		return bl_fail(err, r,
			       "storage nbd: 'nbdkit' is not installed; it serves the image "
			       "(package nbdkit)");
	posix_spawn_file_actions_init(&acts);
	posix_spawn_file_actions_addopen(&acts, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&acts, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&acts, 2, s->log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	/* What it has open is looked at: only what it opened itself. */
	posix_spawn_file_actions_addclosefrom_np(&acts, 3);
	/* A group of its own: an interrupt from the terminal is ours to handle. */
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	r = -posix_spawn(&s->pid, file, &acts, &attr, (char *const *)(uintptr_t)c->argv, environ);
	posix_spawn_file_actions_destroy(&acts);
	posix_spawnattr_destroy(&attr);
	if (r < 0)
		s->pid = 0;
	return r < 0 ? bl_fail(err, r, "cannot start '%s': %s", file, strerror(-r)) : 0;
}

static bool is_listening(const char *path)
{
	BL_CLEANUP(bl_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	memcpy(a.sun_path, path, strlen(path) + 1);
	return fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
}

/* It says "nbdkit: error: what is wrong", and more when it can. */
static int fail_ended(const struct nbd_server *s, struct bl_err *err)
{
	char line[256];

	if (bl_read_line(s->log, line, sizeof line) < 0 || !line[0])
		return bl_fail(err, -EINVAL, "nbdkit ended by itself, without a word");
	return bl_fail(err, -EINVAL,
		       "nbdkit ended by itself: '%s'; its filters and parameters are the "
		       "scenario's backing: nbdkit",
		       line);
}

static int wait_until_listening(struct nbd_server *s, volatile sig_atomic_t *stop,
				struct bl_err *err)
{
	uint64_t deadline = bl_now_ns() + START_NS;

	while (!is_listening(s->socket)) {
		if (waitpid(s->pid, NULL, WNOHANG) == s->pid) {
			s->pid = 0;
			return fail_ended(s, err);
		}
		if (stop && *stop)
			return bl_fail(err, -EINTR, "stopped while nbdkit started");
		if (bl_now_ns() >= deadline)
			return bl_fail(err, -ETIMEDOUT, "nbdkit does not listen on '%s'",
				       s->socket);
		pause_ns(LOOK_NS);
	}
	return 0;
}

static int start(struct nbd_server *s, const char *image, const char *words,
		 volatile sig_atomic_t *stop, struct bl_err *err)
{
	BL_CLEANUP(command_done) struct command c = {0};
	size_t most = sizeof((struct sockaddr_un *)0)->sun_path - 1;
	int r;

	if (!s->socket || !s->log)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (strlen(s->socket) > most)
		return bl_fail(err, -ENAMETOOLONG,
			       "'%s' has %zu bytes, and the path of a socket at most %zu; give "
			       "a shorter --work-dir",
			       s->socket, strlen(s->socket), most);
	r = make_command(image, s->socket, words, &c);
	if (r < 0)
		return bl_fail(err, r, "backing: nbdkit: more than %d words", WORDS_MAX);
	r = check_control(&c, err);
	if (r < 0)
		return r;
	unlink(s->socket);
	r = spawn(&c, s, err);
	return r < 0 ? r : wait_until_listening(s, stop, err);
}

int nbd_server_start(const char *image, const char *dir, const char *words,
		     volatile sig_atomic_t *stop, struct nbd_server *ret, struct bl_err *err)
{
	struct nbd_server s = {.socket = bl_strf("%s/nbd.sock", dir),
			       .log = bl_strf("%s/nbdkit.log", dir)};
	int r = start(&s, image, words, stop, err);

	if (r < 0)
		nbd_server_end(&s);
	else
		*ret = s;
	return r;
}

/* --- what it serves --- */

struct open_files {
	struct stat image, log;
	bool has_image;
};

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* One of its descriptors, as /proc has it. */
static int check_file(const char *path, struct open_files *f, struct bl_err *err)
{
	char name[512];
	struct stat st;
	ssize_t n;

	if (stat(path, &st) < 0 || (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)))
		return 0; /* closed meanwhile; a socket, a pipe, a terminal */
	if (is_same(&st, &f->image)) {
		f->has_image = true;
		return 0;
	}
	if (is_same(&st, &f->log))
		return 0;
	n = readlink(path, name, sizeof name - 1);
	bl_tame(name, sizeof name, name, n > 0 ? (size_t)n : 0);
	return bl_fail(err, -EPERM,
		       "nbdkit has '%s' open, which is not the trial's image; nothing was written",
		       name);
}

int nbd_server_check(const struct nbd_server *s, const char *image, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *dir = bl_strf("/proc/%ld/fd", (long)s->pid);
	struct open_files f = {0};
	struct dirent *e;
	DIR *d = dir ? opendir(dir) : NULL;
	int r = 0;

	if (!d || stat(image, &f.image) < 0 || stat(s->log, &f.log) < 0)
		r = bl_fail(err, -EIO, "cannot tell what nbdkit serves: %s", strerror(errno));
	while (r == 0 && (e = readdir(d))) {
		BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s", dir, e->d_name);

		r = path ? check_file(path, &f, err) : bl_fail(err, -ENOMEM, "out of memory");
	}
	if (d)
		closedir(d);
	if (r == 0 && !f.has_image)
		r = bl_fail(err, -ENOENT, "nbdkit does not have '%s' open, the trial's image",
			    image);
	return r;
}

/* --- when something went wrong --- */

static void ending(int status, char *out, size_t len)
{
	if (WIFSIGNALED(status))
		snprintf(out, len, "nbdkit was killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(out, len, "nbdkit ended by itself with status %d", WEXITSTATUS(status));
}

bool nbd_server_trouble(struct nbd_server *s, char *out, size_t len)
{
	char what[128] = "nbdkit runs", line[256];
	bool has_line = s->log && console_last_line(s->log, line, sizeof line);

	if (s->pid && waitpid(s->pid, &s->status, WNOHANG) == s->pid) {
		s->has_ended = true;
		s->pid = 0;
	}
	if (s->has_ended)
		ending(s->status, what, sizeof what);
	if (has_line)
		snprintf(out, len, "%s; its last words: '%s'", what, line);
	else
		snprintf(out, len, "%s, without a word", what);
	return s->has_ended || has_line;
}

/* --- end --- */

void nbd_server_end(struct nbd_server *s)
{
	uint64_t deadline = bl_now_ns() + END_NS;
	bool is_gone = s->pid == 0;

	if (!is_gone)
		kill(s->pid, SIGTERM);
	while (!is_gone && bl_now_ns() < deadline) {
		is_gone = waitpid(s->pid, NULL, WNOHANG) != 0;
		if (!is_gone)
			pause_ns(LOOK_NS);
	}
	if (!is_gone) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	if (s->socket)
		unlink(s->socket);
	if (s->log)
		unlink(s->log);
	free(s->socket);
	free(s->log);
	*s = (struct nbd_server){0};
}
