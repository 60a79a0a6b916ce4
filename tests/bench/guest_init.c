/* PID 1 of the benchmark's guest: runs the commands of /commands and hands their output to the
 * host.
 *
 * A command is a line of fields between tabs:
 *   load NAME PARAMETERS     module /modules/NAME.ko, after those before it in /modules/list
 *   device NAME KEY=VALUE... a null_blk with these attributes, of the module that is loaded
 *   write PATH TEXT          e.g. an attribute in /sys
 *   unload NAME              remove the module, and with null_blk what 'device' made
 *   show ID PATH             the file's text
 *   settle ID                wait until the kernel's clock is the TSC and its boot is over
 *   run ID PROGRAM ARG...    the program's output
 * Each gives one frame on QEMU's debug port: "@@ID STATUS OUT-BYTES ERR-BYTES\n", what was written
 * to standard output, what was written to standard error. The port takes whole buffers in one
 * instruction and has no firmware text before ours, unlike the serial console.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEBUG_PORT  0xe9
#define FIELDS_MAX  64
#define LINE_MAX_   8192
#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define CONFIGFS    "/sys/kernel/config"
#define OUT_FILE    "/tmp/out"
#define ERR_FILE    "/tmp/err"

static void to_host(const void *data, size_t len)
{
	outsb(DEBUG_PORT, data, len);
}

static void frame(const char *id, int status, const char *out, size_t n_out, const char *err,
		  size_t n_err)
{
	char head[256];
	int n = snprintf(head, sizeof head, "@@%s %d %zu %zu\n", id, status, n_out, n_err);

	to_host(head, (size_t)n);
	to_host(out, n_out);
	to_host(err, n_err);
}

static char *slurp(const char *path, size_t *ret_len)
{
	size_t len = 0, cap = 1 << 16;
	char *data = malloc(cap);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	while (data && fd >= 0 && (n = read(fd, data + len, cap - len)) > 0) {
		len += (size_t)n;
		if (len == cap)
			data = realloc(data, cap *= 2);
	}
	if (fd >= 0)
		close(fd);
	*ret_len = data && fd >= 0 && n >= 0 ? len : 0;
	return data;
}

static void frame_error(const char *id, const char *what)
{
	char text[256];
	int n = snprintf(text, sizeof text, "%s: %s\n", what, strerror(errno));

	frame(id, -1, "", 0, text, (size_t)n);
}

static int insert(const char *name, const char *params)
{
	char path[256];
	int fd, r;

	snprintf(path, sizeof path, "/modules/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -1 : (int)syscall(SYS_finit_module, fd, params, 0);
	if (fd >= 0)
		close(fd);
	return r < 0 && errno == EEXIST ? 0 : r;
}

/* Everything in the list up to @name; only @name gets @params. */
static void load(const char *name, const char *params)
{
	size_t len;
	char *list = slurp("/modules/list", &len), *rest = NULL;
	int r = -1;

	errno = ENOENT;
	if (!list)
		return frame_error("load", name);
	list[len] = 0; /* slurp() grows before it is full */
	for (char *s = strtok_r(list, "\n", &rest); s; s = strtok_r(NULL, "\n", &rest)) {
		r = insert(s, strcmp(s, name) ? "" : params);
		if (r < 0 || !strcmp(s, name))
			break;
		r = -1;
	}
	free(list);
	if (r < 0)
		frame_error("load", name);
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

static void device(const char *name, char **attributes)
{
	char folder[256], path[320];

	if (access(CONFIGFS "/nullb", F_OK) < 0)
		mount("configfs", CONFIGFS, "configfs", 0, NULL);
	snprintf(folder, sizeof folder, CONFIGFS "/nullb/%s", name);
	if (mkdir(folder, 0755) < 0)
		return frame_error("device", name);
	for (; *attributes; attributes++) {
		char *value = strchr(*attributes, '=');

		if (!value)
			continue;
		*value++ = 0;
		snprintf(path, sizeof path, "%s/%s", folder, *attributes);
		if (write_text(path, value) < 0)
			return frame_error("device", path);
	}
	snprintf(path, sizeof path, "%s/power", folder);
	if (write_text(path, "1") < 0)
		frame_error("device", path);
}

static void unload(const char *name)
{
	DIR *dir = strcmp(name, "null_blk") ? NULL : opendir(CONFIGFS "/nullb");
	char path[320];
	int r;

	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (e->d_type != DT_DIR || *e->d_name == '.')
			continue;
		snprintf(path, sizeof path, CONFIGFS "/nullb/%s", e->d_name);
		if (rmdir(path) < 0)
			frame_error("unload", path);
	}
	if (dir)
		closedir(dir);
	/* A ring that has ended lets go of its files a little later. */
	for (int i = 0; (r = (int)syscall(SYS_delete_module, name, O_NONBLOCK)) < 0 && i < 50; i++)
		usleep(100000);
	if (r < 0)
		frame_error("unload", name);
}

static void show(const char *id, const char *path)
{
	size_t len;
	char *text = slurp(path, &len);

	if (text)
		frame(id, len ? 0 : -1, text, len, "", 0);
	free(text);
}

/* The kernel watches the TSC for a second before it trusts it, and boot leaves it work for later:
 * both would be counted as the first case's. Waiting is free, the guest's time jumps when idle. */
static void settle(const char *id)
{
	size_t len = 0;
	char *text = NULL;

	for (int i = 0; i < 30; i++) {
		sleep(1);
		free(text);
		text = slurp(CLOCKSOURCE, &len);
		if (i >= 2 && text && len == 4 && !memcmp(text, "tsc\n", 4))
			break;
	}
	if (text)
		frame(id, 0, text, len, "", 0);
	free(text);
}

static void child(char **argv)
{
	int in = open("/dev/null", O_RDONLY);
	int out = open(OUT_FILE, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int err = open(ERR_FILE, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	closefrom(3);
	execv(argv[0], argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static void run(const char *id, char **argv)
{
	size_t n_out, n_err;
	char *out, *err;
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		child(argv);
	if (pid < 0)
		return frame_error(id, "fork");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	out = slurp(OUT_FILE, &n_out);
	err = slurp(ERR_FILE, &n_err);
	frame(id, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out, n_out, err,
	      n_err);
	free(out);
	free(err);
}

static void command(char *line)
{
	char *field[FIELDS_MAX + 1] = {0};
	size_t n = 0;

	line[strcspn(line, "\n")] = 0;
	while (n < FIELDS_MAX && (field[n] = strsep(&line, "\t")))
		n++;
	if (n == 3 && !strcmp(field[0], "load"))
		load(field[1], field[2]);
	else if (n >= 3 && !strcmp(field[0], "device"))
		device(field[1], field + 2);
	else if (n == 3 && !strcmp(field[0], "write")) {
		if (write_text(field[1], field[2]) < 0)
			frame_error("write", field[1]);
	} else if (n == 2 && !strcmp(field[0], "unload"))
		unload(field[1]);
	else if (n == 3 && !strcmp(field[0], "show"))
		show(field[1], field[2]);
	else if (n == 2 && !strcmp(field[0], "settle"))
		settle(field[1]);
	else if (n >= 3 && !strcmp(field[0], "run"))
		run(field[1], field + 2);
	else
		frame("command", -1, "", 0, "not understood\n", 15);
}

int main(void)
{
	static const char *const mounts[][2] = {
		{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/tmp"}};
	static char line[LINE_MAX_];
	FILE *f;

	setenv("PATH", "/bin", 1);
	for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++)
		mount(mounts[i][0], mounts[i][1], mounts[i][0], 0, NULL);
	mkdir("/dev/shm", 0755);
	if (ioperm(DEBUG_PORT, 1, 1) < 0)
		perror("ioperm");
	f = fopen("/commands", "re");
	while (f && fgets(line, sizeof line, f))
		command(line);
	frame("end", f ? 0 : -1, "", 0, "", 0);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
