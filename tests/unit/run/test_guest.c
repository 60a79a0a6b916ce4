/* The session with the guest agent, against the fake guest and its faults. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "domain.h"
#include "fresh_dir.h"
#include "fs.h"
#include "guest.h"
#include "units.h"

static char dir[64];
static struct hv *hv;
static struct hv_vm *vm;
static struct guest *guest;
static volatile sig_atomic_t stop;

static void make_dir(void)
{
	fresh_dir(dir);
}

static void drop_dir(void)
{
	guest = guest_free(guest);
	vm = hv_vm_end(vm);
	hv = hv_close(hv);
	ck_assert_int_eq(bl_remove_tree(dir, NULL), 0);
}

static int watch(void *ctx, const struct guest_state *state, struct bl_err *err)
{
	unsigned *calls = ctx;

	(void)state;
	(void)err;
	(*calls)++;
	return 0;
}

static unsigned watched;

/* @args: more arguments of QEMU, as elements. */
static void begin_with(const char *uri, const char *args)
{
	BL_CLEANUP(bl_freep) char *disk = bl_strf("%s/disk", dir);
	BL_CLEANUP(bl_freep) char *xml = NULL;
	struct guest_options opt = {
		.stop = &stop, .silence_ns = 300 * NS_PER_MS, .watch = watch, .ctx = &watched};
	struct bl_err err = BL_ERR_INIT;
	uint64_t start;

	ck_assert_int_eq(close(open(disk, O_CREAT | O_WRONLY, 0600)), 0);
	ck_assert_int_eq(truncate(disk, 4 * MiB), 0);
	xml = bl_strf("<domain><vcpu>2</vcpu><devices><disk><driver cache='none'/>"
		      "<source file='%s'/><target bus='virtio'/></disk>"
		      "<serial><source path='%s/console'/></serial>%s</devices></domain>",
		      disk, dir, args);
	ck_assert_msg(hv_open(uri, dir, &hv, &err) == 0, "%s", err.text);
	ck_assert_msg(hv_start(hv, xml, &vm, &start, &err) == 0, "%s", err.text);
	ck_assert_int_eq(guest_new(vm, &opt, &guest), 0);
}

static void begin(const char *uri)
{
	begin_with(uri, "");
}

static int hello(struct facts *facts, struct bl_err *err)
{
	uint64_t at;

	return guest_hello(guest, NS_PER_S, facts, &at, err);
}

static void greeted_with(const char *uri, const char *args)
{
	struct facts facts = {0};
	struct bl_err err = BL_ERR_INIT;

	begin_with(uri, args);
	ck_assert_msg(hello(&facts, &err) == 0, "%s", err.text);
	facts_done(&facts);
}

static void greeted(const char *uri)
{
	greeted_with(uri, "");
}

START_TEST(hello_tells_the_guests_facts)
{
	struct facts facts = {0};
	struct bl_err err = BL_ERR_INIT;

	begin("fake:");
	ck_assert_msg(hello(&facts, &err) == 0, "%s", err.text);
	ck_assert_str_eq(facts_get(&facts, "cpus"), "2");
	ck_assert_str_eq(facts_get(&facts, "agent_version"), "fake");
	ck_assert_ptr_null(facts_get(&facts, "type"));
	facts_done(&facts);
}
END_TEST

START_TEST(the_clock_offset_holds_the_true_one_within_its_uncertainty)
{
	struct guest_clock c;

	greeted("fake:");
	ck_assert_int_eq(guest_clock(guest, 10, NS_PER_S, &c, NULL), 0);
	/* Host and fake guest read the same clock: the true offset is 0. */
	ck_assert_int_le(llabs(c.offset_ns), (long long)c.uncertainty_ns);
	ck_assert_uint_gt(c.uncertainty_ns, 0);
	ck_assert_uint_lt(c.uncertainty_ns, 100 * NS_PER_MS);
	ck_assert_uint_eq(guest_clock_to_host(&(struct guest_clock){.offset_ns = -5}, 10), 5);
}
END_TEST

START_TEST(the_clock_between_two_measurements_covers_both)
{
	static const struct {
		struct guest_clock before, after, between;
	} rows[] = {
		{{100, 10}, {100, 10}, {100, 10}},
		{{100, 10}, {120, 10}, {110, 20}},
		{{120, 10}, {100, 10}, {110, 20}},
		{{100, 50}, {110, 10}, {100, 50}},
		{{-100, 3}, {-103, 3}, {-102, 5}},
		{{-INT64_MAX, 0}, {INT64_MAX, 0}, {0, INT64_MAX}},
	};

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		struct guest_clock c = guest_clock_between(&rows[i].before, &rows[i].after);

		ck_assert_int_eq(c.offset_ns, rows[i].between.offset_ns);
		ck_assert_uint_eq(c.uncertainty_ns, rows[i].between.uncertainty_ns);
	}
}
END_TEST

/* One job "a" of the fake guest. */
static int run_one(const char *text, uint64_t watch_interval_ns, struct guest_jobs_told *ret,
		   struct bl_err *err)
{
	struct guest_jobs jobs = {.device = "/dev/fake",
				  .text = text,
				  .n = 1,
				  .limit_ns = 5 * NS_PER_S,
				  .watch_interval_ns = watch_interval_ns};

	return guest_run(guest, &jobs, ret, err);
}

START_TEST(the_disk_is_described_filled_and_run_on)
{
	static const char jobs[] = "[a]\nrw=randread\ntime_based=1\nruntime=50ms\nsize=1m\n"
				   "[b]\nrw=randwrite\ntime_based=1\nruntime=50ms\nsize=1m\n";
	struct sample *samples[2] = {NULL};
	struct guest_jobs_told told = {.samples = samples};
	struct guest_jobs group = {.text = jobs, .n = 2, .limit_ns = 5 * NS_PER_S};
	struct bl_err err = BL_ERR_INIT;
	struct guest_disk disk;
	uint64_t took;

	greeted("fake:");
	ck_assert_msg(guest_describe(guest, "blklab-dut", 0, NS_PER_S, &disk, &err) == 0, "%s",
		      err.text);
	ck_assert_str_eq(disk.device, "/dev/fake");
	ck_assert_uint_eq(disk.size_bytes, 4 * MiB);
	ck_assert_str_eq(facts_get(&disk.facts, "driver"), "virtio_blk");
	ck_assert_msg(
		guest_precondition(guest, disk.device, 4 * MiB, 0, 7, NS_PER_S, &took, &err) == 0,
		"%s", err.text);
	ck_assert_uint_gt(took, 0);
	group.device = disk.device;
	ck_assert_msg(guest_run(guest, &group, &told, &err) == 0, "%s", err.text);
	ck_assert_str_eq(samples[0]->job, "a");
	ck_assert_str_eq(samples[1]->job, "b");
	ck_assert_uint_gt(samples[0]->dir[IO_READ].ios, 0);
	ck_assert_uint_gt(samples[1]->dir[IO_WRITE].ios, 0);
	ck_assert_uint_eq(told.interrupts.n, 2);
	ck_assert_str_eq(facts_get(&told.interrupts, "virtio1-req.0"), "0:100");
	ck_assert_str_eq(facts_get(&told.interrupts, "virtio1-req.1"), "1:101");
	ck_assert_uint_eq(told.watched.n, 0); /* nobody asked for it */
	guest_jobs_told_done(&told);
	ck_assert_int_eq(guest_drop(guest, NS_PER_S, NULL), 0);
	ck_assert_int_eq(guest_poweroff(guest, NS_PER_S, NULL), 0);
	ck_assert_int_eq(hv_vm_wait_end(vm, NS_PER_S), 0);
	sample_free(samples[0]);
	sample_free(samples[1]);
	guest_disk_done(&disk);
}
END_TEST

static const char nvme_arg[] = "<x:arg xmlns:x='urn:x' value='{\"driver\": \"nvme\", "
			       "\"id\": \"" DOMAIN_DISK_ALIAS "\"}'/>";

START_TEST(the_health_of_an_nvme_disk_is_told)
{
	struct facts facts = {0}, events = {0};
	struct bl_err err = BL_ERR_INIT;

	greeted_with("fake:", nvme_arg);
	ck_assert_int_eq(facts_add(&facts, "mine", "stays"), 0);
	ck_assert_msg(guest_health(guest, NS_PER_S, &facts, &events, &err) == 0, "%s", err.text);
	ck_assert_str_eq(facts_get(&facts, "mine"), "stays");
	ck_assert_str_eq(facts_get(&facts, "model"), "QEMU NVMe Ctrl");
	ck_assert_str_eq(facts_get(&facts, "smart.media_errors"), "0");
	ck_assert_uint_eq(events.n, 0);
	facts_done(&facts);
}
END_TEST

START_TEST(a_disk_that_is_no_nvme_has_no_health)
{
	struct facts facts = {0}, events = {0};
	struct bl_err err = BL_ERR_INIT;

	greeted("fake:");
	ck_assert_msg(guest_health(guest, NS_PER_S, &facts, &events, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(facts.n + events.n, 0);
}
END_TEST

static _Thread_local unsigned fails_at; /* which call from now on finds no memory; 0: none */

void *__wrap_reallocarray(void *at, size_t n, size_t size);
void *__real_reallocarray(void *at, size_t n, size_t size);

void *__wrap_reallocarray(void *at, size_t n, size_t size)
{
	return fails_at && --fails_at == 0 ? NULL : __real_reallocarray(at, n, size);
}

START_TEST(health_is_told_as_a_whole_or_not_at_all)
{
	struct facts facts = {0}, events = {0};
	unsigned n = 0;
	int r;

	greeted_with("fake:escapes", nvme_arg);
	ck_assert_int_eq(facts_add(&facts, "mine", "stays"), 0);
	do {
		fails_at = ++n;
		r = guest_health(guest, NS_PER_S, &facts, &events, NULL);
		fails_at = 0;
		ck_assert(r == 0 || r == -ENOMEM);
		ck_assert_msg(r == 0 || (facts.n == 1 && events.n == 0), "call %u", n);
	} while (r < 0);
	ck_assert_uint_gt(n, 3); /* its facts, its event, and what is given out */
	ck_assert_uint_gt(facts.n, 1);
	ck_assert_uint_eq(events.n, 1);
	facts_done(&facts);
	facts_done(&events);
}
END_TEST

static void assert_text_is_tame(const char *s)
{
	for (; *s; s++)
		ck_assert(*s >= ' ' && *s <= '~');
}

static void assert_tame(const struct facts *f)
{
	for (size_t i = 0; i < f->n; i++) {
		assert_text_is_tame(f->items[i].key);
		assert_text_is_tame(f->items[i].value);
	}
}

START_TEST(what_a_guest_says_of_health_and_interrupts_is_printable)
{
	struct facts facts = {0}, events = {0};
	struct sample *samples[1] = {NULL};
	struct guest_jobs_told told = {.samples = samples};
	struct bl_err err = BL_ERR_INIT;

	greeted_with("fake:escapes", nvme_arg);
	ck_assert_msg(guest_health(guest, NS_PER_S, &facts, &events, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(events.n, 1);
	ck_assert_str_eq(events.items[0].key, "0");
	ck_assert_str_eq(events.items[0].value, "nvme nvme0: timeout?]0;owned??[2J????");
	assert_tame(&facts);
	ck_assert_msg(run_one("[a]\nrw=read\nsize=64k\n", 0, &told, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(told.interrupts.n, 3);
	assert_tame(&told.interrupts);
	sample_free(samples[0]);
	facts_done(&facts);
	facts_done(&events);
	guest_jobs_told_done(&told);
}
END_TEST

START_TEST(counts_that_are_no_counts_are_refused)
{
	struct sample *samples[1] = {NULL};
	struct guest_jobs_told told = {.samples = samples};
	struct bl_err err = BL_ERR_INIT;

	greeted("fake:bad-interrupts");
	ck_assert_int_eq(run_one("[a]\nrw=read\nsize=64k\n", 0, &told, &err), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(err.text, "CPU:COUNT"));
	ck_assert_ptr_null(samples[0]);
	ck_assert_uint_eq(told.interrupts.n, 0);
}
END_TEST

START_TEST(what_the_guest_sampled_comes_with_the_samples)
{
	struct sample *samples[1] = {NULL};
	struct guest_jobs_told told = {.samples = samples};
	struct bl_err err = BL_ERR_INIT;
	const struct series *writes;
	double rise;

	greeted("fake:");
	ck_assert_msg(run_one("[a]\nruntime=200ms\ntime_based=1\nsize=1m\n", 50 * NS_PER_MS, &told,
			      &err) == 0,
		      "%s", err.text);
	ck_assert_uint_ge(told.watched.n, 5);
	ck_assert_uint_eq(told.watch_readings, told.watched.n);
	ck_assert_uint_eq(told.watch_cost_ns, 1000);
	writes = series_find(&told.watched, "disk.writes");
	ck_assert_ptr_nonnull(writes);
	ck_assert(series_rise(&told.watched, writes, samples[0]->start_ns,
			      samples[0]->start_ns + samples[0]->runtime_ns, &rise));
	ck_assert_double_eq_tol(rise, (double)samples[0]->runtime_ns / 1e6, 1.1);
	guest_jobs_told_done(&told);
	sample_free(samples[0]);
}
END_TEST

static const char *const hostile_telemetry[][2] = {
	{"fake:bad-telemetry", "telemetry from the guest: base64: "},
	{"fake:damaged-telemetry",
	 "telemetry from the guest: what was watched: not a set of series"},
	{"fake:foreign-telemetry", "telemetry from the guest: the guest's telemetry has a signal "
				   "'thread.main.run_ns'; cpuN.*"},
	{"fake:late-telemetry", "telemetry from the guest: the guest's telemetry has a moment at "
				"18446744073709551615 ns"},
};

START_TEST(telemetry_that_is_none_is_refused)
{
	struct sample *samples[1] = {NULL};
	struct guest_jobs_told told = {.samples = samples};
	struct bl_err err = BL_ERR_INIT;

	greeted(hostile_telemetry[_i][0]);
	ck_assert_int_eq(run_one("[a]\nrw=read\nsize=64k\n", 50 * NS_PER_MS, &told, &err),
			 -EBADMSG);
	ck_assert_msg(strstr(err.text, hostile_telemetry[_i][1]) == err.text, "%s", err.text);
	assert_text_is_tame(err.text);
	ck_assert_ptr_null(samples[0]);
	ck_assert_uint_eq(told.watched.n, 0);
}
END_TEST

START_TEST(a_fill_behind_the_limit_is_refused)
{
	struct bl_err err = BL_ERR_INIT;
	uint64_t took;

	greeted("fake:");
	ck_assert_int_eq(
		guest_precondition(guest, "/dev/fake", 2 * MiB, MiB, 7, NS_PER_S, &took, &err),
		-EREMOTEIO);
	ck_assert_ptr_nonnull(strstr(err.text, "behind limit_bytes"));
}
END_TEST

START_TEST(a_guest_that_never_says_hello_ends_at_the_limit)
{
	struct facts facts = {0};
	struct bl_err err = BL_ERR_INIT;

	begin("fake:mute");
	ck_assert_int_eq(hello(&facts, &err), -ETIMEDOUT);
	ck_assert_str_eq(err.text, "no hello from the guest within 1 s");
	ck_assert_uint_ge(watched, 5);
	facts_done(&facts);
}
END_TEST

START_TEST(a_guest_that_dies_in_the_job_is_gone)
{
	struct sample *samples[1] = {NULL};
	struct guest_jobs_told told = {.samples = samples};
	struct bl_err err = BL_ERR_INIT;

	greeted("fake:die-in-job");
	ck_assert_int_eq(run_one("[a]\nruntime=1s\ntime_based=1\n", 0, &told, &err), -EPIPE);
	ck_assert_str_eq(err.text, "the guest is gone (while waiting for result)");
}
END_TEST

START_TEST(a_silent_guest_is_noticed_before_the_limit)
{
	struct bl_err err = BL_ERR_INIT;
	struct guest_clock c;
	uint64_t start = bl_now_ns();

	greeted("fake:silent");
	ck_assert_int_eq(guest_clock(guest, 1, 60 * NS_PER_S, &c, &err), -ETIMEDOUT);
	ck_assert_str_eq(err.text, "the guest has been silent for 0 s (waiting for pong)");
	ck_assert_uint_lt(bl_now_ns() - start, 10 * NS_PER_S);
}
END_TEST

static const struct {
	const char *uri;
	const char *says;
} bad[] = {
	{"fake:garbage", "bad message from the guest: 'this is no json!' is not a JSON object"},
	{"fake:oversized", "bad message from the guest: a frame of 4294967295 bytes"},
};

START_TEST(what_is_not_the_protocol_ends_the_session)
{
	struct bl_err err = BL_ERR_INIT;
	struct guest_clock c;

	greeted(bad[_i].uri);
	ck_assert_int_eq(guest_clock(guest, 1, NS_PER_S, &c, &err), -EBADMSG);
	ck_assert_msg(strncmp(err.text, bad[_i].says, strlen(bad[_i].says)) == 0, "%s", err.text);
}
END_TEST

START_TEST(an_error_of_the_agent_is_the_reason)
{
	struct bl_err err = BL_ERR_INIT;
	struct guest_disk disk;

	greeted("fake:no-disk");
	ck_assert_int_eq(guest_describe(guest, "x", 0, NS_PER_S, &disk, &err), -EREMOTEIO);
	ck_assert_str_eq(err.text, "the guest says: no disk with that serial");
}
END_TEST

START_TEST(a_stop_ends_the_wait_at_once)
{
	struct facts facts = {0};
	struct bl_err err = BL_ERR_INIT;
	uint64_t start = bl_now_ns(), at;

	begin("fake:mute");
	stop = 1;
	ck_assert_int_eq(guest_hello(guest, 60 * NS_PER_S, &facts, &at, &err), -EINTR);
	ck_assert_uint_lt(bl_now_ns() - start, 5 * NS_PER_S);
	facts_done(&facts);
}
END_TEST

START_TEST(a_fault_that_is_not_known_is_refused_with_the_list)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(hv_open("fake:ok,explode", dir, &hv, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "'explode' is nothing the fake hypervisor can do"));
	ck_assert_ptr_nonnull(strstr(err.text, "die-in-job"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guest");
	TCase *t = tcase_create("guest");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, make_dir, drop_dir);
	tcase_add_test(t, hello_tells_the_guests_facts);
	tcase_add_test(t, the_clock_offset_holds_the_true_one_within_its_uncertainty);
	tcase_add_test(t, the_clock_between_two_measurements_covers_both);
	tcase_add_test(t, what_the_guest_sampled_comes_with_the_samples);
	tcase_add_loop_test(t, telemetry_that_is_none_is_refused, 0,
			    (int)BL_ARRAY_LEN(hostile_telemetry));
	tcase_add_test(t, the_disk_is_described_filled_and_run_on);
	tcase_add_test(t, the_health_of_an_nvme_disk_is_told);
	tcase_add_test(t, a_disk_that_is_no_nvme_has_no_health);
	tcase_add_test(t, health_is_told_as_a_whole_or_not_at_all);
	tcase_add_test(t, what_a_guest_says_of_health_and_interrupts_is_printable);
	tcase_add_test(t, counts_that_are_no_counts_are_refused);
	tcase_add_test(t, a_fill_behind_the_limit_is_refused);
	tcase_add_test(t, a_guest_that_never_says_hello_ends_at_the_limit);
	tcase_add_test(t, a_guest_that_dies_in_the_job_is_gone);
	tcase_add_test(t, a_silent_guest_is_noticed_before_the_limit);
	tcase_add_loop_test(t, what_is_not_the_protocol_ends_the_session, 0, BL_ARRAY_LEN(bad));
	tcase_add_test(t, an_error_of_the_agent_is_the_reason);
	tcase_add_test(t, a_stop_ends_the_wait_at_once);
	tcase_add_test(t, a_fault_that_is_not_known_is_refused_with_the_list);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
