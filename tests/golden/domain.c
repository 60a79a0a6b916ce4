/* A cell and a binding -> the domain XML. The input is lines of KEY=VALUE: axes, and the binding's
 * fields below; after another_disk=PATH they are of the next disk. What is not given is fixed here,
 * so that no clock, host or process shows. */
#include "domain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "golden.h"
#include "units.h"

#define DISKS_MAX 8

struct input {
	struct cell cells[DISKS_MAX];
	struct domain_binding with;
	struct domain_disk disks[DISKS_MAX];
	char *text;
};

/* What follows is of a disk of its own, by default in the file @path. */
static int add_disk(struct input *in, const char *path, struct bl_err *err)
{
	size_t i = in->with.n_disks++;

	if (i == DISKS_MAX)
		return bl_fail(err, -EINVAL, "in.txt: more than %d disks", DISKS_MAX);
	cell_defaults(&in->cells[i]);
	in->disks[i] = (struct domain_disk){.cell = &in->cells[i], .path = path};
	return 0;
}

static int set(struct input *in, const char *key, const char *value, struct bl_err *err)
{
	const struct axis_row *axis = axis_find(key);
	struct domain_disk *disk = &in->disks[in->with.n_disks - 1];
	const struct {
		const char *name;
		const char **at;
	} fields[] = {
		{"accel", &in->with.accel},
		{"machine", &in->with.machine},
		{"disk", &disk->path},
		{"emulator_path", &in->with.emulator},
		{"emulator_version", &in->with.emulator_version},
		{"owner_host", &in->with.owner_host},
		{"cmdline", &in->with.cmdline},
		{"pci", &disk->pci},
		{"nbd_socket", &disk->nbd_socket},
	};

	if (axis)
		return axis->set(&in->cells[in->with.n_disks - 1], value, err);
	for (size_t i = 0; i < BL_ARRAY_LEN(fields); i++) {
		if (strcmp(fields[i].name, key) != 0)
			continue;
		*fields[i].at = value;
		return 0;
	}
	if (strcmp(key, "another_disk") == 0)
		return add_disk(in, value, err);
	if (strcmp(key, "memory") == 0)
		return bl_parse_size(value, &in->with.memory_bytes, err);
	if (strcmp(key, "namespace") == 0) {
		disk->nsid = (uint32_t)strtoul(value, NULL, 10);
		return 0;
	}
	if (strcmp(key, "disk_is_block") == 0) {
		disk->is_block = strcmp(value, "yes") == 0;
		return 0;
	}
	return bl_fail(err, -EINVAL, "in.txt: there is no key '%s'", key);
}

static int parse(struct input *in, struct bl_err *err)
{
	char *save = NULL;
	int r = 0;

	for (char *line = strtok_r(in->text, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save)) {
		char *equals = strchr(line, '=');

		if (!equals)
			return bl_fail(err, -EINVAL, "in.txt: '%s' is not KEY=VALUE", line);
		*equals = '\0';
		r = set(in, line, equals + 1, err);
	}
	return r;
}

int golden_domain(const char *input, struct bl_buf *out, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *xml = NULL;
	struct input in = {
		.with = {.name = "blklab-trial",
			 .uuid = "01900000-0000-7000-8000-000000000001",
			 .run_id = "01900000-0000-7000-8000-000000000002",
			 .trial_id = "01900000-0000-7000-8000-000000000003",
			 .owner_pid = 4242,
			 .owner_start = 98765,
			 .accel = "tcg",
			 .machine = "q35",
			 .memory_bytes = 512 * MiB,
			 .emulator = "/usr/bin/qemu-system-x86_64",
			 .emulator_version = "7.2.22",
			 .kernel = "/lab/cache/vmlinuz",
			 .initrd = "/lab/cache/initrd",
			 .cmdline = "console=ttyS0 quiet panic=-1",
			 .console_log = "/lab/console.log"},
	};
	int r = bl_read_file(input, 65536, &text, err);

	if (r < 0)
		return r;
	in.with.disks = in.disks;
	add_disk(&in, "/lab/backing/disk.raw", err);
	in.text = text.data;
	r = parse(&in, err);
	if (r == 0)
		r = domain_xml(&in.with, &xml, err);
	if (r < 0)
		return r;
	bl_buf_adds(out, xml);
	return 0;
}
