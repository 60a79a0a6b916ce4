/* Cells that share a boot, on real VMs: each turn used its own disk and no other, as QEMU counts,
 * every disk was what its cell asks for, and a VM that is gone fails only what it had not run.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lab.h"
#include "suite.h"
#include "units.h"

/* Of a size, past the page cache and each block once: QEMU counts as many bytes. */
#define JOB_BYTES (8 * MiB)
static const char job[] = "[w]\nrw=randwrite\nbs=64k\nsize=8m\ndirect=1\nioengine=io_uring\n"
			  "iodepth=4\n";

/* Every way to a disk that cells can share a VM with. */
static const char disks[] =
	"backing: { size: 16MiB }\nvm: { memory: 256MiB }\nrepeats: 1\n"
	"interleave: within-boot\nrounds: 2\n"
	"axes:\n  bus: [virtio-blk]\n  vcpus: [2]\n"
	"include:\n"
	"  - { name: blk io1 native, bus: virtio-blk, iothreads: 1, aio: native }\n"
	"  - { name: blk qcow2 through, bus: virtio-blk, format: qcow2, cache: writethrough }\n"
	"  - { name: scsi io1 writeback, bus: virtio-scsi, iothreads: 1, cache: writeback }\n"
	"  - { name: scsi queues, bus: virtio-scsi, queues: 2 }\n"
	"  - { name: sata, bus: sata }\n"
	"  - { name: sata directsync, bus: sata, cache: directsync }\n"
	"  - { name: nvme, bus: nvme-emulated }\n"
	"  - { name: nvme qcow2 unsafe, bus: nvme-emulated, format: qcow2, cache: unsafe }\n"
	"  - { name: behind a server, bus: virtio-blk, storage: nbd }\n";
#define N_DISKS 10

static struct lab lab;
static uint64_t written[N_DISKS];
static unsigned n_proved;

static uint64_t count_at(const struct series_set *set, const char *name, size_t i)
{
	const struct series *one = series_find(set, name);

	ck_assert_msg(one != NULL, "no signal '%s'", name);
	return one->values[i];
}

static const char *proved(const struct trial_record *t, const char *key)
{
	for (size_t i = 0; i < t->effective.n; i++) {
		const struct effective *e = &t->effective.items[i];

		if (strcmp(e->key, key) == 0) {
			ck_assert_msg(e->asked && e->matches, "%s: not proved", key);
			return e->effective;
		}
	}
	ck_abort_msg("'%s' was not looked at", key);
	return NULL;
}

/* QEMU's counters go on from boot to end: that this disk's stand, when its turn begins, where its
 * own turns had left it says that the turns of the others wrote nothing to it. */
static void look(struct lab *l, const struct trial_record *t)
{
	const struct series_set *set = &t->jobs[0].watched[WATCHED_QEMU];
	const char *target = facts_get(&t->facts, "path.target"); /* none of a device of ours */
	uint64_t before, after;

	ck_assert_msg(t->state == TRIAL_OK, "%s", t->reason);
	ck_assert_uint_lt(t->cell, N_DISKS);
	ck_assert_uint_ge(set->n, 2);
	before = count_at(set, "block.write_bytes", 0);
	after = count_at(set, "block.write_bytes", set->n - 1);
	printf("    round %u, %-18s %-13s %-18s %8" PRIu64 " -> %8" PRIu64 " bytes written\n",
	       t->round + 1, matrix_cell(l->m, t->cell)->name, target ? target : "-",
	       proved(t, "guest.serial"), before, after);
	ck_assert_uint_eq(before, written[t->cell]);
	ck_assert_uint_eq(after, before + JOB_BYTES);
	written[t->cell] = after;
	proved(t, "image.file");
	proved(t, "cache.direct");
	proved(t, "serial");
	n_proved++;
}

START_TEST(each_turn_is_on_its_own_disk_of_one_vm)
{
	struct bl_err err = BL_ERR_INIT;

	printf("ten disks of one VM, two rounds:\n");
	lab_init(&lab, lab_kernel(true));
	lab.record = look;
	ck_assert_msg(lab_run(&lab, disks, job, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(lab.n_trials, 2 * N_DISKS);
	ck_assert_uint_eq(n_proved, 2 * N_DISKS);
	lab_done(&lab);
}
END_TEST

/* The second turn's requests are under way. */
static void kill_in_second_turn(struct lab *l, const struct runner_progress *p)
{
	if (p->phase == PHASE_JOB && p->iops > 0 && p->trial == 1 && !l->stop_sent)
		l->stop_sent = lab_kill_qemu(l->dir) == 1;
}

START_TEST(a_qemu_that_is_killed_fails_only_what_it_had_not_run)
{
	struct bl_err err = BL_ERR_INIT;

	printf("a QEMU that is killed in its second turn:\n");
	lab_init(&lab, lab_kernel(false));
	lab.progress = kill_in_second_turn;
	ck_assert_msg(lab_run(&lab,
			      "backing: { size: 16MiB }\nvm: { memory: 256MiB }\nrepeats: 1\n"
			      "interleave: within-boot\naxes:\n  iothreads: [0, 1]\n",
			      "[r]\nrw=randread\nbs=4k\ndirect=1\ntime_based=1\nruntime=3s\n",
			      &err) == 0,
		      "%s", err.text);
	ck_assert_uint_eq(lab.n_trials, 4);
	ck_assert_int_eq(lab.trials[0].state, TRIAL_OK);
	ck_assert_uint_gt(lab.trials[0].ios[0], 0);
	for (size_t i = 1; i < 4; i++) {
		const char *says = strstr(lab.trials[i].reason, "job 'r': the guest is gone");

		ck_assert_int_eq(lab.trials[i].state, TRIAL_FAILED);
		ck_assert_ptr_nonnull(says);
		ck_assert_int_eq(says == lab.trials[i].reason, i == 1);
	}
	lab_done(&lab);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("turns");
	TCase *t = tcase_create("real VMs");

	tcase_set_timeout(t, 300);
	tcase_add_test(t, each_turn_is_on_its_own_disk_of_one_vm);
	tcase_add_test(t, a_qemu_that_is_killed_fails_only_what_it_had_not_run);
	suite_add_tcase(s, t);
	return suite_run(s);
}
