#include "vm.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "suite.h"
#include "units.h"

#define ARGS_MAX 96

/* Without cx16: under QEMU 7.2, 7 of 16 boots of Linux 6.12 ended in an oops, most of them at the
 * instruction after a cmpxchg16b, with flags that were the low bits of a pointer; without cx16 1 of
 * 32 did. Linux 6.1 boots either way. */
#define TCG_CPU          "max,-cx16"
#define CONNECT_LIMIT_NS (10 * NS_PER_S)

/* The last match in version order; NULL: none. */
static char *newest(const char *pattern)
{
	BL_CLEANUP(bl_freep) char *full = bl_strf("%s/%s", SOURCE_DIR, pattern);
	char *best = NULL;
	glob_t g = {0};

	if (glob(full, 0, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i++)
			if (!best || strverscmp(g.gl_pathv[i], best) > 0)
				best = g.gl_pathv[i];
	best = best ? strdup(best) : NULL;
	globfree(&g);
	return best;
}

struct image *vm_image(const char *variable, const char *pattern)
{
	const char *named = getenv(variable), *cache = getenv("BLKLAB_TEST_CACHE");
	BL_CLEANUP(bl_freep) char *found = named ? strdup(named) : newest(pattern);
	struct image_spec spec = {
		.kernel = found, .agent = AGENT, .cache_dir = cache ? cache : TEST_CACHE};
	struct bl_err err = BL_ERR_INIT;
	struct image *img;

	if (!found)
		return NULL;
	if (image_build(&spec, &img, &err) < 0) {
		fprintf(stderr, "cannot build the guest image: %s\n", err.text);
		return NULL;
	}
	return img;
}

void vm_init(struct vm *vm)
{
	*vm = (struct vm){.fd = -1, .next_id = 1};
	snprintf(vm->dir, sizeof vm->dir, "%s/XXXXXX", suite_dir());
	ck_assert_ptr_nonnull(mkdtemp(vm->dir));
}

void vm_make_disk(struct vm *vm, const char *name, uint64_t bytes)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s", vm->dir, name);
	BL_CLEANUP(bl_closep) int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)bytes), 0);
}

void vm_start(struct vm *vm, const struct image *img, const char *words, const char *const *devices)
{
	BL_CLEANUP(bl_freep) char *append = bl_strf("%s %s", IMAGE_CMDLINE, words);
	BL_CLEANUP(bl_freep) char *serial = bl_strf("file:%s/console", vm->dir);
	BL_CLEANUP(bl_freep)
	char *chardev = bl_strf("socket,id=agent,path=%s/agent,server=on,wait=off", vm->dir);
	const char *args[ARGS_MAX] = {"qemu-system-x86_64",
				      "-accel",
				      "tcg",
				      "-cpu",
				      TCG_CPU,
				      "-M",
				      "q35",
				      "-m",
				      "256",
				      "-smp",
				      "2",
				      "-nodefaults",
				      "-no-user-config",
				      "-display",
				      "none",
				      "-no-reboot",
				      "-serial",
				      serial,
				      "-kernel",
				      img->kernel_path,
				      "-initrd",
				      img->initrd_path,
				      "-append",
				      append,
				      "-device",
				      "virtio-serial-pci",
				      "-chardev",
				      chardev,
				      "-device",
				      "virtserialport,chardev=agent,name=" WIRE_PORT_NAME};
	size_t n = 0;

	while (args[n])
		n++;
	for (; devices && *devices; devices++) {
		ck_assert_uint_lt(n, ARGS_MAX - 1);
		args[n++] = strstr(*devices, "%s") ? bl_strf(*devices, vm->dir) : *devices;
	}
	vm->started_ns = bl_now_ns();
	vm->pid = fork();
	ck_assert_int_ge(vm->pid, 0);
	if (vm->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(args[0], (char *const *)args);
		_exit(127);
	}
}

void vm_connect(struct vm *vm)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	uint64_t end = bl_now_ns() + CONNECT_LIMIT_NS;

	snprintf(at.sun_path, sizeof at.sun_path, "%s/agent", vm->dir);
	vm->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(vm->fd, 0);
	while (connect(vm->fd, (struct sockaddr *)&at, sizeof at) < 0) {
		ck_assert_msg(bl_now_ns() < end, "no channel '%s': %s", at.sun_path,
			      strerror(errno));
		usleep(2000);
	}
}

void vm_disconnect(struct vm *vm)
{
	wire_reader_done(&vm->reader);
	close(vm->fd);
	vm->fd = -1;
}

/* Progress comes unasked at any time. */
static bool take_progress(struct vm *vm, json_t *msg)
{
	if (strcmp(wire_type(msg), "progress"))
		return false;
	vm->n_progress++;
	if (strcmp(json_string_value(json_object_get(msg, "phase")), "idle")) {
		json_decref(vm->progress);
		vm->progress = msg;
	} else {
		json_decref(msg);
	}
	return true;
}

json_t *vm_receive(struct vm *vm, uint64_t limit_ns)
{
	uint64_t end = bl_now_ns() + limit_ns, now;
	struct bl_err err = BL_ERR_INIT;
	char chunk[65536];

	for (;;) {
		struct pollfd p = {.fd = vm->fd, .events = POLLIN};
		json_t *msg;
		ssize_t n;
		int r;

		while ((r = wire_reader_next(&vm->reader, &msg, &err)) == 1)
			if (!take_progress(vm, msg))
				return msg;
		ck_assert_msg(r == 0, "the agent's bytes: %s", err.text);
		now = bl_now_ns();
		if (now >= end || poll(&p, 1, (int)((end - now) / NS_PER_MS) + 1) <= 0)
			return NULL;
		n = read(vm->fd, chunk, sizeof chunk);
		if (n <= 0)
			return NULL;
		wire_reader_push(&vm->reader, chunk, (size_t)n);
	}
}

/* Why there is no answer. */
static void print_console(const struct vm *vm)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/console", vm->dir);
	struct bl_buf console = BL_BUF_INIT;

	bl_read_file(path, MiB, &console, NULL);
	fprintf(stderr, "%s\n", bl_buf_str(&console));
	bl_buf_done(&console);
}

json_t *vm_expect(struct vm *vm, const char *type, uint64_t limit_ns)
{
	json_t *msg = vm_receive(vm, limit_ns);

	if (!msg)
		print_console(vm);
	ck_assert_msg(msg, "no '%s' in time; the console is above", type);
	ck_assert_msg(!strcmp(wire_type(msg), type), "'%s' instead of '%s': %s", wire_type(msg),
		      type, json_string_value(json_object_get(msg, "text")));
	return msg;
}

void vm_send(struct vm *vm, json_t *request)
{
	struct bl_buf frame = BL_BUF_INIT;

	ck_assert_ptr_nonnull(request);
	json_object_set_new(request, "id", json_integer(vm->next_id++));
	ck_assert_int_eq(wire_encode(request, &frame, NULL), 0);
	ck_assert_int_eq(write(vm->fd, frame.data, frame.len), (ssize_t)frame.len);
	bl_buf_done(&frame);
	json_decref(request);
}

json_t *vm_ask(struct vm *vm, json_t *request, const char *type, uint64_t limit_ns)
{
	json_int_t id = vm->next_id;
	json_t *msg;

	vm_send(vm, request);
	msg = vm_expect(vm, type, limit_ns);
	ck_assert_int_eq(json_integer_value(json_object_get(msg, "id")), id);
	return msg;
}

int vm_wait_exit(struct vm *vm, uint64_t limit_ns)
{
	uint64_t end = bl_now_ns() + limit_ns;
	int status;

	while (bl_now_ns() < end) {
		if (waitpid(vm->pid, &status, WNOHANG) == vm->pid) {
			vm->pid = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
		usleep(5000);
	}
	return -1;
}

bool vm_console_has(struct vm *vm, const char *text, uint64_t limit_ns)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/console", vm->dir);
	uint64_t end = bl_now_ns() + limit_ns;
	bool has;

	do {
		struct bl_buf console = BL_BUF_INIT;

		bl_read_file(path, MiB, &console, NULL);
		has = strstr(bl_buf_str(&console), text);
		bl_buf_done(&console);
		if (!has)
			usleep(5000);
	} while (!has && bl_now_ns() < end);
	return has;
}

void vm_done(struct vm *vm)
{
	if (vm->pid > 0) {
		kill(vm->pid, SIGKILL);
		waitpid(vm->pid, NULL, 0);
	}
	if (vm->fd >= 0)
		vm_disconnect(vm);
	json_decref(vm->progress);
	bl_remove_tree(vm->dir, NULL);
}
