/* On real VMs, through the whole pipeline: for each bus and each cache mode, what the guest wrote
 * is what is in the image on the host, and what it did not write is what the disk was filled with.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "suite.h"
#include "units.h"

/* Every 64 KiB of [8 MiB, 16 MiB) once, then reads everywhere. */
static const char jobs[] = "[write]\nrw=write\nbs=64k\noffset=8m\nsize=8m\ndirect=1\n"
			   "ioengine=io_uring\niodepth=4\nfsync=16\n"
			   "[read]\nstonewall\nrw=randread\nbs=4k\ndirect=1\nioengine=io_uring\n"
			   "iodepth=4\ntime_based=1\nruntime=1s\n";

static struct lab lab;

static void look(struct lab *l, const struct cell *c, const char *image)
{
	(void)c;
	lab_check_data(l, image, 8 * MiB, 16 * MiB);
}

/* Every trial is fine, and its data was checked. */
static void all_ok(size_t n)
{
	ck_assert_uint_eq(lab.n_trials, n);
	for (size_t i = 0; i < n; i++) {
		const struct lab_trial *t = &lab.trials[i];

		ck_assert_msg(t->state == TRIAL_OK, "%s: %s\n%s", t->cell, t->reason, t->console);
		ck_assert(t->data_checked);
		ck_assert_uint_eq(t->ios[0], 128);
		ck_assert_uint_gt(t->ios[1], 10);
		ck_assert_uint_gt(t->n_effective, 20);
		ck_assert_uint_gt(t->host_cpu_ns[1], 0);
		ck_assert_uint_gt(lab_number(&t->cpu, "cpu.vcpu_ns"), 0);
		ck_assert_uint_le(lab_number(&t->cpu, "cpu.vcpu_ns"), t->host_cpu_ns[1] * 11 / 10);
		ck_assert_uint_ge(lab_number(&t->facts, "backing.mapped_bytes"), 32 * MiB);
		ck_assert_uint_ge(lab_number(&t->facts, "backing.allocated_bytes"), 32 * MiB);
		ck_assert_uint_gt(lab_number(&t->facts, "boot.start_to_first_io_ns"),
				  lab_number(&t->facts, "boot.start_to_hello_ns"));
	}
}

static void run(const char *kernel, const char *fill, const char *yaml)
{
	struct bl_err err = BL_ERR_INIT;

	lab_init(&lab, kernel);
	lab.opt.fill = fill;
	lab.look = look;
	ck_assert_msg(lab_run(&lab, yaml, jobs, &err) == 0, "%s", err.text);
}

START_TEST(each_bus_carries_what_the_guest_wrote_into_the_image)
{
	const char *kernel = lab_kernel(true);

	printf("each bus, qcow2, filled by the guest:\n");
	run(kernel, "guest",
	    "backing: { size: 32MiB }\nrepeats: 1\naxes:\n"
	    "  bus: [virtio-blk, virtio-scsi, sata, nvme-emulated]\n  format: [qcow2]\n");
	all_ok(4);
	lab_done(&lab);
}
END_TEST

START_TEST(each_cache_mode_carries_what_the_guest_wrote_into_the_image)
{
	const char *kernel = lab_kernel(false);

	printf("each cache mode, raw, filled by the guest:\n");
	run(kernel, "guest",
	    "backing: { size: 32MiB }\nrepeats: 1\naxes:\n  bus: [virtio-blk]\n"
	    "  cache: [none, writeback, writethrough, directsync, unsafe]\n");
	all_ok(5);
	for (size_t i = 0; i < lab.n_trials; i++)
		ck_assert_uint_gt(lab_number(&lab.trials[i].facts, "backing.fill_ns"), 0);
	lab_done(&lab);
}
END_TEST

START_TEST(iothread_native_aio_and_a_qcow2_filled_by_the_host_work_too)
{
	const char *kernel = lab_kernel(false);

	printf("iothread, native aio, two vCPUs, qcow2 with 4 KiB clusters filled by the host:\n");
	run(kernel, "host",
	    "vm: { vcpus: 2 }\nbacking: { size: 32MiB }\nrepeats: 1\naxes:\n  bus: [virtio-blk]\n"
	    "  iothreads: [1]\n  aio: [native]\n  format: [qcow2]\n  cluster_size: [4KiB]\n");
	all_ok(1);
	ck_assert_uint_gt(lab_number(&lab.trials[0].cpu, "cpu.iothread_ns"), 0);
	lab_done(&lab);
}
END_TEST

START_TEST(a_bus_the_guest_kernel_has_no_driver_for_is_impossible)
{
	struct bl_err err = BL_ERR_INIT;
	const char *kernel = lab_kernel(false);

	printf("sata with the cloud kernel, beside bus host:\n");
	lab_init(&lab, kernel);
	ck_assert_msg(lab_run(&lab,
			      "backing: { size: 32MiB }\nrepeats: 1\naxes:\n  bus: [sata]\n"
			      "include:\n  - { name: floor, bus: host }\n",
			      jobs, &err) == 0,
		      "%s", err.text);
	ck_assert_uint_eq(lab.n_trials, 2);
	for (size_t i = 0; i < 2; i++) {
		if (strcmp(lab.trials[i].cell, "floor") == 0) {
			ck_assert_msg(lab.trials[i].state == TRIAL_OK, "%s", lab.trials[i].reason);
			ck_assert_uint_gt(lab.trials[i].host_cpu_ns[1], 0);
		} else {
			ck_assert_int_eq(lab.trials[i].state, TRIAL_IMPOSSIBLE);
			ck_assert_ptr_nonnull(
				strstr(lab.trials[i].reason, "needs the module 'ahci'"));
		}
	}
	lab_done(&lab);
}
END_TEST

static uint64_t reads_of(const char *cell)
{
	for (size_t i = 0; i < lab.n_trials; i++)
		if (strcmp(lab.trials[i].cell, cell) == 0)
			return lab.trials[i].ios[0];
	ck_abort_msg("there is no cell '%s'", cell);
}

/* 5 ms for each read of the server, one at a time; 100 requests a second, of which a tenth is there
 * at once. What is not slowed does more on the same machine, however slow that is: of the same bus,
 * as an emulated controller may be slower than the server. */
START_TEST(a_slow_server_and_a_limit_are_felt_by_the_guest)
{
	static const char jobs_qd1[] = "[read]\nrw=randread\nbs=4k\ndirect=1\ntime_based=1\n"
				       "runtime=2s\n";
	struct bl_err err = BL_ERR_INIT;
	const char *kernel = lab_kernel(false);

	printf("storage nbd with a delay, a limit, neither:\n");
	lab_init(&lab, kernel);
	ck_assert_msg(lab_run(&lab,
			      "backing: { size: 32MiB, nbdkit: \"--filter=delay rdelay=5ms\" }\n"
			      "repeats: 1\naxes: { bus: virtio-blk }\ninclude:\n"
			      "  - { name: slow, storage: nbd }\n"
			      "  - { name: limit, throttle: 100iops }\n"
			      "  - { name: scsi, storage: nbd, bus: virtio-scsi }\n"
			      "  - { name: nvme, storage: nbd, bus: nvme-emulated }\n",
			      jobs_qd1, &err) == 0,
		      "%s", err.text);
	ck_assert_uint_eq(lab.n_trials, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct lab_trial *t = &lab.trials[i];

		ck_assert_msg(t->state == TRIAL_OK, "%s: %s\n%s", t->cell, t->reason, t->console);
		printf("  %s: %u I/Os in 2 s\n", t->cell, (unsigned)t->ios[0]);
		if (strcmp(t->cell, "virtio-blk") != 0)
			ck_assert_uint_lt(t->ios[0], 401);
		ck_assert_uint_gt(t->ios[0], 20);
	}
	ck_assert_uint_gt(reads_of("virtio-blk"), reads_of("slow"));
	ck_assert_uint_gt(reads_of("virtio-blk"), reads_of("limit"));
	ck_assert_uint_eq(lab_n_files(&lab, "work/runs"), 0);
	lab_done(&lab);
}
END_TEST

START_TEST(a_server_that_does_not_start_says_why)
{
	struct bl_err err = BL_ERR_INIT;

	printf("storage nbd with a delay that is none:\n");
	lab_init(&lab, lab_kernel(false));
	ck_assert_msg(
		lab_run(&lab,
			"backing: { size: 32MiB, nbdkit: \"--filter=delay rdelay=none-such\" }\n"
			"repeats: 1\naxes: { storage: nbd }\n",
			jobs, &err) == 0,
		"%s", err.text);
	ck_assert_int_eq(lab.trials[0].state, TRIAL_FAILED);
	ck_assert_ptr_nonnull(strstr(lab.trials[0].reason, "nbdkit ended by itself: 'nbdkit: "));
	ck_assert_ptr_nonnull(strstr(lab.trials[0].reason, "rdelay"));
	lab_done(&lab);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("data");
	TCase *t = tcase_create("data");

	tcase_set_timeout(t, 240);
	tcase_add_test(t, each_bus_carries_what_the_guest_wrote_into_the_image);
	tcase_add_test(t, each_cache_mode_carries_what_the_guest_wrote_into_the_image);
	tcase_add_test(t, iothread_native_aio_and_a_qcow2_filled_by_the_host_work_too);
	tcase_add_test(t, a_bus_the_guest_kernel_has_no_driver_for_is_impossible);
	tcase_add_test(t, a_slow_server_and_a_limit_are_felt_by_the_guest);
	tcase_add_test(t, a_server_that_does_not_start_says_why);
	suite_add_tcase(s, t);
	return suite_run(s);
}
