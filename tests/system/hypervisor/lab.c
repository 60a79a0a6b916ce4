#include "lab.h"

#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "hv_process.h"
#include "proc.h"
#include "suite.h"
#include "units.h"

#define BOOT_LIMIT_NS (90 * NS_PER_S)

#define OK(lab, r) ck_assert_msg((r) >= 0, "%s", bl_err_text(&(lab)->err))

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

void lab_init(struct lab *lab, const char *variable, const char *pattern)
{
	const char *named = getenv(variable), *cache = getenv("BLKLAB_TEST_CACHE");
	BL_CLEANUP(bl_freep) char *kernel = named ? strdup(named) : newest(pattern);
	struct image_spec spec = {
		.kernel = kernel, .agent = AGENT, .cache_dir = cache ? cache : TEST_CACHE};

	*lab = (struct lab){0};
	ck_assert_msg(kernel, "no kernel package: set %s, or `make guests`", variable);
	suite_end_with_parent();
	snprintf(lab->dir, sizeof lab->dir, "%s/XXXXXX", suite_dir());
	ck_assert_ptr_nonnull(mkdtemp(lab->dir));
	lab->root = bl_strf("%s/hv", lab->dir);
	lab->disk = bl_strf("%s/disk", lab->dir);
	lab->console = bl_strf("%s/console", lab->dir);
	OK(lab, image_build(&spec, &lab->image, &lab->err));
	cell_defaults(&lab->cell);
}

void lab_open(struct lab *lab)
{
	OK(lab, hv_open(NULL, lab->root, &lab->hv, &lab->err));
}

void lab_make_disk(struct lab *lab)
{
	char size[32];

	snprintf(size, sizeof size, "%u", LAB_DISK_BYTES);
	ck_assert_int_eq(bl_proc_run((const char *[]){"qemu-img", "create", "-q", "-f",
						      cell_format_names[lab->cell.format],
						      lab->disk, size, NULL},
				     NULL, 0, NULL, NULL, 20 * NS_PER_S, &lab->err),
			 0);
}

void lab_bind(struct lab *lab)
{
	struct domain_binding *b = &lab->bind;

	bl_uuid7(lab->uuid, bl_wall_ms());
	lab->bound = (struct domain_disk){.cell = &lab->cell, .path = lab->disk};
	*b = (struct domain_binding){
		.name = "blklab-test",
		.uuid = lab->uuid,
		.run_id = "test-run",
		.trial_id = "test-trial",
		.owner_pid = getpid(),
		.owner_start = hv_process_start(getpid()),
		.accel = "tcg",
		.machine = "q35",
		.memory_bytes = 256 * MiB,
		.emulator = b->emulator ? b->emulator : "/usr/bin/qemu-system-x86_64",
		.emulator_version = b->emulator_version,
		.kernel = lab->image->kernel_path,
		.initrd = lab->image->initrd_path,
		.cmdline = b->cmdline ? b->cmdline : IMAGE_CMDLINE,
		.disks = &lab->bound,
		.n_disks = 1,
		.console_log = lab->console,
	};
	free(lab->xml);
	lab->xml = NULL;
	OK(lab, domain_xml(b, &lab->xml, &lab->err));
}

void lab_start(struct lab *lab)
{
	OK(lab, hv_start(lab->hv, lab->xml, &lab->vm, &lab->start_ns, &lab->err));
}

void lab_hello(struct lab *lab)
{
	static const struct guest_options options;
	uint64_t at;

	ck_assert_int_eq(guest_new(lab->vm, &options, &lab->guest), 0);
	OK(lab, guest_hello(lab->guest, BOOT_LIMIT_NS, &lab->hello, &at, &lab->err));
	OK(lab, guest_describe(lab->guest, DOMAIN_DISK_SERIAL, 0, BOOT_LIMIT_NS, &lab->described,
			       &lab->err));
}

void lab_end(struct lab *lab)
{
	lab->guest = guest_free(lab->guest);
	lab->vm = hv_vm_end(lab->vm);
	facts_done(&lab->hello);
	guest_disk_done(&lab->described);
}

void lab_done(struct lab *lab)
{
	lab_end(lab);
	lab->hv = hv_close(lab->hv);
	image_free(lab->image);
	bl_remove_tree(lab->dir, NULL);
	free(lab->root);
	free(lab->disk);
	free(lab->console);
	free(lab->xml);
}
