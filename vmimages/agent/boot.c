#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"
#include "cleanup.h"
#include "fs.h"

#define MODULES_DIR    "/modules"
#define LIST_BYTES_MAX 65536

void boot_mount(void)
{
	static const struct {
		const char *type, *at;
	} mounts[] = {
		{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/tmp"}};

	for (size_t i = 0; i < BL_ARRAY_LEN(mounts); i++)
		if (mount(mounts[i].type, mounts[i].at, mounts[i].type, 0, NULL) < 0)
			fatal("cannot mount %s: %s", mounts[i].at, strerror(errno));
}

/* "03-virtio_blk.ko" -> "virtio_blk" */
static json_t *module_name(const char *file)
{
	const char *dash = strchr(file, '-');
	const char *name = dash ? dash + 1 : file, *dot = strrchr(name, '.');

	return json_stringn(name, dot ? (size_t)(dot - name) : strlen(name));
}

static int load(const char *file)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf(MODULES_DIR "/%s", file);
	BL_CLEANUP(bl_closep) int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
		return -errno;
	unlink(path); /* its bytes are guest memory */
	return 0;
}

void boot_modules(struct boot *b)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf list = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	char *rest, *file;
	int r;

	b->modules = json_array();
	b->errors = json_array();
	if (bl_read_file(MODULES_DIR "/list", LIST_BYTES_MAX, &list, &err) < 0) {
		say("no modules: %s", err.text);
		return;
	}
	for (file = strtok_r(list.data, "\n", &rest); file; file = strtok_r(NULL, "\n", &rest)) {
		r = load(file);
		if (r == 0) {
			json_array_append_new(b->modules, module_name(file));
			continue;
		}
		say("module %s: %s", file, strerror(-r));
		json_array_append_new(b->errors,
				      json_pack("{s:o, s:s}", "module", module_name(file), "error",
						strerror(-r)));
	}
}

bool boot_has_word(const char *word)
{
	char line[4096], *rest;

	if (bl_read_line("/proc/cmdline", line, sizeof line) < 0)
		return false;
	for (char *w = strtok_r(line, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		if (!strcmp(w, word))
			return true;
	return false;
}
