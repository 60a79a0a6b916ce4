/* Signals in the store: what is damaged or made to hurt is left out, and told; the rest stays. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "cleanup.h"
#include "db.h"
#include "leb128.h"
#include "made_run.h"
#include "store.h"

static struct store *store_of(struct run_data *d)
{
	struct bl_err err = BL_ERR_INIT;
	struct store *s = NULL;

	make_run(d, 1);
	ck_assert_msg(store_open(in_test_dir("s.db"), STORE_WRITE, &s, &err) == 0, "%s", err.text);
	ck_assert_int_eq(store_put_run(s, &d->run, d->cells, d->n_cells, NULL), 0);
	for (size_t i = 0; i < d->n_trials; i++)
		ck_assert_msg(store_put_trial(s, &d->trials[i], &err) == 0, "%s", err.text);
	for (size_t i = 0; i < d->n_handovers; i++)
		ck_assert_int_eq(store_put_handover(s, &d->handovers[i], NULL), 0);
	return s;
}

/* In the row of trial 0's first job and the host: another encoding (NULL: the same) and bytes. */
static void damage(struct store *s, const struct run_data *d, const char *encoding,
		   const struct bl_buf *bytes)
{
	BL_CLEANUP(stmt_freep) sqlite3_stmt *st = NULL;

	ck_assert_int_eq(db_prepare(s,
				    "UPDATE watched SET encoding = coalesce(?, encoding),"
				    " series = ? WHERE watcher = 'host' AND job_result ="
				    " (SELECT id FROM job_result WHERE trial = ? AND idx = 0)",
				    &st, NULL),
			 0);
	ck_assert_int_eq(db_bind(s, st, NULL, "sbs", encoding, bytes, d->trials[0].id), 0);
	ck_assert_int_eq(db_put(s, st, NULL, "damage"), 0);
	ck_assert_int_eq(sqlite3_changes(s->db), 1);
}

static void add_frame(const struct bl_buf *plain, struct bl_buf *out)
{
	char packed[1 << 16];
	size_t n = ZSTD_compress(packed, sizeof packed, plain->data, plain->len, 3);

	ck_assert(!ZSTD_isError(n));
	bl_buf_add(out, packed, n);
}

static void not_a_frame(struct bl_buf *out)
{
	bl_buf_adds(out, "not zstd at all");
}

static void nothing(struct bl_buf *out)
{
	(void)out;
}

static void a_cut_frame(struct bl_buf *out)
{
	struct series_set set = {0};
	struct bl_buf plain = BL_BUF_INIT;

	for (uint64_t i = 1; i < 200; i++) {
		series_moment(&set, i * i * 977);
		series_put(&set, "a", SERIES_GAUGE, i * i * i);
	}
	series_encode(&set, &plain);
	add_frame(&plain, out);
	out->len /= 2;
	bl_buf_done(&plain);
	series_done(&set);
}

/* A frame's header (RFC 8878, 3.1.1): magic, single segment with 8 bytes of content size. */
static void a_frame_that_claims_terabytes(struct bl_buf *out)
{
	static const unsigned char head[] = {0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0,
					     0,    0,    0x10, 0,    0,    1, 0, 0};

	bl_buf_add(out, head, sizeof head);
}

/* Honest about its 200 MiB, which take some kilobytes. */
static void a_bomb(struct bl_buf *out)
{
	size_t size = 200u << 20, bound = 1 << 20, n;
	char *zeros = calloc(1, size), *packed = malloc(bound);

	n = ZSTD_compress(packed, bound, zeros, size, 1);
	ck_assert(!ZSTD_isError(n));
	bl_buf_add(out, packed, n);
	free(zeros);
	free(packed);
}

static void a_frame_without_its_size(struct bl_buf *out)
{
	/* magic, a window descriptor instead of a size, one last raw block of three bytes */
	static const unsigned char bytes[] = {0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0x19, 0, 0, 1, 0, 0};

	bl_buf_add(out, bytes, sizeof bytes);
}

static void no_set_of_series(struct bl_buf *out)
{
	struct bl_buf plain = BL_BUF_INIT;

	bl_buf_adds(&plain, "\x01\x7f\x7f");
	add_frame(&plain, out);
	bl_buf_done(&plain);
}

static const struct {
	const char *encoding;
	void (*make)(struct bl_buf *out);
	const char *says;
} damages[] = {
	{NULL, not_a_frame, "15 bytes that are not a zstd frame with its size"},
	{NULL, nothing, "0 bytes that are not a zstd frame"},
	{NULL, a_cut_frame, "zstd: "},
	{NULL, a_frame_that_claims_terabytes, "claims to be 17592186044416 bytes; at most"},
	{NULL, a_bomb, "claims to be 209715200 bytes; at most 134217728 are read"},
	{NULL, a_frame_without_its_size, "12 bytes that are not a zstd frame with its size"},
	{NULL, no_set_of_series, "not a set of series"},
	{"brotli", no_set_of_series, "has the encoding 'brotli', not zstd"},
};

START_TEST(signals_that_cannot_be_read_are_left_out_and_the_rest_is_there)
{
	struct bl_buf bytes = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct run_data d, out = {0};
	struct store *s = store_of(&d);
	const char *note;

	damages[_i].make(&bytes);
	damage(s, &d, damages[_i].encoding, &bytes);
	ck_assert_msg(store_load_run(s, NULL, &out, &err) == 0, "%s", err.text);
	note = facts_get(&out.run.notes, "watched");
	ck_assert_ptr_nonnull(note);
	ck_assert_msg(strstr(note, damages[_i].says) != NULL, "%s", note);
	ck_assert_msg(strstr(note, d.run.id) && strstr(note, d.trials[0].id) &&
			      strstr(note, "job 'randread-4k', what the host watched: ") &&
			      !strstr(note, "more like it"),
		      "%s", note);
	free(out.run.notes.items[out.run.notes.n - 1].key);
	free(out.run.notes.items[--out.run.notes.n].value);
	series_done(&d.trials[0].jobs[0].watched[WATCHED_HOST]);
	assert_same_run(&d, &out);
	run_data_done(&out);
	run_data_done(&d);
	store_close(s);
	bl_buf_done(&bytes);
}
END_TEST

START_TEST(several_that_cannot_be_read_are_one_note)
{
	struct run_data d, out = {0};
	struct store *s = store_of(&d);
	size_t n = d.run.notes.n;
	const char *note;

	ck_assert_int_eq(
		db_exec(s, "UPDATE watched SET series = x'00' WHERE watcher = 'guest'", NULL), 0);
	ck_assert_int_eq(db_exec(s,
				 "UPDATE watched SET watcher = 'moon' WHERE watcher = 'qemu'"
				 " AND rowid = (SELECT max(rowid) FROM watched"
				 " WHERE watcher = 'qemu')",
				 NULL),
			 0);
	ck_assert_int_eq(store_load_run(s, NULL, &out, NULL), 0);
	ck_assert_uint_eq(out.run.notes.n, n + 1);
	note = facts_get(&out.run.notes, "watched");
	ck_assert_msg(strstr(note, "; and 10 more like it") != NULL, "%s", note);
	ck_assert_uint_eq(out.trials[0].jobs[0].watched[WATCHED_GUEST].n, 0);
	ck_assert_uint_eq(out.trials[0].jobs[0].watched[WATCHED_HOST].n, 12);
	run_data_done(&out);
	run_data_done(&d);
	store_close(s);
}
END_TEST

/* 4000 signals that stay 0 for 400 moments: 13 MB in memory, a few KB in the store. */
static void put_wide_set(struct bl_buf *out)
{
	struct bl_buf plain = BL_BUF_INIT;
	char name[32];

	bl_buf_addc(&plain, 1);
	leb_put(&plain, 400);
	leb_put(&plain, 4000);
	for (int i = 0; i < 400; i++)
		leb_put(&plain, 1);
	for (int i = 0; i < 4000; i++) {
		snprintf(name, sizeof name, "s%d", i);
		leb_put(&plain, SERIES_GAUGE);
		leb_put(&plain, strlen(name));
		bl_buf_adds(&plain, name);
		leb_put(&plain, 0);
		leb_put(&plain, 400);
	}
	add_frame(&plain, out);
	bl_buf_done(&plain);
}

START_TEST(sets_that_would_take_all_memory_are_left_out)
{
	sqlite3_stmt *st = NULL;
	struct bl_buf bytes = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct run_data d, out = {0};
	struct store *s = store_of(&d);
	size_t n_sets = 0;
	const char *note;

	watched_values_max = 6000000;
	put_wide_set(&bytes);
	ck_assert_uint_lt(bytes.len, 40000);
	ck_assert_int_eq(db_prepare(s, "UPDATE watched SET series = ?", &st, NULL), 0);
	ck_assert_int_eq(db_bind(s, st, NULL, "b", &bytes), 0);
	ck_assert_int_eq(db_put(s, st, NULL, "wide"), 0);
	stmt_freep(&st);
	ck_assert_msg(store_load_run(s, NULL, &out, &err) == 0, "%s", err.text);
	note = facts_get(&out.run.notes, "watched");
	ck_assert_ptr_nonnull(note);
	ck_assert_msg(strstr(note, "would be more than 6000000 values in one run") &&
			      strstr(note, " more like it"),
		      "%s", note);
	for (size_t i = 0; i < out.n_trials; i++)
		for (size_t k = 0; k < out.trials[i].n_jobs; k++)
			for (int w = 0; w < WATCHERS; w++)
				n_sets += out.trials[i].jobs[k].watched[w].n > 0;
	ck_assert_uint_eq(n_sets, 3); /* of 1.6 million values each */
	run_data_done(&out);
	run_data_done(&d);
	store_close(s);
	bl_buf_done(&bytes);
}
END_TEST

/* What a job of 10 s costs: 100 signals at 100 moments, most of them like counters of the kernel
 * (busy at a rate that wobbles), some idle, some gauges. */
START_TEST(the_signals_of_a_job_take_little_room)
{
	struct series_set *set;
	struct run_data d;
	struct store *s;
	struct bl_buf plain = BL_BUF_INIT;
	uint64_t seed = 1, sums[100] = {0};
	sqlite3_stmt *st = NULL;
	struct trial_record t;
	size_t n;

	s = store_of(&d);
	make_trial(&t, &d, 9);
	set = &t.jobs[0].watched[WATCHED_HOST];
	series_done(set);
	for (uint64_t m = 0; m < 100; m++) {
		ck_assert_int_eq(series_moment(set, 1000000000 + m * 100000000), 0);
		for (unsigned i = 0; i < 100; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			if (i < 40) /* ns of CPU, disks, pressure */
				sums[i] += 20000000 + (seed >> 40);
			else if (i < 60) /* requests, interrupts, switches */
				sums[i] += 900 + (seed >> 58);
			else if (i < 70) /* bytes */
				sums[i] += ((seed >> 60) + 1) * 4096;
			if (i < 90)
				series_putf(set, SERIES_COUNTER, sums[i], "thread.some%u.run_ns",
					    i);
			else
				series_putf(set, SERIES_GAUGE, (1 << 20) + (seed >> 56) * 4096,
					    "memory.some%u_bytes", i);
		}
	}
	series_encode(set, &plain);
	ck_assert_int_eq(store_put_trial(s, &t, NULL), 0);
	ck_assert_int_eq(db_prepare(s, "SELECT max(length(series)) FROM watched", &st, NULL), 0);
	ck_assert_int_eq(db_row(s, st, NULL), 1);
	n = col_u64(st, 0);
	stmt_freep(&st);
	printf("watched: 100 signals x 100 moments: %zu bytes plain, %zu encoded, %zu stored\n",
	       (size_t)80000 + 800, plain.len, n);
	ck_assert_uint_lt(n, plain.len);
	ck_assert_uint_lt(n, 30000);
	bl_buf_done(&plain);
	trial_record_done(&t);
	run_data_done(&d);
	store_close(s);
}
END_TEST

TCase *watched_cases(void)
{
	TCase *t = tcase_create("watched");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, make_test_dir, drop_test_dir);
	tcase_add_loop_test(t, signals_that_cannot_be_read_are_left_out_and_the_rest_is_there, 0,
			    BL_ARRAY_LEN(damages));
	tcase_add_test(t, several_that_cannot_be_read_are_one_note);
	tcase_add_test(t, sets_that_would_take_all_memory_are_left_out);
	tcase_add_test(t, the_signals_of_a_job_take_little_room);
	return t;
}
