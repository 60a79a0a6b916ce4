/* test_talk.c - one VM, one conversation with its agent, in the order below. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "engine.h"
#include "fs.h"
#include "sample_json.h"
#include "units.h"
#include "suite.h"
#include "vm.h"

#define SERIAL     "blklab-dut"
#define DISK_BYTES (64 * MiB)
#define SEED       20261122
#define BOOT_LIMIT (60 * NS_PER_S)
#define SOON       (10 * NS_PER_S)

static struct vm vm;
static struct image *img;
static json_t *hello;

static void set_up(void)
{
	static const char *const devices[] = {
		"-drive", "if=none,id=dut,format=raw,cache=none,file=%s/disk", "-device",
		"virtio-blk-pci,drive=dut,serial=" SERIAL,
		/* a second disk that must never be touched */
		"-drive", "if=none,id=other,format=raw,file=%s/other", "-device",
		"virtio-blk-pci,drive=other,serial=somebody-elses", NULL};

	img = vm_image("BLKLAB_TEST_KERNEL", ".cache/packages/cloud/linux-image-*.deb");
	ck_assert_msg(img, "no kernel: run 'make guests', or set BLKLAB_TEST_KERNEL");
	vm_init(&vm);
	vm_make_disk(&vm, "disk", DISK_BYTES);
	vm_make_disk(&vm, "other", DISK_BYTES);
	vm_start(&vm, img, "", devices);
	vm_connect(&vm);
	hello = vm_expect(&vm, "hello", BOOT_LIMIT);
}

static void tear_down(void)
{
	json_decref(hello);
	vm_done(&vm);
	image_free(img);
}

static const char *text(const json_t *msg, const char *member)
{
	const char *s = json_string_value(json_object_get(msg, member));

	return s ? s : "(absent)";
}

static json_int_t number(const json_t *msg, const char *member)
{
	ck_assert_msg(json_is_integer(json_object_get(msg, member)), "no number '%s'", member);
	return json_integer_value(json_object_get(msg, member));
}

static void assert_refused(json_t *request, int code, const char *says)
{
	json_t *e = vm_ask(&vm, request, "error", SOON);

	ck_assert_int_eq(number(e, "code"), code);
	ck_assert_msg(strstr(text(e, "text"), says), "'%s' does not say '%s'", text(e, "text"),
		      says);
	json_decref(e);
}

static json_t *run_request(const char *device, const char *jobs)
{
	return json_pack("{s:s, s:s, s:s}", "type", "run", "device", device, "jobs", jobs);
}

START_TEST(hello_says_what_the_guest_is)
{
	struct bl_buf loaded = BL_BUF_INIT;
	json_t *name;
	size_t i;

	ck_assert_int_eq(number(hello, "protocol"), WIRE_PROTOCOL_VERSION);
	ck_assert_str_eq(text(hello, "agent_version"), BLKLAB_VERSION);
	ck_assert_str_eq(text(hello, "kernel"), img->release);
	ck_assert_int_eq(number(hello, "cpus"), 2);
	ck_assert_int_gt(number(hello, "memory_bytes"), 128 * MiB);
	ck_assert_int_lt(number(hello, "memory_bytes"), 256 * MiB);
	ck_assert_int_eq(strncmp(text(hello, "clocksource"), "tsc", 3), 0); /* or "tsc-early" */
	ck_assert_ptr_nonnull(strstr(text(hello, "cmdline"), IMAGE_CMDLINE));
	json_array_foreach (json_object_get(hello, "modules"), i, name) {
		bl_buf_addf(&loaded, "%s%s", i ? " " : "", json_string_value(name));
	}
	ck_assert_str_eq(bl_buf_str(&loaded), img->modules);
	ck_assert_uint_eq(json_array_size(json_object_get(hello, "module_errors")), 0);
	bl_buf_done(&loaded);
}
END_TEST

START_TEST(pong_echoes_and_both_clocks_run_alike)
{
	json_int_t guest[2], host[2];

	for (int i = 0; i < 2; i++) {
		json_t *pong = vm_ask(
			&vm,
			json_pack("{s:s, s:I}", "type", "ping", "host_ns", (json_int_t)bl_now_ns()),
			"pong", SOON);

		guest[i] = number(pong, "guest_ns");
		host[i] = number(pong, "host_ns");
		json_decref(pong);
		usleep(300000);
	}
	ck_assert_int_gt(host[1] - host[0], 300 * (json_int_t)NS_PER_MS);
	ck_assert_int_lt(llabs((guest[1] - guest[0]) - (host[1] - host[0])),
			 100 * (json_int_t)NS_PER_MS);
}
END_TEST

START_TEST(an_unknown_request_is_an_error_and_the_agent_lives_on)
{
	assert_refused(json_pack("{s:s}", "type", "explode"), ENOSYS, "'explode' is not a request");
	assert_refused(json_pack("{s:s}", "type", "describe"), EINVAL, "'serial' must be a text");
}
END_TEST

START_TEST(nothing_is_written_before_a_disk_was_described)
{
	assert_refused(run_request("/dev/vda", "[a]\nrw=write\nsize=4k\n"), EPERM,
		       "no disk under test is known yet");
	assert_refused(json_pack("{s:s, s:s, s:i, s:i}", "type", "precondition", "device",
				 "/dev/vda", "size_bytes", 4096, "seed", 1),
		       EPERM, "no disk under test is known yet");
}
END_TEST

START_TEST(a_disk_that_does_not_come_is_waited_for_and_then_missed)
{
	uint64_t start = bl_now_ns();

	assert_refused(json_pack("{s:s, s:s, s:I}", "type", "describe", "serial", "nobody",
				 "wait_ns", (json_int_t)(400 * NS_PER_MS)),
		       ENODEV, "no disk with serial 'nobody' appeared");
	ck_assert_uint_ge(bl_now_ns() - start, 400 * NS_PER_MS);
}
END_TEST

static char device[64];

START_TEST(the_disk_is_found_by_its_serial_and_described)
{
	json_t *disk = vm_ask(&vm,
			      json_pack("{s:s, s:s, s:I}", "type", "describe", "serial", SERIAL,
					"wait_ns", (json_int_t)SOON),
			      "disk", SOON);
	json_t *facts = json_object_get(disk, "facts");

	snprintf(device, sizeof device, "%s", text(disk, "device"));
	ck_assert_int_eq(strncmp(device, "/dev/vd", 7), 0);
	ck_assert_int_eq(number(disk, "size_bytes"), DISK_BYTES);
	ck_assert_str_eq(text(facts, "driver"), "virtio_blk");
	ck_assert_str_eq(text(facts, "serial"), SERIAL);
	ck_assert_str_eq(text(facts, "queues"), "2"); /* as many as vCPUs */
	ck_assert_str_eq(text(facts, "write_cache"), "write back");
	ck_assert_str_eq(text(facts, "scheduler"), "none");
	ck_assert_str_eq(text(facts, "logical_block_bytes"), "512");
	ck_assert_ptr_nonnull(json_object_get(facts, "nr_requests"));
	ck_assert_ptr_nonnull(json_object_get(facts, "max_sectors_kb"));
	ck_assert_ptr_null(json_object_get(facts, "model")); /* virtio-blk has none: absent */
	json_decref(disk);
}
END_TEST

/* Read the image from outside; true when block @i holds the fill pattern. */
static bool block_is_filled(size_t i)
{
	static char want[MiB], have[MiB];
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/disk", vm.dir);
	BL_CLEANUP(bl_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

	engine_fill_block(want, i * MiB, SEED);
	ck_assert_int_eq(pread(fd, have, MiB, (off_t)(i * MiB)), (ssize_t)MiB);
	return !memcmp(want, have, MiB);
}

START_TEST(the_fill_written_inside_is_what_lies_in_the_image_outside)
{
	json_t *done = vm_ask(&vm,
			      json_pack("{s:s, s:s, s:I, s:i}", "type", "precondition", "device",
					device, "size_bytes", (json_int_t)DISK_BYTES, "seed", SEED),
			      "preconditioned", 60 * NS_PER_S);

	ck_assert_int_eq(number(done, "bytes"), DISK_BYTES);
	ck_assert_int_gt(number(done, "elapsed_ns"), 0);
	for (size_t i = 0; i < DISK_BYTES / MiB; i++)
		ck_assert_msg(block_is_filled(i), "MiB %zu is not what was written", i);
	json_decref(done);
}
END_TEST

static struct sample *only_sample(const json_t *result)
{
	const json_t *list = json_object_get(result, "samples");
	struct bl_err err = BL_ERR_INIT;
	struct sample *s = NULL;

	ck_assert_uint_eq(json_array_size(list), 1);
	ck_assert_msg(sample_from_json(json_array_get(list, 0), &s, &err) == 0, "%s", err.text);
	ck_assert_msg(s->error == 0, "job failed: %s", s->error_text);
	return s;
}

START_TEST(random_reads_give_a_sample_with_latencies)
{
	json_t *result = vm_ask(&vm,
				run_request(device, "[rr]\nrw=randread\nbs=4k\ndirect=1\n"
						    "ioengine=io_uring\niodepth=4\n"
						    "runtime=1\ntime_based=1\n"),
				"result", 30 * NS_PER_S);
	BL_CLEANUP(sample_freep) struct sample *s = only_sample(result);

	ck_assert_str_eq(text(result, "clocksource"), "tsc");
	ck_assert_str_eq(s->clock, "tsc");
	ck_assert_str_eq(s->job, "rr");
	ck_assert_str_eq(s->engine, "io_uring");
	ck_assert_uint_gt(s->dir[IO_READ].ios, 100);
	ck_assert_uint_eq(s->dir[IO_READ].bytes, s->dir[IO_READ].ios * 4096);
	ck_assert_uint_eq(s->dir[IO_WRITE].ios, 0);
	ck_assert_uint_eq(hist_total(&s->dir[IO_READ].lat->hist), s->dir[IO_READ].ios);
	ck_assert_uint_gt(s->dir[IO_READ].lat->min_ns, 1000);
	ck_assert_uint_gt(s->n_intervals, 3);
	printf("randread 4k depth 4 in the guest: %.0f IOPS, mean %.0f us, clock %s\n",
	       sample_iops(s), lat_mean_ns(s->dir[IO_READ].lat) / 1000, s->clock);
	json_decref(result);
}
END_TEST

START_TEST(writes_land_where_the_job_says_and_nowhere_else)
{
	json_t *result = vm_ask(&vm,
				run_request(device, "[w]\nrw=write\nbs=64k\ndirect=1\n"
						    "offset=48m\nsize=16m\nfdatasync=16\n"),
				"result", 30 * NS_PER_S);
	BL_CLEANUP(sample_freep) struct sample *s = only_sample(result);

	ck_assert_uint_eq(s->dir[IO_WRITE].ios, 256);
	ck_assert_uint_ge(s->dir[IO_SYNC].ios, 15);
	for (size_t i = 0; i < 48; i++)
		ck_assert_msg(block_is_filled(i), "MiB %zu was written", i);
	for (size_t i = 48; i < 64; i++)
		ck_assert_msg(!block_is_filled(i), "MiB %zu was not written", i);
	json_decref(result);
}
END_TEST

START_TEST(jobs_reach_no_other_device)
{
	BL_CLEANUP(bl_freep) char *other = bl_strf("%s/other", vm.dir);
	char head[4096], zero[4096] = {0};
	BL_CLEANUP(bl_closep) int fd = open(other, O_RDONLY | O_CLOEXEC);

	assert_refused(run_request("/dev/vdb", "[a]\nrw=write\n"), EPERM,
		       "is not '/dev/vda', the disk under test");
	assert_refused(run_request(device, "[a]\nrw=write\nfilename=/dev/vdb\n"), EPERM,
		       "filename '/dev/vdb' is not '/dev/vda'");
	assert_refused(json_pack("{s:s, s:s, s:i, s:i}", "type", "precondition", "device",
				 "/dev/vdb", "size_bytes", 1 << 20, "seed", 1),
		       EPERM, "is not '/dev/vda'");
	ck_assert_int_eq(read(fd, head, sizeof head), (ssize_t)sizeof head);
	ck_assert_mem_eq(head, zero, sizeof head);
}
END_TEST

START_TEST(a_bad_job_file_comes_back_as_its_reason)
{
	assert_refused(run_request(device, "[a]\nrw=sideways\n"), EINVAL, "sideways");
	assert_refused(run_request(device, ""), EINVAL, "");
	assert_refused(run_request(device, "[a]\nrw=read\n[b]\nrw=read\nstonewall\n"), EINVAL,
		       "one group");
	assert_refused(json_pack("{s:s, s:s}", "type", "run", "device", device), EINVAL, "jobs");
}
END_TEST

START_TEST(while_a_job_runs_pings_are_answered_progress_comes_and_a_second_job_waits)
{
	unsigned before = vm.n_progress;
	json_int_t id = vm.next_id;
	json_t *m;

	vm_send(&vm, run_request(device, "[long]\nrw=randread\nruntime=3\ntime_based=1\n"));
	usleep(200000);
	m = vm_ask(&vm, json_pack("{s:s, s:i}", "type", "ping", "host_ns", 1), "pong", NS_PER_S);
	json_decref(m);
	assert_refused(run_request(device, "[a]\nrw=read\n"), EBUSY, "being worked on");
	m = vm_expect(&vm, "result", 30 * NS_PER_S);
	ck_assert_int_eq(number(m, "id"), id);
	json_decref(m);
	ck_assert_uint_ge(vm.n_progress, before + 2);
	ck_assert_ptr_nonnull(vm.progress);
	ck_assert_str_eq(text(vm.progress, "phase"), "run");
	ck_assert_int_eq(number(vm.progress, "id"), id);
	ck_assert_int_gt(number(vm.progress, "ios"), 0);
	ck_assert_int_gt(number(vm.progress, "elapsed_ns"), NS_PER_S);
}
END_TEST

START_TEST(idle_progress_comes_each_second)
{
	unsigned before = vm.n_progress;

	ck_assert_ptr_null(vm_receive(&vm, 2500 * NS_PER_MS));
	ck_assert_uint_ge(vm.n_progress, before + 2);
	ck_assert_uint_le(vm.n_progress, before + 3);
}
END_TEST

START_TEST(caches_are_dropped)
{
	json_decref(vm_ask(&vm, json_pack("{s:s}", "type", "drop"), "done", SOON));
}
END_TEST

START_TEST(bytes_that_are_no_message_are_answered_by_a_log_line)
{
	json_t *m;

	ck_assert_int_eq(write(vm.fd, "\xff\xff\xff\xff garbage", 12), 12);
	m = vm_expect(&vm, "log", SOON);
	ck_assert_ptr_nonnull(strstr(text(m, "text"), "4294967295"));
	json_decref(m);
	json_decref(
		vm_ask(&vm, json_pack("{s:s, s:i}", "type", "ping", "host_ns", 1), "pong", SOON));
}
END_TEST

START_TEST(a_host_that_comes_back_is_greeted_and_its_old_job_is_gone)
{
	json_t *m;

	vm_send(&vm, run_request(device, "[old]\nrw=randread\nruntime=60\ntime_based=1\n"));
	usleep(300000);
	vm_disconnect(&vm);
	usleep(200000); /* the guest's kernel does not tell of a host that is back at once */
	vm_connect(&vm);
	m = vm_expect(&vm, "hello", SOON);
	json_decref(m);
	m = vm_ask(&vm, run_request(device, "[new]\nrw=read\nbs=64k\nsize=1m\n"), "result", SOON);
	json_decref(m);
}
END_TEST

START_TEST(poweroff_is_answered_and_ends_the_vm)
{
	json_decref(vm_ask(&vm, json_pack("{s:s}", "type", "poweroff"), "done", SOON));
	ck_assert_int_eq(vm_wait_exit(&vm, SOON), 0);
	ck_assert(!vm_console_has(&vm, "panic", 0));
	ck_assert(!vm_console_has(&vm, "fatal", 0));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("agent: talk");
	TCase *t = tcase_create("one VM");

	tcase_add_unchecked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 90);
	tcase_add_test(t, hello_says_what_the_guest_is);
	tcase_add_test(t, pong_echoes_and_both_clocks_run_alike);
	tcase_add_test(t, an_unknown_request_is_an_error_and_the_agent_lives_on);
	tcase_add_test(t, nothing_is_written_before_a_disk_was_described);
	tcase_add_test(t, a_disk_that_does_not_come_is_waited_for_and_then_missed);
	tcase_add_test(t, the_disk_is_found_by_its_serial_and_described);
	tcase_add_test(t, the_fill_written_inside_is_what_lies_in_the_image_outside);
	tcase_add_test(t, random_reads_give_a_sample_with_latencies);
	tcase_add_test(t, writes_land_where_the_job_says_and_nowhere_else);
	tcase_add_test(t, jobs_reach_no_other_device);
	tcase_add_test(t, a_bad_job_file_comes_back_as_its_reason);
	tcase_add_test(t,
		       while_a_job_runs_pings_are_answered_progress_comes_and_a_second_job_waits);
	tcase_add_test(t, idle_progress_comes_each_second);
	tcase_add_test(t, caches_are_dropped);
	tcase_add_test(t, bytes_that_are_no_message_are_answered_by_a_log_line);
	tcase_add_test(t, a_host_that_comes_back_is_greeted_and_its_old_job_is_gone);
	tcase_add_test(t, poweroff_is_answered_and_ends_the_vm);
	suite_add_tcase(s, t);
	setenv("CK_FORK", "no", 1); /* the cases share one VM and what it said */
	return suite_run(s);
}
