/* What QEMU counts of a disk, out of its answers; also out of answers that it would never give. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block_stats.h"
#include "block_watch.h"
#include "cleanup.h"
#include "clock.h"
#include "scripted.h"
#include "units.h"

#define BACKEND DUT "/virtio-backend"

/* As QEMU 7.2 answered (shortened). */
#define STATS                                                                                      \
	"{'rd_operations': 7, 'rd_bytes': 28672, 'rd_total_time_ns': 7000,"                        \
	" 'wr_operations': 5, 'wr_bytes': 20480, 'wr_total_time_ns': 9000, 'flush_operations': 2," \
	" 'flush_total_time_ns': 300, 'unmap_operations': 1, 'unmap_bytes': 65536,"                \
	" 'unmap_total_time_ns': 50, 'rd_merged': 1, 'wr_merged': 2, 'unmap_merged': 0,"           \
	" 'failed_rd_operations': 1, 'failed_wr_operations': 0, 'failed_flush_operations': 0,"     \
	" 'failed_unmap_operations': 3, 'wr_latency_histogram': {'bins': [1, 3, 1],"               \
	" 'boundaries': [1000, 2000]}}"

static uint64_t value(const struct series_set *s, const char *name)
{
	const struct series *one = series_find(s, name);

	return one ? one->values[s->n - 1] : SERIES_ABSENT;
}

static int put(const char *answer, struct series_set *s)
{
	json_t *v = scripted_json(answer);
	int r;

	ck_assert_int_eq(series_moment(s, 1), 0);
	r = block_stats_put(v, BACKEND, s);
	json_decref(v);
	return r;
}

START_TEST(a_disk_is_the_one_with_that_id_on_every_bus)
{
	ck_assert(block_stats_is(BACKEND, "ua-dut"));
	ck_assert(block_stats_is("ua-dut", "ua-dut"));
	ck_assert(block_stats_is(DUT, "ua-dut"));
	ck_assert(!block_stats_is("/machine/peripheral/ua-dut2/virtio-backend", "ua-dut"));
	ck_assert(!block_stats_is("/machine/peripheral/x-ua-dut", "ua-dut"));
	ck_assert(!block_stats_is("ua-dut-controller", "ua-dut"));
	ck_assert(!block_stats_is("", "ua-dut"));
	ck_assert(!block_stats_is("/virtio-backend", "ua-dut"));
}
END_TEST

START_TEST(counters_and_bins_become_signals)
{
	BL_CLEANUP(series_done) struct series_set s = {0};

	ck_assert_int_eq(put("[{'qdev': 'other', 'stats': {'rd_operations': 99}},"
			     " {'qdev': '" BACKEND "', 'stats': " STATS "}]",
			     &s),
			 0);
	ck_assert_uint_eq(value(&s, "block.reads"), 7);
	ck_assert_uint_eq(value(&s, "block.read_ns"), 7000);
	ck_assert_uint_eq(value(&s, "block.write_bytes"), 20480);
	ck_assert_uint_eq(value(&s, "block.flushes"), 2);
	ck_assert_uint_eq(value(&s, "block.discard_bytes"), 65536);
	ck_assert_uint_eq(value(&s, "block.merges"), 3);
	ck_assert_uint_eq(value(&s, "block.errors"), 4);
	ck_assert_uint_eq(value(&s, "block.write_hist.1000"), 1);
	ck_assert_uint_eq(value(&s, "block.write_hist.2000"), 3);
	ck_assert_uint_eq(value(&s, "block.write_hist.inf"), 1);
	ck_assert_ptr_null(series_find(&s, "block.read_hist.1000"));
	ck_assert_uint_eq(s.n_series, 16);
}
END_TEST

static const struct {
	const char *answer;
	int r;
	size_t n_series;
} strange[] = {
	{"[]", -ENODATA, 0},
	{"{}", -ENODATA, 0},
	{"'text'", -ENODATA, 0},
	{"[1, null, {'qdev': 7}, {'stats': {}}]", -ENODATA, 0},
	{"[{'qdev': '" BACKEND "'}]", -ENODATA, 0},
	{"[{'qdev': '" BACKEND "', 'stats': [1]}]", -ENODATA, 0},
	{"[{'qdev': '" BACKEND "', 'stats': {}}]", 0, 0},
	{"[{'qdev': '" BACKEND "', 'stats': {'rd_operations': -1, 'wr_operations': '5',"
	 " 'rd_bytes': 1.5, 'wr_bytes': null, 'flush_operations': [2]}}]",
	 0, 0},
	{"[{'qdev': '" BACKEND "', 'stats': {'rd_latency_histogram': 3}}]", 0, 0},
	{"[{'qdev': '" BACKEND "', 'stats': {'rd_latency_histogram': {'bins': [1, 2],"
	 " 'boundaries': [10, 20]}}}]",
	 0, 0},
	{"[{'qdev': '" BACKEND "', 'stats': {'rd_latency_histogram': {'bins': [1, 2, 3],"
	 " 'boundaries': [20, 10]}}}]",
	 0, 0},
	{"[{'qdev': '" BACKEND "', 'stats': {'rd_latency_histogram': {'bins': [1, -2, 3],"
	 " 'boundaries': [10, 20]}}}]",
	 0, 0},
	{"[{'qdev': '" BACKEND "', 'stats': {'rd_latency_histogram': {'bins': [],"
	 " 'boundaries': []}}}]",
	 0, 0},
};

START_TEST(what_qemu_would_not_say_is_left_out)
{
	BL_CLEANUP(series_done) struct series_set s = {0};

	ck_assert_int_eq(put(strange[_i].answer, &s), strange[_i].r);
	ck_assert_uint_eq(s.n_series, strange[_i].n_series);
}
END_TEST

START_TEST(a_histogram_of_too_many_bins_is_none)
{
	BL_CLEANUP(series_done) struct series_set s = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	bl_buf_adds(&b, "[{'qdev': '" BACKEND "', 'stats': {'rd_latency_histogram': {'bins': [0");
	for (int i = 0; i < 600; i++)
		bl_buf_adds(&b, ", 0");
	bl_buf_adds(&b, "], 'boundaries': [1");
	for (int i = 1; i < 600; i++)
		bl_buf_addf(&b, ", %d", i + 1);
	bl_buf_adds(&b, "]}}}]");
	ck_assert_int_eq(put(bl_buf_str(&b), &s), 0);
	ck_assert_uint_eq(s.n_series, 0);
}
END_TEST

START_TEST(an_iothread_with_a_strange_id_is_no_signal)
{
	BL_CLEANUP(series_done) struct series_set s = {0};
	struct scripted vm = {
		.base.ops = &scripted_ops,
		.replies = scripted_json(
			"{'query-iothreads': [{'id': 'iothread1', 'poll-max-ns': 32768},"
			" {'id': 'a b', 'poll-max-ns': 1}, {'id': '', 'poll-max-ns': 1},"
			" {'id': 'io0', 'poll-max-ns': -1}, {'id': 7}, 3,"
			" {'id': 'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee',"
			"  'poll-max-ns': 1}]}")};

	ck_assert_int_eq(series_moment(&s, 1), 0);
	ck_assert_int_eq(block_stats_read_iothreads(&vm.base, &s, NULL), 0);
	ck_assert_uint_eq(value(&s, "iothread1.poll_ns"), 32768);
	ck_assert_uint_eq(s.n_series, 1);
	json_decref(vm.replies);
}
END_TEST

START_TEST(what_a_device_does_not_count_is_known_by_its_bus)
{
	BL_CLEANUP(series_done) struct series_set s = {0};

	ck_assert(!block_stats_is_counted("virtio-blk", "block.discards"));
	ck_assert(block_stats_is_counted("virtio-blk", "block.flushes"));
	ck_assert(!block_stats_is_counted("nvme-emulated", "block.flush_hist.1000"));
	ck_assert(block_stats_is_counted("virtio-scsi", "block.discards"));
	ck_assert(block_stats_is_counted("sata", "block.flush_ns"));

	ck_assert_int_eq(put("[{'qdev': '" BACKEND "', 'stats': {'rd_operations': 0,"
			     " 'flush_operations': 0, 'unmap_operations': 3, 'unmap_bytes': 0}}]",
			     &s),
			 0);
	block_stats_drop_uncounted(&s, "nvme-emulated");
	ck_assert_uint_eq(s.n_series, 2);
	ck_assert_uint_eq(value(&s, "block.reads"), 0);
	ck_assert_uint_eq(value(&s, "block.discards"), 3); /* so it does count them */
}
END_TEST

/* --- at a pace --- */

struct slow {
	struct hv_vm base;
	_Atomic unsigned n, n_failing; /* the next so many fail */
};
static _Atomic bool is_stuck; /* not in the VM, which may be gone when the answer comes */
static _Atomic unsigned n_late;

static int slow_qmp(struct hv_vm *vm, const char *command, const json_t *args, json_t **ret_reply,
		    struct bl_err *err)
{
	struct slow *s = (struct slow *)vm;

	(void)args;
	if (is_stuck) {
		while (is_stuck)
			usleep(1000);
		return bl_fail(err, -EIO, "the VM has ended");
	}
	if (!strcmp(command, "query-iothreads")) {
		*ret_reply = json_array();
		return 0;
	}
	if (strcmp(command, "query-blockstats") != 0)
		return bl_fail(err, -EIO, "nothing else is asked");
	if (s->n_failing) {
		s->n_failing--;
		return bl_fail(err, -EIO, "a failure on purpose");
	}
	s->n++;
	*ret_reply =
		json_pack("[{s:s, s:{s:i}}]", "qdev", BACKEND, "stats", "rd_operations", (int)s->n);
	return 0;
}

static int late_qmp(struct hv_vm *vm, const char *command, const json_t *args, json_t **ret_reply,
		    struct bl_err *err)
{
	(void)vm;
	(void)command;
	(void)args;
	(void)ret_reply;
	n_late++;
	return bl_fail(err, -EIO, "there is no such VM");
}

static const struct hv_ops slow_ops = {.name = "slow", .qmp = slow_qmp};
static const struct hv_ops late_ops = {.name = "gone", .qmp = late_qmp};

static struct block_watch *watch(struct slow *vm, const char *qdev, uint64_t interval_ns,
				 size_t values_max)
{
	struct block_watch_options opt = {
		.qdev = qdev, .interval_ns = interval_ns, .values_max = values_max};
	struct block_watch *w;

	ck_assert_int_eq(block_watch_start(&vm->base, &opt, &w, NULL), 0);
	return w;
}

START_TEST(readings_begin_and_end_with_one_and_keep_their_pace)
{
	BL_CLEANUP(block_watched_done) struct block_watched all = {0};
	struct slow vm = {.base.ops = &slow_ops};
	uint64_t from = bl_now_ns();
	struct block_watch *w = watch(&vm, BACKEND, 20 * NS_PER_MS, 0);
	const struct series *reads;

	ck_assert_uint_ge(vm.n, 1);
	usleep(210000);
	ck_assert_int_eq(block_watch_stop(w, NS_PER_S, &all, NULL), 0);
	ck_assert_uint_eq(all.set.n, vm.n);
	ck_assert_uint_ge(all.set.n, 3); /* on a busy machine */
	ck_assert_uint_le(all.set.n, 2 + (bl_now_ns() - from) / (20 * NS_PER_MS));
	reads = series_find(&all.set, "block.reads");
	ck_assert_uint_eq(reads->values[0], 1);
	ck_assert_uint_eq(reads->values[all.set.n - 1], vm.n);
	ck_assert(all.has_last);
	ck_assert_uint_eq(all.n_failed, 0);
	ck_assert_int_eq(all.why.code, 0);
	block_watch_free(w);
}
END_TEST

/* QEMU hangs, its VM is ended, and only then the answer comes. */
START_TEST(a_vm_that_is_gone_is_asked_nothing_more)
{
	BL_CLEANUP(block_watched_done) struct block_watched all = {0};
	struct slow *vm = calloc(1, sizeof *vm);
	struct bl_err err = BL_ERR_INIT;
	struct block_watch *w;
	uint64_t from;

	vm->base.ops = &slow_ops;
	w = watch(vm, BACKEND, 10 * NS_PER_MS, 0);
	is_stuck = true;
	usleep(50000);
	from = bl_now_ns();
	ck_assert_int_eq(block_watch_stop(w, 100 * NS_PER_MS, &all, &err), -ETIMEDOUT);
	ck_assert_uint_lt(bl_now_ns() - from, 5 * NS_PER_S);
	ck_assert_ptr_nonnull(strstr(err.text, "has not answered its monitor"));
	ck_assert_uint_eq(all.set.n, 0);
	ck_assert(!block_watch_has_ended(w));
	vm->base.ops = &late_ops; /* as good as freed */
	is_stuck = false;
	block_watch_free(w);
	ck_assert_uint_eq(n_late, 0);
	free(vm);
}
END_TEST

START_TEST(a_qemu_that_never_answers_keeps_nobody_waiting)
{
	struct slow *vm = calloc(1, sizeof *vm);
	struct block_watch *w;
	uint64_t from;

	vm->base.ops = &slow_ops;
	w = watch(vm, BACKEND, 10 * NS_PER_MS, 0);
	is_stuck = true;
	usleep(50000);
	from = bl_now_ns();
	block_watch_free(w);
	ck_assert_uint_lt(bl_now_ns() - from, BLOCK_WATCH_FREE_NS + 5 * NS_PER_S);
	free(vm);
	is_stuck = false; /* and its thread frees what is left */
	usleep(300000);
}
END_TEST

START_TEST(a_last_reading_that_fails_is_told_and_so_is_one_in_between)
{
	BL_CLEANUP(block_watched_done) struct block_watched all = {0};
	struct slow vm = {.base.ops = &slow_ops};
	struct block_watch *w = watch(&vm, BACKEND, 20 * NS_PER_MS, 0);

	vm.n_failing = 1;
	while (vm.n_failing)
		usleep(1000);
	while (vm.n < 3)
		usleep(1000);
	vm.n_failing = 1000000;
	ck_assert_int_eq(block_watch_stop(w, NS_PER_S, &all, NULL), 0);
	ck_assert(!all.has_last);
	ck_assert_uint_ge(all.n_failed, 2);
	ck_assert_str_eq(all.why.text, "a failure on purpose");
	block_watch_free(w);
}
END_TEST

START_TEST(a_watch_that_lasts_becomes_sparser_and_keeps_both_ends)
{
	BL_CLEANUP(block_watched_done) struct block_watched all = {0};
	struct slow vm = {.base.ops = &slow_ops};
	struct block_watch *w = watch(&vm, BACKEND, NS_PER_MS, 16);
	const struct series *reads;

	while (vm.n < 64)
		usleep(1000);
	ck_assert_int_eq(block_watch_stop(w, 5 * NS_PER_S, &all, NULL), 0);
	ck_assert_uint_le(all.set.n, 16);
	ck_assert_uint_ge(all.set.n, 8);
	reads = series_find(&all.set, "block.reads");
	ck_assert_uint_eq(reads->values[0], 1);
	ck_assert_uint_eq(reads->values[all.set.n - 1], vm.n);
	ck_assert_uint_eq(all.n_failed, 0);
	block_watch_free(w);
}
END_TEST

/* The thread that watches would else be the one that a Ctrl-C is given to. */
static _Atomic bool is_blocked;

static int signal_qmp(struct hv_vm *vm, const char *command, const json_t *args, json_t **ret_reply,
		      struct bl_err *err)
{
	sigset_t now;

	pthread_sigmask(SIG_SETMASK, NULL, &now);
	is_blocked = sigismember(&now, SIGINT) && sigismember(&now, SIGTERM);
	return slow_qmp(vm, command, args, ret_reply, err);
}

START_TEST(signals_are_left_to_the_programs_own_thread)
{
	static const struct hv_ops ops = {.name = "signals", .qmp = signal_qmp};
	struct slow vm = {.base.ops = &ops};
	sigset_t now;

	block_watch_free(watch(&vm, BACKEND, 20 * NS_PER_MS, 0));
	ck_assert(is_blocked);
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	ck_assert(!sigismember(&now, SIGINT));
}
END_TEST

START_TEST(a_disk_that_qemu_does_not_know_is_a_reason_and_no_set)
{
	BL_CLEANUP(block_watched_done) struct block_watched all = {0};
	struct slow vm = {.base.ops = &slow_ops};
	struct bl_err err = BL_ERR_INIT;
	struct block_watch *w = watch(&vm, "nobody", 10 * NS_PER_MS, 0);

	ck_assert_int_eq(block_watch_stop(w, NS_PER_S, &all, &err), -ENODATA);
	ck_assert_ptr_nonnull(strstr(err.text, "no device 'nobody'"));
	block_watch_free(w);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("block stats");
	TCase *t = tcase_create("block stats");
	SRunner *run;
	int failed;

	tcase_add_test(t, a_disk_is_the_one_with_that_id_on_every_bus);
	tcase_add_test(t, counters_and_bins_become_signals);
	tcase_add_loop_test(t, what_qemu_would_not_say_is_left_out, 0, BL_ARRAY_LEN(strange));
	tcase_add_test(t, a_histogram_of_too_many_bins_is_none);
	tcase_add_test(t, an_iothread_with_a_strange_id_is_no_signal);
	tcase_add_test(t, what_a_device_does_not_count_is_known_by_its_bus);
	tcase_add_test(t, readings_begin_and_end_with_one_and_keep_their_pace);
	tcase_add_test(t, a_vm_that_is_gone_is_asked_nothing_more);
	tcase_add_test(t, a_qemu_that_never_answers_keeps_nobody_waiting);
	tcase_add_test(t, a_last_reading_that_fails_is_told_and_so_is_one_in_between);
	tcase_add_test(t, a_watch_that_lasts_becomes_sparser_and_keeps_both_ends);
	tcase_add_test(t, signals_are_left_to_the_programs_own_thread);
	tcase_add_test(t, a_disk_that_qemu_does_not_know_is_a_reason_and_no_set);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
