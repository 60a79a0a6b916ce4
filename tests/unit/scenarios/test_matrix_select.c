/* Some cells of a scenario, each once more with something changed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "scenario_text.h"

#define MAX 4

static const char paths[] = TEXT_HEAD "vm: { vcpus: 4 }\n"
				      "axes: { bus: [virtio-blk, virtio-scsi, host], "
				      "iothreads: [0, 1] }\n"
				      "include: [ { name: old, bus: sata, iothreads: 0 } ]\n"
				      "reference: virtio-scsi io1\n";
/* 0 virtio-blk io0, 1 virtio-blk io1, 2 virtio-scsi io0, 3 virtio-scsi io1, 4 host, 5 old */

static int choose(const size_t *cells, size_t n, const char *const *changes, struct matrix **ret,
		  struct bl_err *err)
{
	BL_CLEANUP(scenario_freep) struct scenario *sc = must_parse(paths);
	BL_CLEANUP(matrix_freep) struct matrix *m = must_expand(sc);
	struct matrix_choice want = {.cells = cells, .n_cells = n, .changes = changes};

	while (want.n_changes < MAX && changes[want.n_changes])
		want.n_changes++;
	return matrix_select(m, &want, ret, err);
}

static const struct {
	size_t cells[MAX], n;
	const char *changes[MAX];
	const char *names;
	size_t reference;
} good[] = {
	/* the scenario's order, whatever the order of words; twice is once */
	{{3, 1, 3}, 3, {NULL}, "virtio-blk io1|virtio-scsi io1|", 1},
	{{0},
	 0,
	 {NULL},
	 "virtio-blk io0|virtio-blk io1|virtio-scsi io0|virtio-scsi io1|host|old|",
	 3},
	/* without the reference: the first */
	{{5}, 1, {NULL}, "old|", 0},
	/* a cell that the scenario does not have */
	{{1}, 1, {"cache=writeback"}, "virtio-blk io1|virtio-blk io1 +cache=writeback|", 0},
	/* one that it has, by its own name */
	{{0}, 1, {"iothreads=1"}, "virtio-blk io0|virtio-blk io1|", 0},
	/* several axes at once, by commas or blanks; each change for itself */
	{{1}, 1, {"bus=sata,iothreads=0"}, "virtio-blk io1|old|", 0},
	{{1},
	 1,
	 {"aio=native cache=directsync", "queues=2"},
	 "virtio-blk io1|virtio-blk io1 +aio=native +cache=directsync|virtio-blk io1 +queues=2|",
	 0},
	/* what is so already is not in the name */
	{{1}, 1, {"iothreads=1,queues=2"}, "virtio-blk io1|virtio-blk io1 +queues=2|", 0},
	/* a path keeps its commas, and is short in the name */
	{{1},
	 1,
	 {"kernel=/a,b c/vmlinuz,queues=2"},
	 "virtio-blk io1|virtio-blk io1 +kernel=vmlinuz +queues=2|",
	 0},
	/* without a choice: where it has a meaning and is not so already; alike ones once */
	{{0},
	 0,
	 {"cache=unsafe"},
	 "virtio-blk io0|virtio-blk io1|virtio-scsi io0|virtio-scsi io1|host|old|"
	 "virtio-blk io0 +cache=unsafe|virtio-blk io1 +cache=unsafe|virtio-scsi io0 +cache=unsafe|"
	 "virtio-scsi io1 +cache=unsafe|old +cache=unsafe|",
	 3},
	{{0},
	 0,
	 {"bus=nvme-emulated,iothreads=0"},
	 "virtio-blk io0|virtio-blk io1|virtio-scsi io0|virtio-scsi io1|host|old|"
	 "virtio-blk io0 +bus=nvme-emulated|",
	 3},
};

START_TEST(a_choice_is_these_cells_and_each_once_more_changed)
{
	BL_CLEANUP(matrix_freep) struct matrix *m = NULL;
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(choose(good[_i].cells, good[_i].n, good[_i].changes, &m, &err) == 0, "%s",
		      err.text);
	for (size_t i = 0; i < matrix_len(m); i++)
		bl_buf_addf(&out, "%s|", matrix_cell(m, i)->name);
	ck_assert_str_eq(bl_buf_str(&out), good[_i].names);
	ck_assert_uint_eq(matrix_reference(m), good[_i].reference);
}
END_TEST

START_TEST(a_changed_cell_differs_in_what_was_changed_only)
{
	static const char *const changes[MAX] = {"cache=writeback", "bus=host"};
	static const size_t cells[] = {1};
	BL_CLEANUP(matrix_freep) struct matrix *m = NULL;
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(choose(cells, 1, changes, &m, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(matrix_len(m), 3);
	for (size_t i = 0; i < n_axis_rows; i++)
		ck_assert(axis_equal(&axis_rows[i], matrix_cell(m, 0), matrix_cell(m, 1)) ==
			  (strcmp(axis_rows[i].name, "cache") != 0));
	ck_assert_uint_eq(matrix_cell(m, 1)->vcpus, 4);
	ck_assert_int_eq(matrix_cell(m, 1)->cache, CACHE_WRITEBACK);
	/* what has no meaning there went back to the default: it is the scenario's cell */
	ck_assert_str_eq(matrix_cell(m, 2)->name, "host");
	ck_assert_uint_eq(matrix_cell(m, 2)->vcpus, 1);
}
END_TEST

static const struct {
	size_t cells[MAX], n;
	const char *change, *says;
} bad[] = {
	{{0},
	 1,
	 "iothread=1",
	 "'iothread=1': 'iothread' is not an axis; did you mean 'iothreads'? one of bus, storage,"},
	{{0}, 1, "iothreads", "'iothreads': 'iothreads' is no AXIS=VALUE, for example iothreads=1"},
	{{0}, 1, "=1", "'=1': '=1' is no AXIS=VALUE"},
	{{0},
	 1,
	 "iothreads=99",
	 "'iothreads=99': iothreads: '99' is not a whole number from 0 to 64"},
	{{0}, 1, "cache=none,cache=unsafe", "cache has two values; give two of them to try both"},
	{{0},
	 1,
	 "cache=writebak",
	 "cache: 'writebak' is not a cache mode; one of none, writeback,"},
	{{1},
	 1,
	 "bus=sata",
	 "cell 'virtio-blk io1': iothreads: '1' is impossible with bus 'sata': QEMU serves"},
	{{1}, 1, "iothreads=1", "cell 'virtio-blk io1' is so already"},
	{{4}, 1, "cache=none", "cache has no meaning in cell 'host'; it means something only in"},
	{{1},
	 1,
	 "cluster_size=1MiB",
	 "cluster_size has no meaning in cell 'virtio-blk io1'; it means something only in a cell "
	 "of format qcow2"},
	{{0},
	 0,
	 "format=raw",
	 "'format=raw': changes no cell: each is so already, or has no format"},
	{{0},
	 0,
	 "aio=native,cache=unsafe",
	 "cell 'virtio-blk io0': aio: 'native' is impossible with cache 'unsafe'"},
};

START_TEST(a_choice_that_cannot_be_is_refused_with_what_can)
{
	const char *const changes[MAX] = {bad[_i].change};
	struct bl_err err = BL_ERR_INIT;
	struct matrix *m = NULL;

	ck_assert_int_eq(choose(bad[_i].cells, bad[_i].n, changes, &m, &err), -EINVAL);
	ck_assert_msg(strstr(err.text, bad[_i].says) != NULL, "%s", err.text);
	ck_assert_ptr_null(m);
}
END_TEST

START_TEST(a_name_that_gets_too_long_is_refused)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *sc = must_parse(
		TEXT_HEAD "include: [ { name: '0123456789012345678901234567890123456789012345678901"
			  "23456789012345678901234567890123456789012345678901234567890123456789"
			  "01234567890123456789012345', cache: unsafe } ]\n");
	BL_CLEANUP(matrix_freep) struct matrix *m = must_expand(sc);
	static const char *const changes[] = {"cache=none,aio=native"};
	static const size_t cells[] = {1};
	struct matrix_choice want = {cells, 1, changes, 1};
	struct bl_err err = BL_ERR_INIT;
	struct matrix *chosen = NULL;

	ck_assert_int_eq(matrix_select(m, &want, &chosen, &err), -E2BIG);
	ck_assert_msg(strstr(err.text, "+cache=none +aio=native' is too long, 170 letters of 159"),
		      "%s", err.text);
}
END_TEST

START_TEST(a_device_that_only_other_cells_use_is_no_mistake_in_a_choice)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *sc = must_parse(TEXT_HEAD "axes: { storage: [file, device] }\n");
	BL_CLEANUP(matrix_freep) struct matrix *m = must_expand(sc);
	BL_CLEANUP(matrix_freep) struct matrix *chosen = NULL;
	static const size_t cells[] = {0};
	struct matrix_choice want = {.cells = cells, .n_cells = 1};
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(matrix_needs_device(m, sc, NULL), -EINVAL);
	ck_assert_int_eq(matrix_select(m, &want, &chosen, &err), 0);
	ck_assert(matrix_uses_device(m));
	ck_assert(!matrix_uses_device(chosen));
	ck_assert_msg(matrix_needs_device(chosen, sc, &err) == 0, "%s", err.text);
}
END_TEST

START_TEST(one_cell_may_be_several_that_are_equal)
{
	BL_CLEANUP(scenario_freep) struct scenario *sc = must_parse(paths);
	BL_CLEANUP(matrix_freep) struct matrix *m = must_expand(sc), *copies = NULL;
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(matrix_copies(m, 1, 1, &copies, &err), -EINVAL);
	ck_assert_ptr_null(copies);
	ck_assert_int_eq(matrix_copies(m, 1, 3, &copies, NULL), 0);
	ck_assert_uint_eq(matrix_len(copies), 3);
	ck_assert_uint_eq(matrix_reference(copies), 0);
	ck_assert_str_eq(matrix_cell(copies, 0)->name, "virtio-blk io1 1 of 3");
	ck_assert_str_eq(matrix_cell(copies, 2)->name, "virtio-blk io1 3 of 3");
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < n_axis_rows; k++)
			ck_assert(axis_equal(&axis_rows[k], matrix_cell(m, 1),
					     matrix_cell(copies, i)));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("matrix_select");
	TCase *t = tcase_create("select");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, a_choice_is_these_cells_and_each_once_more_changed, 0,
			    BL_ARRAY_LEN(good));
	tcase_add_test(t, a_changed_cell_differs_in_what_was_changed_only);
	tcase_add_loop_test(t, a_choice_that_cannot_be_is_refused_with_what_can, 0,
			    BL_ARRAY_LEN(bad));
	tcase_add_test(t, a_name_that_gets_too_long_is_refused);
	tcase_add_test(t, one_cell_may_be_several_that_are_equal);
	tcase_add_test(t, a_device_that_only_other_cells_use_is_no_mistake_in_a_choice);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
