/* What runs is what the cell says, on every bus; and where it is not, the lab says so. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "effective.h"
#include "emulator.h"
#include "fs.h"
#include "lab.h"
#include "suite.h"
#include "units.h"

static struct lab lab;

static void set(struct cell *c, const char *text)
{
	BL_CLEANUP(bl_freep) char *copy = strdup(text);
	char *save = NULL;

	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *equals = strchr(word, '=');

		*equals = '\0';
		ck_assert_msg(axis_find(word)->set(c, equals + 1, &lab.err) == 0, "%s",
			      lab.err.text);
	}
}

/* Both sides' rows of the running VM against @asked. */
static void look(const struct cell *asked, struct effectives *e)
{
	const struct domain_disk disk = {.cell = asked, .path = lab.disk};
	struct domain_binding bind = lab.bind;

	bind.disks = &disk;
	ck_assert_msg(effective_host(lab.vm, &bind, 0, e, &lab.err) == 0, "%s", lab.err.text);
	ck_assert_msg(effective_guest(&bind, 0, &lab.described.facts, &lab.hello, e, &lab.err) == 0,
		      "%s", lab.err.text);
}

static void boot(void)
{
	lab_open(&lab);
	lab_make_disk(&lab);
	lab_bind(&lab);
	lab_start(&lab);
	lab_hello(&lab);
}

static const char *value_of(const struct effectives *e, const char *key)
{
	for (size_t i = 0; i < e->n; i++) {
		if (strcmp(e->items[i].key, key) == 0)
			return e->items[i].effective;
	}
	return NULL;
}

/* Each bus, cache mode, engine and format at least once. */
static const struct {
	const char *cell;
	bool is_full; /* needs a kernel with ahci */
} cells[] = {
	{"bus=virtio-blk cache=none aio=native vcpus=2 iothreads=1 queues=2 discard=unmap", false},
	{"bus=virtio-blk cache=writethrough aio=threads format=qcow2", false},
	{"bus=virtio-scsi cache=directsync aio=io_uring vcpus=2 iothreads=1 queues=1", false},
	{"bus=virtio-scsi cache=unsafe aio=threads discard=unmap", false},
	{"bus=nvme-emulated cache=none aio=io_uring vcpus=2 queues=2 format=qcow2", false},
	{"bus=nvme-emulated cache=writethrough aio=threads discard=unmap", false},
	{"bus=sata cache=writeback aio=threads", true},
	{"bus=sata cache=directsync aio=native format=qcow2 discard=unmap", true},
};

START_TEST(a_vm_runs_what_its_cell_says)
{
	BL_CLEANUP(bl_freep) char *sentence = NULL;
	struct effectives e = {0};

	if (cells[_i].is_full)
		lab_init(&lab, FULL);
	else
		lab_init(&lab, CLOUD);
	set(&lab.cell, cells[_i].cell);
	boot();
	look(&lab.cell, &e);
	sentence = effective_mismatch(&e);
	ck_assert_msg(!sentence, "%s: %s", cells[_i].cell, sentence);
	ck_assert_uint_ge(e.n, 25);
	ck_assert_str_eq(value_of(&e, "machine"), "q35");
	effectives_done(&e);
	lab_done(&lab);
}
END_TEST

/* The VM runs one thing; the trial believes that it asked for another. */
static const struct {
	const char *runs, *asked, *says[3];
} lies[] = {
	{"cache=writeback aio=threads",
	 "cache=none aio=threads",
	 {"cache.direct: asked on, effective off (qmp query-block)",
	  "image.o_direct: asked on, effective off (/proc/PID/fdinfo)", NULL}},
	{"aio=threads vcpus=1 queues=1 discard=ignore",
	 "aio=io_uring vcpus=2 queues=2 discard=unmap",
	 {"vcpus: asked 2, effective 1 (qmp query-cpus-fast)",
	  "aio: asked io_uring, effective threads (qemu's command line)",
	  "aio.io_uring: asked yes, effective no (/proc/PID/fd)"}},
	{"cache=writethrough iothreads=0",
	 "cache=writeback iothreads=1",
	 {"disk.iothreads: asked 1, effective 0",
	  "cache.writeback: asked on, effective off (qmp query-block)",
	  "guest.write_cache: asked write back, effective write through (guest sysfs)"}},
	{"bus=virtio-scsi",
	 "bus=virtio-blk",
	 {"device: asked virtio-blk-pci, effective scsi-hd",
	  "guest.driver: asked virtio_blk, effective virtio_scsi (guest sysfs)", NULL}},
};

/* Every difference as the sentence has it, one a line, without its limit. */
static char *all_differences(const struct effectives *e)
{
	struct bl_buf b = BL_BUF_INIT;

	for (size_t i = 0; i < e->n; i++) {
		struct effectives one = {.items = &e->items[i], .n = 1};
		BL_CLEANUP(bl_freep) char *text = effective_mismatch(&one);

		if (text)
			bl_buf_addf(&b, "%s\n", text);
	}
	return bl_buf_take(&b);
}

START_TEST(a_vm_that_runs_something_else_is_told_with_both_values)
{
	BL_CLEANUP(bl_freep) char *sentence = NULL, *all = NULL;
	struct effectives e = {0};
	struct cell asked;

	lab_init(&lab, CLOUD);
	set(&lab.cell, lies[_i].runs);
	asked = lab.cell;
	set(&asked, lies[_i].asked);
	boot();
	look(&asked, &e);
	sentence = effective_mismatch(&e);
	all = all_differences(&e);
	ck_assert_ptr_nonnull(sentence);
	for (size_t i = 0; i < BL_ARRAY_LEN(lies[_i].says) && lies[_i].says[i]; i++)
		ck_assert_msg(strstr(all, lies[_i].says[i]) != NULL, "'%s' is not in:\n%s",
			      lies[_i].says[i], all);
	effectives_done(&e);
	lab_done(&lab);
}
END_TEST

/* Another version of QEMU out of unpacked packages, and what only it can do. */
static const char *const newer[] = {
	"bus=virtio-blk vcpus=2 iothreads=2 aio=io_uring",
	"bus=virtio-scsi vcpus=2 iothreads=2 queues=2",
	"bus=nvme-emulated cache=writeback",
};

START_TEST(an_unpacked_emulator_runs_beside_the_installed_one)
{
	const char *named = getenv("BLKLAB_TEST_QEMU");
	BL_CLEANUP(bl_freep)
	char *folder = named ? strdup(named) : bl_strf("%s/.cache/packages/qemu-next", SOURCE_DIR);
	BL_CLEANUP(bl_freep) char *sentence = NULL;
	struct emulator host = {0}, next = {0};
	struct effectives e = {0};

	lab_init(&lab, CLOUD);
	ck_assert_int_eq(emulator_resolve("", NULL, lab.dir, &host, &lab.err), 0);
	ck_assert_msg(emulator_resolve(folder, WRAPPER, lab.dir, &next, &lab.err) == 0,
		      "%s (set BLKLAB_TEST_QEMU, or `make guests`)", lab.err.text);
	ck_assert_str_ne(host.version, next.version);
	lab.bind.emulator = next.path;
	lab.bind.emulator_version = next.version;
	set(&lab.cell, newer[_i]);
	boot();
	look(&lab.cell, &e);
	sentence = effective_mismatch(&e);
	ck_assert_msg(!sentence, "%s: %s", newer[_i], sentence);
	ck_assert_str_eq(value_of(&e, "emulator.version"), next.version);
	effectives_done(&e);
	lab_done(&lab);
	emulator_done(&host);
	emulator_done(&next);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("effective on real VMs");
	TCase *t = tcase_create("effective");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, a_vm_runs_what_its_cell_says, 0, BL_ARRAY_LEN(cells));
	tcase_add_loop_test(t, a_vm_that_runs_something_else_is_told_with_both_values, 0,
			    BL_ARRAY_LEN(lies));
	tcase_add_loop_test(t, an_unpacked_emulator_runs_beside_the_installed_one, 0,
			    BL_ARRAY_LEN(newer));
	suite_add_tcase(s, t);
	return suite_run(s);
}
