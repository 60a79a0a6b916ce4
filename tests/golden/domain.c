/* A cell and a binding -> the domain XML. The input is lines of KEY=VALUE: axes, and the binding's
 * fields below; what is not given is fixed here, so that no clock, host or process shows. */
#include "domain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "golden.h"
#include "units.h"

struct input {
	struct cell cell;
	struct domain_binding with;
	bool is_block;
	char *text;
};

static int set(struct input *in, const char *key, const char *value, struct bl_err *err)
{
	const struct axis_row *axis = axis_find(key);
	const struct {
		const char *name;
		const char **at;
	} fields[] = {
		{"accel", &in->with.accel},
		{"machine", &in->with.machine},
		{"disk", &in->with.disk_path},
		{"emulator_path", &in->with.emulator},
		{"emulator_version", &in->with.emulator_version},
		{"owner_host", &in->with.owner_host},
		{"cmdline", &in->with.cmdline},
		{"pci", &in->with.pci},
		{"nbd_socket", &in->with.nbd_socket},
	};

	if (axis)
		return axis->set(&in->cell, value, err);
	for (size_t i = 0; i < BL_ARRAY_LEN(fields); i++) {
		if (strcmp(fields[i].name, key) != 0)
			continue;
		*fields[i].at = value;
		return 0;
	}
	if (strcmp(key, "memory") == 0)
		return bl_parse_size(value, &in->with.memory_bytes, err);
	if (strcmp(key, "namespace") == 0) {
		in->with.nsid = (uint32_t)strtoul(value, NULL, 10);
		return 0;
	}
	if (strcmp(key, "disk_is_block") == 0) {
		in->with.disk_is_block = strcmp(value, "yes") == 0;
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
			 .disk_path = "/lab/backing/disk.raw",
			 .console_log = "/lab/console.log"},
	};
	int r = bl_read_file(input, 65536, &text, err);

	if (r < 0)
		return r;
	cell_defaults(&in.cell);
	in.text = text.data;
	r = parse(&in, err);
	if (r == 0)
		r = domain_xml(&in.cell, &in.with, &xml, err);
	if (r < 0)
		return r;
	bl_buf_adds(out, xml);
	return 0;
}
