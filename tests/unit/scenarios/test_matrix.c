#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "scenario_text.h"

/* The cells' names, each followed by a bar. */
static void ck_names(const char *text, const char *names)
{
	BL_CLEANUP(scenario_freep) struct scenario *sc = must_parse(text);
	BL_CLEANUP(matrix_freep) struct matrix *m = must_expand(sc);
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

	for (size_t i = 0; i < matrix_len(m); i++)
		bl_buf_addf(&out, "%s|", matrix_cell(m, i)->name);
	ck_assert_str_eq(bl_buf_str(&out), names);
}

static const struct {
	const char *text, *names;
} good[] = {
	/* nothing varies: the bus */
	{TEXT_HEAD, "virtio-blk|"},
	{TEXT_HEAD "axes: { bus: sata, cache: unsafe }\n", "sata|"},
	/* file order decides the order of cells, the table the order of words */
	{TEXT_HEAD "axes: { cache: [none, unsafe], iothreads: [0, 1] }\n",
	 "io0 none|io1 none|io0 unsafe|io1 unsafe|"},
	{TEXT_HEAD "axes: { iothreads: [0, 1], cache: [none, unsafe] }\n",
	 "io0 none|io0 unsafe|io1 none|io1 unsafe|"},
	{TEXT_HEAD "vm: { vcpus: 4 }\n"
		   "axes: { queues: [auto, 1, 4], discard: [ignore, unmap] }\n",
	 "q-auto discard-ignore|q-auto discard-unmap|q1 discard-ignore|q1 discard-unmap|"
	 "q4 discard-ignore|q4 discard-unmap|"},
	{TEXT_HEAD "axes: { vcpus: [1, 2], preallocation: [\"off\", full] }\n",
	 "prealloc-off 1cpu|prealloc-full 1cpu|prealloc-off 2cpu|prealloc-full 2cpu|"},
	/* excludes remove all cells that match all their values */
	{TEXT_HEAD "axes: { bus: [virtio-blk, sata], iothreads: [0, 1] }\n"
		   "exclude: [ { bus: sata, iothreads: 1 } ]\n",
	 "virtio-blk io0|virtio-blk io1|sata io0|"},
	{TEXT_HEAD "axes: { bus: [virtio-blk, sata], cache: [none, unsafe] }\n"
		   "exclude: [ { bus: sata }, { bus: sata, cache: none } ]\n",
	 "none|unsafe|"},
	/* an exclude may name a default */
	{TEXT_HEAD "axes: { bus: [virtio-blk, sata] }\n"
		   "exclude: [ { bus: sata, cache: none } ]\n",
	 "virtio-blk|"},
	/* the host has no other axis: one cell */
	{TEXT_HEAD "axes: { bus: [virtio-blk, host], cache: [none, unsafe], iothreads: [0, 1] }\n",
	 "virtio-blk io0 none|virtio-blk io1 none|virtio-blk io0 unsafe|virtio-blk io1 unsafe|"
	 "host|"},
	/* it stays when an exclude takes some of what it came from */
	{TEXT_HEAD "axes: { bus: [virtio-blk, host], cache: [none, unsafe] }\n"
		   "exclude: [ { bus: host, cache: none } ]\n",
	 "virtio-blk none|virtio-blk unsafe|host|"},
	{TEXT_HEAD "axes: { format: [raw, qcow2], cluster_size: [64k, 1M] }\n",
	 "raw|qcow2 c64KiB|qcow2 c1MiB|"},
	/* native with writeback is impossible, but not on the host */
	{TEXT_HEAD "axes: { bus: [virtio-blk, host], aio: [native], cache: [none] }\n"
		   "include: [ { cache: writeback, aio: threads } ]\n",
	 "virtio-blk none native|host|virtio-blk writeback threads|"},
	/* includes take the first value of each axis they do not name */
	{TEXT_HEAD "axes: { bus: [virtio-scsi, sata], cache: [unsafe, none] }\n"
		   "include: [ { format: qcow2 }, { bus: virtio-blk } ]\n",
	 "virtio-scsi unsafe raw|virtio-scsi none raw|sata unsafe raw|sata none raw|"
	 "virtio-scsi unsafe qcow2|virtio-blk unsafe raw|"},
	/* an include is not subject to excludes */
	{TEXT_HEAD "axes: { bus: [virtio-blk, sata] }\n"
		   "exclude: [ { bus: sata } ]\n"
		   "include: [ { bus: sata } ]\n",
	 "virtio-blk|sata|"},
	/* a cell with a name of its own does not lengthen the others' */
	{TEXT_HEAD "axes: { bus: [virtio-blk, sata] }\n"
		   "include: [ { name: big one, vcpus: 8 }, { name: floor, bus: host } ]\n",
	 "virtio-blk|sata|big one|floor|"},
	/* the same configuration twice, to see the noise */
	{TEXT_HEAD "axes: { bus: sata }\n"
		   "include: [ { name: again, bus: sata } ]\n",
	 "sata|again|"},
	{TEXT_HEAD "axes: { bus: host }\n", "host|"},
	/* paths by their last part; alike ones get a number */
	{TEXT_HEAD "axes: { kernel: [default, /a/vmlinuz, /b/vmlinuz, /c/other/] }\n",
	 "kernel-default|vmlinuz#1|vmlinuz#2|other|"},
	{TEXT_HEAD "axes: { emulator: [default, /a/qemu-10, 'q-with-a-very-very-long-name'] }\n",
	 "qemu-default|qemu-10|q-with-a-very-very-long|"},
	{TEXT_HEAD "axes: { kernel: ['https://x.org/k.deb#sha256=00', /tmp/k.deb] }\n",
	 "k.deb#1|k.deb#2|"},
	{TEXT_HEAD "axes: { kernel: ['apt:linux-image-amd64', 'apt:linux-image-amd64/backports', "
		   "'apt:my-kernel=6.1'] }\n",
	 "amd64|amd64/backports|my-kernel=6.1|"},
	{TEXT_HEAD "axes: { emulator: ['apt:qemu-system-x86', 'apt:qemu-system-x86/backports'] }\n",
	 "qemu|qemu/backports|"},
};

START_TEST(the_cells_are_the_product_minus_excludes_plus_includes)
{
	ck_names(good[_i].text, good[_i].names);
}
END_TEST

START_TEST(a_cell_has_the_default_where_the_axis_has_no_meaning)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *sc = must_parse(
		TEXT_HEAD "vm: { vcpus: 4 }\n"
			  "axes: { bus: [virtio-blk, host], cache: unsafe, format: qcow2, "
			  "cluster_size: 1MiB, queues: 4 }\n");
	BL_CLEANUP(matrix_freep) struct matrix *m = must_expand(sc);
	const struct cell *host = matrix_cell(m, 1);
	struct cell defaults;

	cell_defaults(&defaults);
	ck_assert_int_eq(host->bus, BUS_HOST);
	for (size_t i = 1; i < n_axis_rows; i++)
		ck_assert(axis_equal(&axis_rows[i], host, &defaults));
	ck_assert_uint_eq(matrix_cell(m, 0)->vcpus, 4);
}
END_TEST

START_TEST(every_cell_of_a_large_product_is_possible_and_has_its_own_name)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *sc = must_parse(
		TEXT_HEAD "axes:\n"
			  "  bus: [virtio-blk, virtio-scsi, sata, nvme-emulated, vfio, "
			  "nvme-userspace, host]\n"
			  "  storage: [file, device, filesystem]\n"
			  "  iothreads: [0, 1]\n"
			  "  cache: [none, writeback, writethrough, directsync, unsafe]\n"
			  "  aio: [threads, io_uring]\n"
			  "  format: [raw, qcow2]\n"
			  "  cluster_size: [4KiB, 64KiB, 2MiB]\n"
			  "  discard: unmap\n"
			  "exclude:\n"
			  "  - { bus: sata, iothreads: 1 }\n"
			  "  - { bus: nvme-emulated, iothreads: 1 }\n");
	BL_CLEANUP(matrix_freep) struct matrix *m = must_expand(sc);
	struct bl_err err = BL_ERR_INIT;

	/* (2 buses x 2 iothreads + 2 buses) x 3 x 5 x 2 x (1 + 3); vfio; nvme-userspace by
	 * iothreads; and the host by storage */
	ck_assert_uint_eq(matrix_len(m), 6 * 3 * 5 * 2 * 4 + 1 + 2 + 3);
	for (size_t i = 0; i < matrix_len(m); i++) {
		ck_assert_msg(cell_check(matrix_cell(m, i), &err) == 0, "%s", err.text);
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(matrix_cell(m, i)->name, matrix_cell(m, k)->name);
	}
}
END_TEST

START_TEST(the_longest_names_fit)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	static const char longest[] = "a-directory-name-that-is-long-enough-to-be-cut";

	bl_buf_addf(&text,
		    TEXT_HEAD "axes:\n"
			      "  bus: [virtio-scsi, virtio-blk]\n"
			      "  storage: [filesystem, file]\n"
			      "  iothreads: [10, 11]\n"
			      "  queues: [100, 101]\n"
			      "  cache: [writethrough, none]\n"
			      "  aio: [io_uring, threads]\n"
			      "  format: qcow2\n"
			      "  cluster_size: [512KiB, 64KiB]\n"
			      "  preallocation: [metadata, full]\n"
			      "  discard: [ignore, unmap]\n"
			      "  vcpus: [200, 201]\n"
			      "  kernel: [/a/%s, /b/%s]\n"
			      "  emulator: [/a/%s, /b/%s]\n",
		    longest, longest, longest, longest);
	BL_CLEANUP(scenario_freep) struct scenario *sc = must_parse(bl_buf_str(&text));
	BL_CLEANUP(matrix_freep) struct matrix *m = must_expand(sc);

	ck_assert_uint_eq(matrix_len(m), 4096);
	ck_assert_str_eq(
		matrix_cell(m, 0)->name,
		"virtio-scsi filesystem io10 q100 writethrough io_uring c512KiB prealloc-metadata "
		"discard-ignore 200cpu a-directory-name-that-i#1 a-directory-name-that-i#1");
}
END_TEST

START_TEST(too_many_cells_are_refused_before_they_are_made)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(scenario_freep) struct scenario *sc = NULL;
	struct bl_err err = BL_ERR_INIT;
	struct matrix *m = NULL;

	bl_buf_adds(&text, TEXT_HEAD "axes:\n");
	for (int axis = 0; axis < 2; axis++) {
		bl_buf_adds(&text, axis ? "  queues: [" : "  vcpus: [");
		for (int i = 1; i <= 100; i++)
			bl_buf_addf(&text, "%d,", i);
		bl_buf_adds(&text, "]\n");
	}
	sc = must_parse(bl_buf_str(&text));
	ck_assert_int_eq(matrix_expand(sc, &m, &err), -E2BIG);
	ck_assert_str_eq(err.text, "the axes of 't' give more than 4096 cells; take values out, or "
				   "add single cells by include");
	ck_assert_ptr_null(m);
}
END_TEST

START_TEST(the_reference_is_a_cell_by_name_or_the_first)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *a = must_parse(TEXT_HEAD "axes: { cache: [none, unsafe] }\n");
	BL_CLEANUP(scenario_freep)
	struct scenario *b =
		must_parse(TEXT_HEAD "axes: { cache: [none, unsafe] }\nreference: unsafe\n");
	BL_CLEANUP(matrix_freep) struct matrix *ma = must_expand(a);
	BL_CLEANUP(matrix_freep) struct matrix *mb = must_expand(b);

	ck_assert_uint_eq(matrix_reference(ma), 0);
	ck_assert_uint_eq(matrix_reference(mb), 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("matrix");
	TCase *tc = tcase_create("matrix");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, the_cells_are_the_product_minus_excludes_plus_includes, 0,
			    BL_ARRAY_LEN(good));
	tcase_add_test(tc, a_cell_has_the_default_where_the_axis_has_no_meaning);
	tcase_add_test(tc, every_cell_of_a_large_product_is_possible_and_has_its_own_name);
	tcase_add_test(tc, the_longest_names_fit);
	tcase_add_test(tc, too_many_cells_are_refused_before_they_are_made);
	tcase_add_test(tc, the_reference_is_a_cell_by_name_or_the_first);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
