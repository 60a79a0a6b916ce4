#include "qemuimg.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "cleanup.h"
#include "proc.h"
#include "units.h"

#define OUTPUT_MAX (64 * MiB) /* the map of a badly scattered image is long */
#define TICK_MS    200

struct img {
	pid_t pid;
	int out, errout; /* our ends; -1 when closed */
	struct bl_buf *to, message;
};

static int start(struct img *img, const char *const *argv, struct bl_err *err)
{
	extern char **environ;
	int p[4] = {-1, -1, -1, -1};
	posix_spawn_file_actions_t acts;
	posix_spawnattr_t attr;
	char file[4096];
	int r;

	if (bl_proc_find(argv[0], file, sizeof file) < 0)
		return bl_fail(err, -ENOENT, "'%s' is not installed (package qemu-utils)", argv[0]);
	if (pipe2(p, O_CLOEXEC) < 0 || pipe2(p + 2, O_CLOEXEC) < 0) {
		r = -errno;
		for (int i = 0; i < 4; i++)
			bl_closep(&p[i]);
		return bl_fail(err, r, "cannot start '%s': %s", argv[0], strerror(-r));
	}
	posix_spawn_file_actions_init(&acts);
	posix_spawn_file_actions_addopen(&acts, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&acts, p[1], 1);
	posix_spawn_file_actions_adddup2(&acts, p[3], 2);
	/* A group of its own: an interrupt from the terminal is ours to handle. */
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	r = -posix_spawn(&img->pid, file, &acts, &attr, (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&acts);
	posix_spawnattr_destroy(&attr);
	bl_closep(&p[1]);
	bl_closep(&p[3]);
	img->out = p[0];
	img->errout = p[2];
	if (r < 0) {
		bl_closep(&img->out);
		bl_closep(&img->errout);
		return bl_fail(err, r, "cannot start '%s': %s", argv[0], strerror(-r));
	}
	return 0;
}

static void drain(int *fd, struct bl_buf *to, size_t max)
{
	char chunk[8192];
	ssize_t n = read(*fd, chunk, sizeof chunk);

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0)
		bl_closep(fd);
	else if (to && to->len + (size_t)n <= max)
		bl_buf_add(to, chunk, (size_t)n);
}

/* Until both outputs are closed, which is when it ends. */
static int pump(struct img *img, volatile sig_atomic_t *stop, void (*tick)(void *ctx), void *ctx)
{
	while (img->out >= 0 || img->errout >= 0) {
		struct pollfd p[] = {{.fd = img->out, .events = POLLIN},
				     {.fd = img->errout, .events = POLLIN}};
		int n = poll(p, 2, TICK_MS);

		if (stop && *stop)
			return -EINTR;
		if (p[0].revents && n > 0)
			drain(&img->out, img->to, OUTPUT_MAX);
		if (p[1].revents && n > 0)
			drain(&img->errout, &img->message, 4096);
		if (n == 0 && tick)
			tick(ctx);
	}
	return 0;
}

int qemuimg_run(const char *const *argv, struct bl_buf *out, volatile sig_atomic_t *stop,
		void (*tick)(void *ctx), void *ctx, struct bl_err *err)
{
	struct img img = {.out = -1, .errout = -1, .to = out};
	BL_CLEANUP(bl_freep) char *text = NULL;
	int r = start(&img, argv, err), status = 0;

	if (r < 0)
		return r;
	r = pump(&img, stop, tick, ctx);
	if (r < 0)
		kill(img.pid, SIGKILL);
	while (waitpid(img.pid, &status, 0) < 0 && errno == EINTR)
		;
	bl_closep(&img.out);
	bl_closep(&img.errout);
	text = bl_buf_take(&img.message);
	if (r < 0)
		return bl_fail(err, r, "stopped during 'qemu-img %s'", argv[1]);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (text)
		text[strcspn(text, "\n")] = '\0';
	return bl_fail(err, text && strstr(text, "No space left") ? -ENOSPC : -EIO,
		       "'qemu-img %s' failed: %s", argv[1],
		       text && *text ? text : "it gave no message");
}

int qemuimg_mapped_bytes(const char *path, enum cell_format format, uint64_t *ret,
			 struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	const char *name = cell_format_names[format];
	const char *argv[] = {"qemu-img", "map", "--output=json", "-f", name, path, NULL};
	int r = qemuimg_run(argv, &out, NULL, NULL, NULL, err);
	json_t *map, *range;
	uint64_t sum = 0;
	size_t i;

	if (r < 0)
		return r;
	map = json_loadb(bl_buf_str(&out), out.len, 0, NULL);
	if (!json_is_array(map)) {
		json_decref(map);
		return bl_fail(err, -EBADMSG, "'qemu-img map' of '%s' did not give a list", path);
	}
	json_array_foreach (map, i, range) {
		if (json_is_true(json_object_get(range, "data")))
			sum += (uint64_t)json_integer_value(json_object_get(range, "length"));
	}
	json_decref(map);
	*ret = sum;
	return 0;
}
