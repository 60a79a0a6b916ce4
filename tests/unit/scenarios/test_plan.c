#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "plan.h"
#include "proc.h"
#include "scenario_text.h"
#include "units.h"

#define FOUR_CELLS TEXT_HEAD "axes: { cache: [none, unsafe], iothreads: [0, 1] }\n"

static struct plan *must_plan(const struct scenario *sc, const struct matrix *m)
{
	struct bl_err err = BL_ERR_INIT;
	struct plan *p = NULL;

	ck_assert_msg(plan_make(sc, m, &p, &err) == 0, "%s", err.text);
	return p;
}

/* Published with the generator: the first five of seed 1234567. */
START_TEST(the_generator_gives_the_published_numbers)
{
	static const uint64_t published[] = {
		UINT64_C(6457827717110365317),  UINT64_C(3203168211198807973),
		UINT64_C(9817491932198370423),  UINT64_C(4593380528125082431),
		UINT64_C(16408922859458223821),
	};
	uint64_t state = 1234567;

	for (size_t i = 0; i < BL_ARRAY_LEN(published); i++)
		ck_assert_uint_eq(plan_random(&state), published[i]);
}
END_TEST

START_TEST(every_block_holds_every_cell_once)
{
	BL_CLEANUP(scenario_freep) struct scenario *sc = must_parse(FOUR_CELLS "repeats: 50\n");
	BL_CLEANUP(matrix_freep) struct matrix *m = must_expand(sc);
	BL_CLEANUP(plan_freep) struct plan *p = must_plan(sc, m);

	ck_assert_uint_eq(p->n_trials, 200);
	for (size_t block = 0; block < 50; block++) {
		unsigned seen = 0;

		for (size_t i = 0; i < 4; i++) {
			ck_assert_uint_eq(p->trials[block * 4 + i].repeat, block);
			seen |= 1u << p->trials[block * 4 + i].cell;
		}
		ck_assert_uint_eq(seen, 15);
	}
}
END_TEST

START_TEST(more_repeats_leave_the_earlier_blocks_as_they_were)
{
	BL_CLEANUP(scenario_freep) struct scenario *few = must_parse(FOUR_CELLS "repeats: 5\n");
	BL_CLEANUP(scenario_freep) struct scenario *many = must_parse(FOUR_CELLS "repeats: 9\n");
	BL_CLEANUP(matrix_freep) struct matrix *m = must_expand(few);
	BL_CLEANUP(plan_freep) struct plan *a = must_plan(few, m);
	BL_CLEANUP(plan_freep) struct plan *b = must_plan(many, m);

	ck_assert_mem_eq(a->trials, b->trials, a->n_trials * sizeof *a->trials);
}
END_TEST

START_TEST(sequential_runs_cell_by_cell)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *sc = must_parse(FOUR_CELLS "repeats: 3\norder: sequential\n");
	BL_CLEANUP(matrix_freep) struct matrix *m = must_expand(sc);
	BL_CLEANUP(plan_freep) struct plan *p = must_plan(sc, m);

	for (size_t i = 0; i < p->n_trials; i++) {
		ck_assert_uint_eq(p->trials[i].cell, i / 3);
		ck_assert_uint_eq(p->trials[i].repeat, i % 3);
	}
}
END_TEST

/* 24 orders of four cells over 24000 blocks: chi-square with 23 degrees of freedom is
 * below 49.7 in 99.9 of 100 draws. The seed is fixed, so this never flickers. */
START_TEST(every_order_is_equally_likely)
{
	BL_CLEANUP(scenario_freep) struct scenario *sc = must_parse(FOUR_CELLS "repeats: 1000\n");
	BL_CLEANUP(matrix_freep) struct matrix *m = must_expand(sc);
	unsigned counts[256] = {0};
	double chi2 = 0;
	int n_orders = 0;

	for (uint64_t seed = 0; seed < 24; seed++) {
		BL_CLEANUP(plan_freep) struct plan *p = NULL;

		sc->seed = seed;
		p = must_plan(sc, m);
		for (size_t i = 0; i < p->n_trials; i += 4)
			counts[p->trials[i].cell << 6 | p->trials[i + 1].cell << 4 |
			       p->trials[i + 2].cell << 2 | p->trials[i + 3].cell]++;
	}
	for (size_t i = 0; i < 256; i++) {
		if (!counts[i])
			continue;
		n_orders++;
		chi2 += (counts[i] - 1000.0) * (counts[i] - 1000.0) / 1000.0;
	}
	ck_assert_int_eq(n_orders, 24);
	ck_assert_double_lt(chi2, 49.7);
}
END_TEST

START_TEST(another_seed_gives_another_order)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *a = must_parse(FOUR_CELLS "repeats: 20\nseed: 1\n");
	BL_CLEANUP(scenario_freep)
	struct scenario *b = must_parse(FOUR_CELLS "repeats: 20\nseed: 2\n");
	BL_CLEANUP(matrix_freep) struct matrix *m = must_expand(a);
	BL_CLEANUP(plan_freep) struct plan *pa = must_plan(a, m);
	BL_CLEANUP(plan_freep) struct plan *pb = must_plan(b, m);

	ck_assert_mem_ne(pa->trials, pb->trials, pa->n_trials * sizeof *pa->trials);
}
END_TEST

START_TEST(jobs_of_one_group_run_together_in_the_estimate)
{
	BL_CLEANUP(scenario_freep) struct scenario *sc = must_parse(TEXT_HEAD);
	struct job two[2] = {sc->jobs.items[0], sc->jobs.items[1]};
	struct jobs jobs = {.items = two, .n = 2}, theirs = sc->jobs;
	struct cell c;
	uint64_t apart, together;

	cell_defaults(&c);
	sc->jobs = jobs;
	two[0].runtime_ns = 10 * NS_PER_S;
	two[1].runtime_ns = 3 * NS_PER_S;
	two[0].group = 1;
	two[1].group = 2;
	apart = plan_trial_ns(sc, &c);
	two[1].group = 1;
	together = plan_trial_ns(sc, &c);
	sc->jobs = theirs;
	ck_assert_uint_eq(apart - together, 3 * NS_PER_S + two[1].ramp_ns);
}
END_TEST

START_TEST(the_host_needs_no_boot_and_an_unfilled_disk_no_fill)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *filled = must_parse(TEXT_HEAD "backing: { size: 1GiB }\n");
	BL_CLEANUP(scenario_freep)
	struct scenario *empty =
		must_parse(TEXT_HEAD "backing: { size: 1GiB, precondition: none }\n");
	struct cell vm, host;

	cell_defaults(&vm);
	cell_defaults(&host);
	host.bus = BUS_HOST;
	ck_assert_uint_lt(plan_trial_ns(empty, &vm) + 2 * NS_PER_S, plan_trial_ns(filled, &vm));
	ck_assert_uint_lt(plan_trial_ns(empty, &host) + 2 * NS_PER_S, plan_trial_ns(empty, &vm));
}
END_TEST

/* A gigabyte in small requests takes minutes, in large ones a second; a queue and the host are
 * faster, a commit and a given rate slower. */
START_TEST(a_job_that_ends_by_size_is_estimated_by_its_requests)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *sc = must_parse(TEXT_HEAD "backing: { size: 1GiB, precondition: none }\n");
	struct job j = sc->jobs.items[0], lone;
	struct jobs jobs = {.items = &j, .n = 1}, theirs = sc->jobs;
	struct cell vm, host;
	uint64_t small, large, deep, on_host, committed, paced;

	cell_defaults(&vm);
	cell_defaults(&host);
	host.bus = BUS_HOST;
	j.time_based = false;
	j.runtime_ns = j.ramp_ns = j.size = j.size_pct = j.io_size = 0;
	j.rw = JOB_RW_WRITE;
	for (int d = 0; d < JOB_DDIRS; d++)
		j.bs[d] = (struct job_range){4096, 4096};
	j.iodepth = j.numjobs = 1;
	j.fsync = j.fdatasync = 0;
	j.rate_iops[1] = 0;
	lone = j;
	sc->jobs = jobs;
	small = plan_trial_ns(sc, &vm);
	on_host = plan_trial_ns(sc, &host);
	j.iodepth = 32;
	deep = plan_trial_ns(sc, &vm);
	j = lone;
	j.fdatasync = 1;
	committed = plan_trial_ns(sc, &vm);
	j = lone;
	j.rate_iops[1] = 100; /* 262144 requests */
	paced = plan_trial_ns(sc, &vm);
	j = lone;
	for (int d = 0; d < JOB_DDIRS; d++)
		j.bs[d] = (struct job_range){1024 * 1024, 1024 * 1024};
	large = plan_trial_ns(sc, &vm);
	j = lone;
	j.io_size = UINT64_MAX; /* stays a number */
	ck_assert_uint_lt(plan_trial_ns(sc, &vm), 5000 * 3600 * NS_PER_S);
	j = lone;
	j.runtime_ns = NS_PER_S; /* whichever comes first */
	ck_assert_uint_lt(plan_trial_ns(sc, &vm), large + NS_PER_S);
	sc->jobs = theirs;
	ck_assert_uint_gt(small, 60 * NS_PER_S);
	ck_assert_uint_lt(large, 10 * NS_PER_S);
	ck_assert_uint_lt(deep, small / 3);
	ck_assert_uint_lt(on_host, small / 3);
	ck_assert_uint_gt(committed, small + 60 * NS_PER_S);
	ck_assert_uint_gt(paced, 2621 * NS_PER_S);
	ck_assert_uint_lt(paced, 2640 * NS_PER_S);
}
END_TEST

static const char *const cluster_sizes[] = {"512", "4KiB", "64KiB", "auto", "1MiB", "2MiB"};

/* qemu-img knows exactly how large a full image gets. */
START_TEST(the_size_of_a_full_qcow2_image_is_what_qemu_img_measures)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *sc = must_parse(TEXT_HEAD "backing: { size: 777MiB }\n");
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	const char *cluster = cluster_sizes[_i];
	char option[64], path[512];
	struct bl_err err = BL_ERR_INIT;
	const char *found;
	struct cell c;

	if (bl_proc_find("qemu-img", path, sizeof path) < 0) {
		fprintf(stderr, "not compared: there is no qemu-img\n");
		return;
	}
	cell_defaults(&c);
	axis_find("format")->set(&c, "qcow2", NULL);
	axis_find("cluster_size")->set(&c, cluster, NULL);
	snprintf(option, sizeof option, "cluster_size=%llu",
		 (unsigned long long)(c.cluster_size ? c.cluster_size : 65536));
	const char *argv[] = {"qemu-img", "measure", "-O",   "qcow2", "-o",
			      option,     "--size",  "777M", NULL};

	ck_assert_msg(bl_proc_run(argv, NULL, 0, &out, NULL, 20 * NS_PER_S, &err) == 0, "%s",
		      err.text);
	found = strstr(bl_buf_str(&out), "fully allocated size: ");
	ck_assert_ptr_nonnull(found);
	ck_assert_uint_eq(plan_backing_bytes(sc, &c),
			  strtoull(found + strlen("fully allocated size: "), NULL, 10));
}
END_TEST

START_TEST(the_largest_backing_decides_the_disk_space)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *sc = must_parse(TEXT_HEAD "axes: { format: [raw, qcow2] }\n");
	BL_CLEANUP(matrix_freep) struct matrix *m = must_expand(sc);
	BL_CLEANUP(plan_freep) struct plan *p = must_plan(sc, m);

	ck_assert_uint_eq(plan_backing_bytes(sc, matrix_cell(m, 0)), GiB);
	ck_assert_uint_gt(p->disk_bytes, GiB);
	/* The image and, until the run ends, the raw file that qcow2 images are converted from. */
	ck_assert_uint_eq(p->disk_bytes, plan_backing_bytes(sc, matrix_cell(m, 1)) + GiB);
	ck_assert_uint_eq(p->estimate_ns, 3 * (plan_trial_ns(sc, matrix_cell(m, 0)) +
					       plan_trial_ns(sc, matrix_cell(m, 1))));
}
END_TEST

START_TEST(a_device_takes_no_space_in_the_work_folder)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *on = must_parse(TEXT_HEAD "axes:\n"
						   "  bus: [virtio-blk, vfio, nvme-userspace]\n"
						   "  storage: [device, filesystem]\n"
						   "  format: [raw, qcow2]\n");
	BL_CLEANUP(scenario_freep)
	struct scenario *beside = must_parse(TEXT_HEAD "axes: { storage: [file, device] }\n"
						       "include: [ { storage: device, format: "
						       "qcow2 } ]\n");
	BL_CLEANUP(matrix_freep) struct matrix *m = must_expand(on), *n = must_expand(beside);

	ck_assert_uint_eq(matrix_len(m), 6);
	for (size_t i = 0; i < matrix_len(m); i++)
		ck_assert_uint_eq(plan_backing_bytes(on, matrix_cell(m, i)), 0);
	ck_assert_uint_eq(plan_space_bytes(on, m), 0);
	ck_assert_uint_eq(plan_space_bytes(beside, n), GiB);
}
END_TEST

START_TEST(raw_images_and_unfilled_ones_have_no_source_beside_them)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *raw = must_parse(TEXT_HEAD "axes: { cache: [none, writeback] }\n");
	BL_CLEANUP(scenario_freep)
	struct scenario *empty =
		must_parse(TEXT_HEAD "backing: { precondition: none }\naxes: { format: qcow2 }\n");
	BL_CLEANUP(matrix_freep) struct matrix *m = must_expand(raw), *n = must_expand(empty);

	ck_assert_uint_eq(plan_space_bytes(raw, m), GiB);
	ck_assert_uint_eq(plan_space_bytes(empty, n), plan_backing_bytes(empty, matrix_cell(n, 0)));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("plan");
	TCase *tc = tcase_create("plan");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, the_generator_gives_the_published_numbers);
	tcase_add_test(tc, every_block_holds_every_cell_once);
	tcase_add_test(tc, more_repeats_leave_the_earlier_blocks_as_they_were);
	tcase_add_test(tc, sequential_runs_cell_by_cell);
	tcase_add_test(tc, every_order_is_equally_likely);
	tcase_add_test(tc, another_seed_gives_another_order);
	tcase_add_test(tc, jobs_of_one_group_run_together_in_the_estimate);
	tcase_add_test(tc, a_job_that_ends_by_size_is_estimated_by_its_requests);
	tcase_add_test(tc, the_host_needs_no_boot_and_an_unfilled_disk_no_fill);
	tcase_add_loop_test(tc, the_size_of_a_full_qcow2_image_is_what_qemu_img_measures, 0,
			    BL_ARRAY_LEN(cluster_sizes));
	tcase_add_test(tc, the_largest_backing_decides_the_disk_space);
	tcase_add_test(tc, a_device_takes_no_space_in_the_work_folder);
	tcase_add_test(tc, raw_images_and_unfilled_ones_have_no_source_beside_them);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
