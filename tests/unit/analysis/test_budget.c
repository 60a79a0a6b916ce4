/* Where a request's time goes, and what is said when places counted different requests. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "budget.h"
#include "made_job.h"

static struct layer_seen l[LAYER_ATS];
static struct budget b;

static void place(enum layer_at at, enum io_dir dir, double n, double us, double bytes)
{
	l[at].dir[dir] = (struct layer_dir){
		.has = true, .n = n, .mean_ns = us * 1000, .bytes = bytes, .merges = NAN};
}

/* Reads of 4 KiB, as many everywhere. */
static void all_alike(void)
{
	memset(l, 0, sizeof l);
	place(LAYER_AT_ENGINE, IO_READ, 1000, 200, 4096000);
	place(LAYER_AT_GUEST_BLOCK, IO_READ, 1000, 180, 4096000);
	place(LAYER_AT_QEMU, IO_READ, 1000, 120, 4096000);
	place(LAYER_AT_HOST_BLOCK, IO_READ, 1000, 100, 4096000);
}

static const struct budget_line *line(enum io_dir dir, enum budget_part part)
{
	return &b.dir[dir].part[part];
}

static void expect_own(enum io_dir dir, double guest, double virt, double qemu, double host)
{
	const double want[] = {guest, virt, qemu, host};
	double sum = 0;

	for (int p = 0; p < BUDGET_PARTS; p++) {
		const struct budget_line *is = line(dir, (enum budget_part)p);

		ck_assert_msg(is->has == !isnan(want[p]), "part %d: %s", p, is->why_not);
		if (!is->has) {
			ck_assert(is->why_not[0]);
			if (dir == IO_WRITE && l[p].deferred[0]) { /* nobody's */
				ck_assert_int_eq(is->joined_to, p);
				continue;
			}
			ck_assert(is->joined_to < (enum budget_part)p);
			ck_assert(line(dir, is->joined_to)->has);
			ck_assert_int_ge(line(dir, is->joined_to)->up_to, p);
			continue;
		}
		ck_assert_double_eq_tol(is->own_ns, want[p] * 1000, 1e-6);
		ck_assert_int_eq(is->joined_to, p);
		sum += is->own_ns;
	}
	ck_assert_double_eq_tol(sum, b.dir[dir].total_ns, 1e-6); /* the parts are the whole */
}

START_TEST(each_part_has_the_difference_of_its_places)
{
	all_alike();
	budget_of(l, &b);
	expect_own(IO_READ, 20, 60, 20, 100);
	ck_assert_double_eq(line(IO_READ, PART_HOST)->share, 0.5);
	ck_assert_str_eq(b.dir[IO_READ].warning, "");
	ck_assert(!b.dir[IO_WRITE].has);
	ck_assert(isnan(b.dir[IO_WRITE].n[LAYER_AT_QEMU]));
}
END_TEST

START_TEST(a_few_requests_at_the_windows_ends_are_no_difference)
{
	all_alike();
	place(LAYER_AT_ENGINE, IO_READ, 30, 200, 30 * 4096);
	place(LAYER_AT_GUEST_BLOCK, IO_READ, 31, 180, 31 * 4096);
	place(LAYER_AT_QEMU, IO_READ, 30.4, 120, 30.4 * 4096);
	place(LAYER_AT_HOST_BLOCK, IO_READ, 30, 100, 30 * 4096);
	budget_of(l, &b);
	expect_own(IO_READ, 20, 60, 20, 100);
	ck_assert_str_eq(b.dir[IO_READ].warning, "");
}
END_TEST

START_TEST(the_time_of_a_place_that_saw_nothing_is_in_the_part_above)
{
	all_alike();
	l[LAYER_AT_QEMU] = (struct layer_seen){.absent = "not watched"};
	budget_of(l, &b);
	expect_own(IO_READ, 20, 80, NAN, 100);
	ck_assert_int_eq(line(IO_READ, PART_QEMU)->joined_to, PART_VIRTUAL);
	ck_assert_str_eq(line(IO_READ, PART_QEMU)->why_not, "not watched");

	/* bus host: engine and host alone */
	l[LAYER_AT_GUEST_BLOCK] = (struct layer_seen){.absent = "there is no VM"};
	budget_of(l, &b);
	expect_own(IO_READ, 100, NAN, NAN, 100);

	/* vfio: engine and guest alone */
	all_alike();
	l[LAYER_AT_QEMU] = l[LAYER_AT_HOST_BLOCK] = (struct layer_seen){.absent = "handed out"};
	budget_of(l, &b);
	expect_own(IO_READ, 20, 180, NAN, NAN);
	ck_assert_int_eq(line(IO_READ, PART_VIRTUAL)->up_to, PART_HOST);

	/* nothing but the engine */
	l[LAYER_AT_GUEST_BLOCK].dir[IO_READ].has = false;
	budget_of(l, &b);
	expect_own(IO_READ, 200, NAN, NAN, NAN);
	ck_assert_str_eq(line(IO_READ, PART_VIRTUAL)->why_not,
			 "guest block layer: no read request was counted there");

	/* nothing at all */
	memset(l, 0, sizeof l);
	budget_of(l, &b);
	ck_assert(!b.dir[IO_READ].has);
}
END_TEST

START_TEST(without_a_job_the_requests_of_the_uppermost_place_are_split)
{
	all_alike();
	l[LAYER_AT_ENGINE] =
		(struct layer_seen){.is_unmeasured = true, .absent = "no job was measured"};
	l[LAYER_AT_GUEST_BLOCK] = (struct layer_seen){.absent = "not watched"};
	budget_of(l, &b);
	ck_assert_int_eq(b.top, LAYER_AT_QEMU);
	ck_assert(b.dir[IO_READ].has);
	ck_assert_double_eq(b.dir[IO_READ].total_ns, 120e3);
	ck_assert_double_eq(line(IO_READ, PART_QEMU)->own_ns, 20e3);
	ck_assert_double_eq(line(IO_READ, PART_HOST)->own_ns, 100e3);
	ck_assert_double_eq_tol(line(IO_READ, PART_HOST)->share, 100. / 120, 1e-9);
	/* what they took above nobody knows, and no part has it */
	ck_assert(!line(IO_READ, PART_VIRTUAL)->has && !line(IO_READ, PART_GUEST)->has);
	ck_assert_str_eq(line(IO_READ, PART_VIRTUAL)->why_not, "not watched");
	ck_assert_int_eq(line(IO_READ, PART_VIRTUAL)->joined_to, PART_VIRTUAL);

	/* the host's device is not the VM's alone */
	l[LAYER_AT_QEMU] = (struct layer_seen){.absent = "not watched"};
	budget_of(l, &b);
	ck_assert(!b.dir[IO_READ].has);

	/* a job that did nothing is not one that is not there */
	all_alike();
	l[LAYER_AT_ENGINE] = (struct layer_seen){.absent = "no request completed"};
	budget_of(l, &b);
	ck_assert(!b.dir[IO_READ].has);
}
END_TEST

static void expect_warning(const char *text)
{
	ck_assert_msg(strstr(b.dir[IO_READ].warning, text) != NULL, "'%s' is not in: %s", text,
		      b.dir[IO_READ].warning);
}

START_TEST(merged_and_split_requests_keep_their_mean)
{
	all_alike();
	place(LAYER_AT_GUEST_BLOCK, IO_READ, 125, 180, 4096000);
	place(LAYER_AT_QEMU, IO_READ, 125, 120, 4096000);
	place(LAYER_AT_HOST_BLOCK, IO_READ, 500, 100, 4096000);
	budget_of(l, &b);
	expect_own(IO_READ, 20, 60, 20, 100);
	expect_warning(
		"guest block layer: 125 requests for 1000 of the engine, with as many bytes: "
		"merged");
	expect_warning(
		"host block layer: 500 requests for 125 of the QEMU block layer, with as many "
		"bytes: split");
}
END_TEST

START_TEST(a_share_that_went_down_counts_for_that_share)
{
	all_alike();
	place(LAYER_AT_HOST_BLOCK, IO_READ, 700, 100, 700 * 4096); /* 30 % of a cache */
	budget_of(l, &b);
	expect_own(IO_READ, 20, 60, 50, 70);
	expect_warning(
		"700 requests for 1000 of the QEMU block layer, 70 % of the bytes: the others "
		"were answered above");
}
END_TEST

START_TEST(what_hardly_came_down_is_not_what_the_job_waits_for)
{
	all_alike();
	place(LAYER_AT_HOST_BLOCK, IO_READ, 20, 9000, 20 * 4096);
	budget_of(l, &b);
	expect_own(IO_READ, 20, 60, 120, NAN);
	ck_assert_str_eq(
		line(IO_READ, PART_HOST)->why_not,
		"host block layer: 20 requests for 1000 of the QEMU block layer (2 % of the "
		"bytes)");
	expect_warning("answered above or are written later");
}
END_TEST

START_TEST(more_than_was_asked_is_somebody_elses)
{
	all_alike();
	place(LAYER_AT_HOST_BLOCK, IO_READ, 3000, 100, 3000 * 4096);
	budget_of(l, &b);
	expect_own(IO_READ, 20, 60, 20, 100);
	expect_warning("300 % of the bytes: metadata, or somebody else's");
}
END_TEST

START_TEST(flushes_are_told_by_their_number)
{
	all_alike();
	place(LAYER_AT_ENGINE, IO_SYNC, 1000, 900, NAN);
	place(LAYER_AT_GUEST_BLOCK, IO_SYNC, 800, 850, NAN); /* two of three share one */
	place(LAYER_AT_QEMU, IO_SYNC, 800, 800, NAN);
	place(LAYER_AT_HOST_BLOCK, IO_SYNC, 1, 5000, NAN); /* cache unsafe */
	budget_of(l, &b);
	expect_own(IO_SYNC, 50, 50, 800, NAN);
	ck_assert_ptr_nonnull(strstr(b.dir[IO_SYNC].warning, "several share one"));
}
END_TEST

START_TEST(a_lower_place_that_says_more_is_capped_and_said)
{
	all_alike();
	place(LAYER_AT_QEMU, IO_READ, 1000, 250, 4096000);
	budget_of(l, &b);
	expect_own(IO_READ, 20, 0, 80, 100);
	expect_warning("QEMU block layer says 250 us where the guest block layer says 180 us");
	/* by less than a tenth it is the order of two clock readings */
	place(LAYER_AT_QEMU, IO_READ, 1000, 185, 4096000);
	budget_of(l, &b);
	expect_own(IO_READ, 20, 0, 80, 100);
	ck_assert_str_eq(b.dir[IO_READ].warning, "");
}
END_TEST

START_TEST(what_a_page_cache_takes_does_not_wait_for_what_is_below)
{
	all_alike();
	place(LAYER_AT_ENGINE, IO_WRITE, 1000, 200, 4096000);
	place(LAYER_AT_GUEST_BLOCK, IO_WRITE, 1000, 180, 4096000);
	place(LAYER_AT_QEMU, IO_WRITE, 1000, 40, 4096000);
	place(LAYER_AT_HOST_BLOCK, IO_WRITE, 1000, 36, 4096000);
	for (int at = 0; at < LAYER_ATS; at++)
		place((enum layer_at)at, IO_SYNC, 1000, 300 - 50 * at, NAN);
	snprintf(l[LAYER_AT_HOST_BLOCK].deferred, sizeof l[0].deferred, "a cache takes writes");
	budget_of(l, &b);
	expect_own(IO_WRITE, 20, 140, 40, NAN);
	expect_own(IO_SYNC, 50, 50, 200, NAN);
	expect_own(IO_READ, 20, 60, 20, 100);
	ck_assert_int_eq(line(IO_WRITE, PART_QEMU)->up_to, PART_QEMU); /* it alone */
	ck_assert_int_eq(line(IO_SYNC, PART_QEMU)->up_to, PART_HOST);
	ck_assert_int_eq(line(IO_SYNC, PART_HOST)->joined_to, PART_QEMU);
	ck_assert_str_eq(line(IO_WRITE, PART_HOST)->why_not,
			 "a cache takes writes: they are written later");
	ck_assert_ptr_nonnull(strstr(line(IO_SYNC, PART_HOST)->why_not, "a flush waits for"));
}
END_TEST

TCase *budget_cases(void)
{
	TCase *t = tcase_create("budget");

	tcase_add_test(t, each_part_has_the_difference_of_its_places);
	tcase_add_test(t, a_few_requests_at_the_windows_ends_are_no_difference);
	tcase_add_test(t, the_time_of_a_place_that_saw_nothing_is_in_the_part_above);
	tcase_add_test(t, without_a_job_the_requests_of_the_uppermost_place_are_split);
	tcase_add_test(t, merged_and_split_requests_keep_their_mean);
	tcase_add_test(t, a_share_that_went_down_counts_for_that_share);
	tcase_add_test(t, what_hardly_came_down_is_not_what_the_job_waits_for);
	tcase_add_test(t, more_than_was_asked_is_somebody_elses);
	tcase_add_test(t, flushes_are_told_by_their_number);
	tcase_add_test(t, a_lower_place_that_says_more_is_capped_and_said);
	tcase_add_test(t, what_a_page_cache_takes_does_not_wait_for_what_is_below);
	return t;
}
