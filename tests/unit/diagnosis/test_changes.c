/* Every change that rules propose, in every cell: what is said must be what `run --with` takes. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "changes.h"
#include "cleanup.h"
#include "matrix.h"

/* Every value that makes a difference to whether a change can be. */
static const char *const values[][6] = {
	{"storage", "file", "device", "filesystem", "nbd"},
	{"cache", "none", "writeback", "unsafe"},
	{"aio", "threads", "native"},
	{"format", "raw", "qcow2"},
	{"cluster_size", "auto", "4KiB"},
	{"preallocation", "off", "metadata", "full"},
	{"iothreads", "0", "1"},
	{"queues", "auto", "1"},
	{"discard", "ignore", "unmap"},
	{"throttle", "off", "500iops"},
};

#define N_AXES BL_ARRAY_LEN(values)

static size_t n_cells, n_fit, n_dropped;

static struct matrix *matrix_of(const struct cell *c)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(scenario_freep) struct scenario *sc = NULL;
	struct bl_err err = BL_ERR_INIT;
	struct matrix *m = NULL;
	size_t n = 0;

	bl_buf_adds(&text, "name: t\njobs: ../jobs/quick.fio\naxes: {");
	for (size_t i = 0; i < n_axis_rows; i++) {
		if (!axis_applies(&axis_rows[i], c) || axis_rows[i].is_path)
			continue;
		bl_buf_addf(&text, "%s %s: [", n++ ? "," : "", axis_rows[i].name);
		axis_rows[i].get(c, &text);
		bl_buf_addc(&text, ']');
	}
	bl_buf_adds(&text, " }\n");
	ck_assert_msg(scenario_parse(bl_buf_str(&text), SOURCE_DIR "/scenarios/library/t.yaml", &sc,
				     &err) == 0,
		      "%s: %s", bl_buf_str(&text), err.text);
	ck_assert_msg(matrix_expand(sc, &m, &err) == 0, "%s: %s", bl_buf_str(&text), err.text);
	ck_assert_uint_eq(matrix_len(m), 1);
	return m;
}

static void as_stored(const struct cell *c, struct cell_record *ret)
{
	*ret = (struct cell_record){0};
	for (size_t i = 0; i < n_axis_rows; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf value = BL_BUF_INIT;

		if (!axis_applies(&axis_rows[i], c))
			continue;
		axis_rows[i].get(c, &value);
		facts_add(&ret->axes, axis_rows[i].name, bl_buf_str(&value));
	}
}

/* What it was changed for, and nothing else: above all, on the same storage. */
static void expect_only(const struct cell *from, const struct cell *to, const char *change)
{
	for (size_t i = 0; i < n_axis_rows; i++) {
		const struct axis_row *row = &axis_rows[i];
		bool applies = axis_applies(row, from);

		if (strstr(change, row->name))
			continue;
		ck_assert_msg(applies == axis_applies(row, to) || !applies ||
				      !strncmp(change, "format=", 7),
			      "%s: %s has no meaning any more", change, row->name);
		ck_assert_msg(!applies || !axis_applies(row, to) || axis_equal(row, from, to),
			      "%s also changes %s", change, row->name);
		ck_assert_msg(strcmp(row->name, "storage") != 0 || applies == axis_applies(row, to),
			      "%s puts the disk elsewhere", change);
	}
}

static void try_change(const struct matrix *m, const struct cell_record *c, const char *proposal)
{
	static const size_t first[] = {0};
	const struct cell *from = matrix_cell(m, 0);
	BL_CLEANUP(matrix_freep) struct matrix *chosen = NULL;
	struct bl_err err = BL_ERR_INIT;
	char change[CHANGE_MAX];
	const char *const changes[] = {change};
	struct matrix_choice want = {
		.cells = first, .n_cells = 1, .changes = changes, .n_changes = 1};

	if (!change_for_cell(c, proposal, change)) {
		ck_assert_str_eq(change, "");
		n_dropped++;
		return;
	}
	n_fit++;
	ck_assert_msg(matrix_select(m, &want, &chosen, &err) == 0, "cell '%s': %s",
		      matrix_cell(m, 0)->name, err.text);
	ck_assert_uint_eq(matrix_len(chosen), 2);
	expect_only(from, matrix_cell(chosen, 1), change);
}

/* The @n-th of all combinations; false: it is none that a scenario can have, or has twice. */
static bool make_cell(size_t n, enum cell_bus bus, struct cell *ret)
{
	cell_defaults(ret);
	ret->bus = bus;
	ret->vcpus = bus == BUS_HOST ? 1 : 2;
	for (size_t i = 0; i < N_AXES; i++) {
		size_t many = 1;

		while (many < 6 && values[i][many])
			many++;
		ck_assert_int_eq(
			axis_find(values[i][0])->set(ret, values[i][1 + n % (many - 1)], NULL), 0);
		n /= many - 1;
	}
	return cell_check(ret, NULL) == 0;
}

START_TEST(what_is_proposed_is_what_a_run_takes)
{
	size_t all = 1;

	n_cells = n_fit = n_dropped = 0;
	for (size_t i = 0; i < N_AXES; i++) {
		size_t many = 1;

		while (many < 6 && values[i][many])
			many++;
		all *= many - 1;
	}
	for (size_t n = 0; n < all; n++) {
		BL_CLEANUP(matrix_freep) struct matrix *m = NULL;
		struct cell_record record;
		struct cell c;

		if (!make_cell(n, (enum cell_bus)_i, &c))
			continue;
		n_cells++;
		m = matrix_of(&c);
		as_stored(matrix_cell(m, 0), &record);
		for (size_t i = 0; i < n_change_proposals; i++)
			try_change(m, &record, change_proposals[i]);
		facts_done(&record.axes);
	}
	printf("%s: %zu cells, %zu changes fit, %zu are dropped\n", cell_bus_names[_i], n_cells,
	       n_fit, n_dropped);
	ck_assert_uint_gt(n_cells, 0);
	if (_i != BUS_HOST && _i != BUS_VFIO)
		ck_assert_uint_gt(n_fit, n_cells / 2);
	else
		ck_assert_uint_eq(n_fit, 0);
}
END_TEST

START_TEST(a_change_may_need_another_with_it)
{
	static const struct {
		const char *axes[8], *proposal, *change;
	} cases[] = {
		{{"bus=virtio-blk", "format=qcow2", "preallocation=metadata", "storage=file"},
		 "format=raw",
		 "format=raw,preallocation=off"},
		{{"bus=virtio-blk", "format=qcow2", "preallocation=metadata", "storage=device"},
		 "format=raw",
		 "format=raw"},
		{{"bus=virtio-blk", "format=qcow2", "preallocation=off", "storage=device"},
		 "preallocation=full",
		 "preallocation=metadata"},
		{{"bus=virtio-blk", "format=qcow2", "preallocation=metadata", "storage=device"},
		 "preallocation=full",
		 ""},
		{{"bus=nvme-userspace"}, "bus=virtio-blk", ""},
		{{"bus=virtio-blk", "storage=nbd", "cache=none"}, "aio=native", ""},
		{{"bus=virtio-blk", "format=qcow2", "cluster_size=auto"}, "cluster_size=auto", ""},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cell_record c = {0};
		char change[CHANGE_MAX];

		for (size_t k = 0; k < 8 && cases[i].axes[k]; k++) {
			char axis[32];
			size_t n = strcspn(cases[i].axes[k], "=");

			snprintf(axis, sizeof axis, "%.*s", (int)n, cases[i].axes[k]);
			facts_add(&c.axes, axis, cases[i].axes[k] + n + 1);
		}
		change_for_cell(&c, cases[i].proposal, change);
		ck_assert_str_eq(change, cases[i].change);
		facts_done(&c.axes);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("changes");
	TCase *t = tcase_create("changes");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 240);
	tcase_add_loop_test(t, what_is_proposed_is_what_a_run_takes, 0, BUSES);
	tcase_add_test(t, a_change_may_need_another_with_it);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
