/* Hosts that should be alike, and one that is not. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alike.h"
#include "cleanup.h"
#include "made_runs.h"
#include "simulated_hosts.h"

#define US        1000
#define HOSTS_MAX 9

static struct run_data runs[HOSTS_MAX];
static struct run_figures figures[HOSTS_MAX];
static const struct run_figures *pointers[HOSTS_MAX];
static struct alike_host hosts[HOSTS_MAX];
static size_t n_hosts;
static struct alike a;

static void end(void)
{
	for (size_t i = 0; i < n_hosts; i++) {
		run_data_done(&runs[i]);
		run_figures_done(&figures[i]);
	}
	alike_done(&a);
	n_hosts = 0;
}

/* Hosts "h0", ... of these latencies in two cells. */
static void make(const unsigned *us, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char name[8] = {'h', (char)('0' + i)};

		made_run(&runs[i], 1, name, 2);
		made_trial(&runs[i], 0, 20000, us[i] * US);
		made_trial(&runs[i], 1, 20000, (us[i] + 40) * US);
	}
	n_hosts = n;
}

static void look(void)
{
	for (size_t i = 0; i < n_hosts; i++) {
		run_figures_done(&figures[i]);
		ck_assert_int_eq(run_figures_of(&runs[i], &figures[i]), 0);
		pointers[i] = &figures[i];
		hosts[i] = (struct alike_host){.id = figures[i].host_id,
					       .name = figures[i].host_name,
					       .runs = &pointers[i],
					       .n_runs = 1};
	}
	alike_done(&a);
	ck_assert_int_eq(alike_of(hosts, n_hosts, NULL, &a, NULL), 0);
}

static const struct alike_row *row_of(const char *cell, enum metric m)
{
	for (size_t i = 0; i < a.n; i++)
		if (!strcmp(a.rows[i].cell, cell) && a.rows[i].metric == m)
			return &a.rows[i];
	ck_abort_msg("no row");
	return NULL;
}

START_TEST(the_odd_one_of_five_is_named_with_how_much_and_what_it_has_alone)
{
	static const unsigned us[] = {100, 102, 180, 99, 101};
	const struct alike_row *row;

	make(us, 5);
	for (size_t i = 0; i < 5; i++) {
		made_fact(&runs[i], "cpu.governor", i == 2 ? "powersave" : "performance");
		made_fact(&runs[i], "disk.serial", i == 2 ? "S9" : "S1");
		made_fact(&runs[i], "bios.version", i == 2 ? NULL : "1.2");
		made_fact(&runs[i], "cpu.microcode", i < 3 ? "1" : "2");
		made_fact(&runs[i], "cpu.isolated", i == 2 ? "2-3" : NULL);
	}
	look();
	row = row_of("c0", METRIC_P99);
	ck_assert_int_eq(row->verdict, ALIKE_ODD);
	ck_assert_uint_eq(row->n_odd, 1);
	ck_assert_uint_eq(row->odd[0].host, 2);
	ck_assert(row->odd[0].is_worse);
	ck_assert_double_eq_tol(row->odd[0].ratio, 1.79, 0.02);
	ck_assert_double_eq_tol(row->typical, 101 * US, 1 * US);
	ck_assert_double_lt(row->hi, 1.1);
	ck_assert_int_eq(row_of("c0", METRIC_IOPS)->verdict, ALIKE_SAME);
	ck_assert_uint_eq(a.odd_host, 2);
	ck_assert_uint_eq(a.n_odd[2], a.n_worse[2]);
	ck_assert_uint_eq(a.n_odd[0], 0);
	ck_assert_uint_eq(a.n_facts, 3);
	ck_assert_str_eq(a.facts[1].key, "cpu.isolated");
	ck_assert_ptr_null(a.facts[1].others);
	ck_assert_uint_eq(a.facts[1].n_others, 4);
	ck_assert_str_eq(a.facts[0].key, "cpu.governor");
	ck_assert_str_eq(a.facts[0].value, "powersave");
	ck_assert_str_eq(a.facts[0].others, "performance");
	ck_assert_uint_eq(a.facts[0].n_others, 4);
	ck_assert_str_eq(a.facts[2].key, "bios.version");
	ck_assert_ptr_null(a.facts[2].value);
	made_fact(&runs[2], "environment.version", "1"); /* it was not asked for it */
	look();
	ck_assert_uint_eq(a.n_facts, 1);
}
END_TEST

START_TEST(two_odd_ones_of_seven_do_not_hide_each_other)
{
	static const unsigned us[] = {100, 250, 102, 98, 101, 240, 99};

	make(us, 7);
	look();
	ck_assert_int_eq(row_of("c0", METRIC_P50)->verdict, ALIKE_ODD);
	ck_assert_uint_eq(row_of("c0", METRIC_P50)->n_odd, 2);
	ck_assert_uint_eq(
		row_of("c0", METRIC_P50)->odd[0].host + row_of("c0", METRIC_P50)->odd[1].host, 6);
}
END_TEST

START_TEST(hosts_that_differ_as_hosts_do_are_alike)
{
	static const unsigned us[] = {100, 108, 96, 103, 92};

	make(us, 5);
	look();
	ck_assert_int_eq(row_of("c0", METRIC_P99)->verdict, ALIKE_SAME);
	ck_assert_uint_eq(a.odd_host, SIZE_MAX);
	ck_assert_uint_eq(a.by[ALIKE_ODD], 0);
	ck_assert_int_eq(row_of("c0", METRIC_P99_9)->verdict, ALIKE_CANNOT_TELL);
}
END_TEST

START_TEST(less_than_matters_is_alike_however_sure)
{
	static const unsigned us[] = {10000, 10001, 10200, 9999, 10000};

	make(us, 5);
	look();
	ck_assert_int_eq(row_of("c0", METRIC_P99)->verdict, ALIKE_SAME);
	ck_assert_double_le(row_of("c0", METRIC_P99)->p_adjusted, 0.05);
	ck_assert_ptr_nonnull(strstr(row_of("c0", METRIC_P99)->why, "less than"));
}
END_TEST

START_TEST(of_three_one_stands_out_and_two_only_differ)
{
	static const unsigned three[] = {100, 160, 101}, two[] = {100, 160};

	make(three, 3);
	look();
	ck_assert_int_eq(row_of("c0", METRIC_P99)->verdict, ALIKE_STANDS_OUT);
	ck_assert_uint_eq(row_of("c0", METRIC_P99)->odd[0].host, 1);
	ck_assert_uint_eq(a.odd_host, 1);
	end();
	make(two, 2);
	made_fact(&runs[1], "host.kernel", "6.12");
	look();
	ck_assert_int_eq(row_of("c0", METRIC_P99)->verdict, ALIKE_DIFFER);
	ck_assert_uint_eq(a.odd_host, SIZE_MAX);
	ck_assert_uint_eq(a.n_facts, 2); /* each has its own */
	end();
	make(two, 1);
	n_hosts = 1;
	ck_assert_int_lt(alike_of(hosts, 1, NULL, &a, NULL), 0);
}
END_TEST

START_TEST(another_engine_or_another_job_is_not_compared)
{
	static const unsigned us[] = {100, 102, 900, 99, 101};

	make(us, 5);
	strcpy(runs[2].run.accel, "tcg");
	runs[3].trials[1].jobs[0].job_text[0] = '#';
	look();
	ck_assert_ptr_nonnull(strstr(a.left_out[2], "accelerators"));
	ck_assert_str_eq(a.left_out[0], "");
	ck_assert_uint_eq(row_of("c0", METRIC_P99)->n_hosts, 4);
	ck_assert_int_eq(row_of("c0", METRIC_P99)->verdict, ALIKE_SAME);
	ck_assert_uint_eq(row_of("c1", METRIC_P99)->n_hosts, 3);
	ck_assert(isnan(row_of("c1", METRIC_P99)->values[3]));
}
END_TEST

/* Of many hosts all count for what they usually differ by, not only the fastest. */
START_TEST(what_hosts_differ_by_is_of_all_of_them)
{
	enum { MANY = 100 };
	BL_CLEANUP(bl_freep) struct run_figures *many = calloc(MANY, sizeof *many);
	BL_CLEANUP(bl_freep) struct alike_host *all = calloc(MANY, sizeof *all);
	BL_CLEANUP(bl_freep) const struct run_figures **at = calloc(MANY, sizeof *at);
	struct rng r;

	rng_seed(&r, 11);
	simulate_runs(&r, &model_alike, MANY, 0, 0, 0, many);
	for (size_t i = 0; i < MANY; i++) {
		/* from .005 to .495 off the median, two hosts each */
		many[i].rows[0].by[METRIC_P99].y = (double)i / 100;
		at[i] = &many[i];
		all[i] = (struct alike_host){.id = "x", .name = "x", .runs = &at[i], .n_runs = 1};
	}
	ck_assert_int_eq(alike_of(all, MANY, NULL, &a, NULL), 0);
	ck_assert_double_eq_tol(a.rows[0].rel_mad, 1.4826 * .25, 1e-9);
	for (size_t i = 0; i < MANY; i++)
		run_figures_done(&many[i]);
}
END_TEST

/* Hosts that are alike: how often is one called odd, and is one that is slower by a half found? */
START_TEST(false_alarms_and_power_of_hosts)
{
	struct alike_rates alike = simulate_alike(7, &model_alike, 12, 0, 0, 100);
	struct alike_rates slow = simulate_alike(8, &model_alike, 12, 30, .5, 100);

	ck_assert_msg(alike.alarms <= .09 && slow.named >= .9, "%.2f false, %.2f named",
		      alike.alarms, slow.named);
}
END_TEST

/* As alike.h says: normal, and far apart beside what matters. */
START_TEST(of_three_that_are_alike_one_stands_out_once_in_six_times)
{
	static const struct host_model far = {.n_cells = 10, .n_jobs = 3, .own_sd = 4};

	ck_assert_double_eq_tol(simulate_alike(9, &far, 3, 0, 0, 100).stands_out, 1 / 6., .025);
}
END_TEST

Suite *alike_suite(void)
{
	Suite *s = suite_create("alike");
	TCase *t = tcase_create("hosts");

	tcase_add_checked_fixture(t, NULL, end);
	tcase_add_test(t, the_odd_one_of_five_is_named_with_how_much_and_what_it_has_alone);
	tcase_add_test(t, two_odd_ones_of_seven_do_not_hide_each_other);
	tcase_add_test(t, hosts_that_differ_as_hosts_do_are_alike);
	tcase_add_test(t, less_than_matters_is_alike_however_sure);
	tcase_add_test(t, of_three_one_stands_out_and_two_only_differ);
	tcase_add_test(t, another_engine_or_another_job_is_not_compared);
	tcase_add_test(t, what_hosts_differ_by_is_of_all_of_them);
	tcase_add_test(t, of_three_that_are_alike_one_stands_out_once_in_six_times);
	tcase_add_test(t, false_alarms_and_power_of_hosts);
	suite_add_tcase(s, t);
	return s;
}
