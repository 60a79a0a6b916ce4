/* The pages of a baseline, of a check and of hosts. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "documents.h"
#include "failing_alloc.h"
#include "made_profile.h"
#include "profile_page.h"

#define RUNS_MAX 8
#define HOSTS    5

struct made {
	struct run_figures runs[RUNS_MAX];
	struct baseline_record b;
	struct profile_check c;
	struct profile_of_baseline of;
	struct profile_checked k;
	size_t n;
};

static void make(struct made *m, const struct made_profile *how, bool is_checked)
{
	size_t n = how->runs - is_checked;

	memset(m, 0, sizeof *m);
	m->n = how->runs;
	made_runs_of(how, "db3", m->runs);
	made_baseline(how, &m->b);
	m->of = (struct profile_of_baseline){
		.baseline = &m->b, .runs = m->runs, .n_runs = n, .now_ms = m->b.made_ms + 86400000};
	m->k = (struct profile_checked){m->runs + n, 1, &m->c};
	if (is_checked)
		ck_assert_int_eq(
			profile_check_figures(m->runs, n, m->runs + n, 1, NULL, &m->c, NULL), 0);
}

static void made_done(struct made *m)
{
	for (size_t i = 0; i < m->n; i++)
		run_figures_done(&m->runs[i]);
	profile_check_done(&m->c);
	baseline_record_done(&m->b);
}

static char *draw(const struct made_profile *how, bool is_checked)
{
	BL_CLEANUP(made_done) struct made m;
	struct bl_buf out = BL_BUF_INIT;

	make(&m, how, is_checked);
	ck_assert_int_eq(report_profile_page(&m.of, is_checked ? &m.k : NULL, &out, NULL), 0);
	return bl_buf_take(&out);
}

static const struct made_profile drifted = {.runs = 8,
					    .cells = 3,
					    .jobs = 2,
					    .noise = 0.02,
					    .worse = 0.4,
					    .has_upgrade = true,
					    .seed = 3};

START_TEST(a_check_has_a_badge_for_every_figure_and_names_what_changed)
{
	BL_CLEANUP(bl_freep) char *page = draw(&drifted, true);

	expect_well_formed(page);
	ck_assert_uint_eq(count_of(page, "<div class=\"badge "), 6 * 6);
	ck_assert_uint_eq(count_of(page, "<div class=\"badge worse\""), 4);
	ck_assert_ptr_nonnull(strstr(page, "<b>drifted</b>: 4 figures of 48 for the worse"));
	ck_assert_ptr_nonnull(strstr(page, "Since the baseline changed: <b>QEMU 7.2.22 \u2192 "
					   "10.0.2</b>; <b>firmware of the disk GDC7102Q"));
	ck_assert_uint_eq(count_of(page, "<tr class=\"differs\">"), 2);
	ck_assert_uint_eq(count_of(page, "<path class=\"was\""), 6 * 7);
	ck_assert_uint_eq(count_of(page, "<path class=\"now\""), 6);
	ck_assert_uint_eq(count_of(page, "</script>"), 0);
	ck_assert_ptr_null(strstr(page, "http:"));
}
END_TEST

/* Where names and figures do not fit into a line, names are above. */
START_TEST(on_a_terminal_no_line_is_wider_than_it)
{
	static const unsigned columns[] = {80, 90, 100};
	static const struct made_profile plain = {
		.runs = 7, .cells = 2, .jobs = 2, .noise = 0.02, .seed = 3};

	for (size_t i = 0; i < BL_ARRAY_LEN(columns); i++) {
		BL_CLEANUP(made_done) struct made m, alone;
		BL_CLEANUP(bl_buf_done) struct bl_buf check = BL_BUF_INIT, show = BL_BUF_INIT;
		struct term_size size = {columns[i], false, true};

		make(&m, &drifted, true);
		make(&alone, &plain, false);
		ck_assert_int_eq(report_check(&m.of, m.k.new, m.k.n_new, &m.c, &size, &check, NULL),
				 0);
		ck_assert_int_eq(report_profile(&alone.of, &size, &show, NULL), 0);
		expect_fits(bl_buf_str(&check), columns[i]);
		expect_fits(bl_buf_str(&show), columns[i]);
	}
}
END_TEST

START_TEST(a_baseline_alone_has_no_verdict)
{
	struct made_profile how = {.runs = 7, .cells = 2, .jobs = 2, .noise = 0.02, .seed = 3};
	BL_CLEANUP(bl_freep) char *page = draw(&how, false);

	expect_well_formed(page);
	ck_assert_uint_eq(count_of(page, "<div class=\"badge "), 0);
	ck_assert_uint_eq(count_of(page, "<path class=\"was\""), 4 * 7);
	ck_assert_uint_eq(count_of(page, "<path class=\"now\""), 0);
	ck_assert_ptr_nonnull(strstr(page, "<b>Nothing known limits this baseline</b>"));
	ck_assert_ptr_nonnull(strstr(page, "<td class=\"t wrap\">128 GiB</td>"));
	ck_assert_ptr_null(strstr(page, "environment.version"));
}
END_TEST

START_TEST(a_thin_percentile_makes_no_title)
{
	BL_CLEANUP(made_done) struct made m;
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

	make(&m, &drifted, true);
	for (size_t i = 0; i < m.runs[m.n - 1].n; i++) {
		struct figure_row *row = &m.runs[m.n - 1].rows[i];

		row->by[METRIC_P99].is_thin = row->by[METRIC_P99_9].is_thin = true;
	}
	ck_assert_int_eq(report_profile_page(&m.of, &m.k, &out, NULL), 0);
	ck_assert_uint_eq(count_of(bl_buf_str(&out), "furthest apart at p99"), 0);
	ck_assert_uint_gt(count_of(bl_buf_str(&out), "furthest apart at p50"), 0);
}
END_TEST

/* +16 % beside [-7.3 %, +7.9 %] is no plain ok. */
START_TEST(why_a_figure_outside_its_interval_is_ok_can_be_seen)
{
	BL_CLEANUP(made_done) struct made m;
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	size_t i = 0;

	make(&m, &drifted, true);
	while (m.c.items[i].verdict != PROFILE_OK || m.c.items[i].metric != METRIC_IOPS)
		ck_assert_uint_lt(++i, m.c.n);
	strcpy(m.c.items[i].why, "outside its interval, as one in 20 is");
	ck_assert_int_eq(report_profile_page(&m.of, &m.k, &out, NULL), 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&out),
				     "<small class=\"more\">outside its interval, "
				     "as one in 20 is</small>"));
}
END_TEST

START_TEST(an_unchanged_host_is_ok)
{
	struct made_profile how = {.runs = 8, .cells = 2, .jobs = 2, .noise = 0.02, .seed = 9};
	BL_CLEANUP(bl_freep) char *page = draw(&how, true);

	ck_assert_ptr_nonnull(strstr(page, "<b>ok</b>: "));
	ck_assert_uint_eq(count_of(page, "<div class=\"badge worse\""), 0);
	ck_assert_ptr_nonnull(strstr(page, "nothing changed that says which system this is"));
	ck_assert_uint_eq(count_of(page, "<tr class=\"differs\">"), 0);
}
END_TEST

START_TEST(too_few_runs_cannot_tell_and_say_so)
{
	struct made_profile how = {.runs = 3, .cells = 1, .jobs = 1, .noise = 0.02, .seed = 3};
	BL_CLEANUP(bl_freep) char *page = draw(&how, true);

	expect_well_formed(page);
	ck_assert_ptr_nonnull(strstr(page, "<b>2 runs</b>: from 3 on it can be told"));
	ck_assert_uint_eq(count_of(page, "<div class=\"badge open\""), 6);
	ck_assert_ptr_null(strstr(page, "nan"));
}
END_TEST

START_TEST(a_spread_of_more_than_all_is_a_number_people_read)
{
	struct made_profile how = {.runs = 4, .cells = 1, .jobs = 1, .noise = 1.2, .seed = 3};
	struct term_size size = {.columns = 100};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(made_done) struct made m;

	make(&m, &how, false);
	ck_assert_int_eq(report_profile(&m.of, &size, &out, NULL), 0);
	ck_assert_ptr_null(strstr(bl_buf_str(&out), "e+0"));
}
END_TEST

START_TEST(more_runs_are_advised_by_a_command_that_can_be_typed)
{
	struct made_profile how = {.runs = 3, .cells = 1, .jobs = 1, .noise = 0.02, .seed = 3};
	struct term_size size = {.columns = 100};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(made_done) struct made m;

	make(&m, &how, true);
	m.of.record = "blklab baseline record db quick";
	ck_assert_int_eq(report_check(&m.of, m.runs + how.runs - 1, 1, &m.c, &size, &out, NULL), 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&out),
				     "1 more run in the baseline would tell more, better on other "
				     "days:\n  blklab baseline record db quick --runs 1 --add\n"));
}
END_TEST

START_TEST(a_baseline_without_runs_is_a_page)
{
	struct made_profile how = {.runs = 0};
	BL_CLEANUP(bl_freep) char *page = draw(&how, false);

	expect_well_formed(page);
	ck_assert_ptr_nonnull(strstr(page, "No run of the baseline has a figure."));
	ck_assert_ptr_nonnull(strstr(page, "kept nothing that says which system"));
}
END_TEST

static void expect_text(const char *page)
{
	expect_well_formed(page);
	ck_assert_ptr_null(strchr(page, '\033'));
	ck_assert_ptr_null(strstr(page, "<img"));
	ck_assert_uint_eq(count_of(page, "</script>"), 0);
	ck_assert_ptr_nonnull(strstr(page, "&lt;img src=x onerror=alert(1)&gt;"));
}

START_TEST(hostile_names_stay_text)
{
	struct made_profile how = drifted;
	BL_CLEANUP(bl_freep) char *page = NULL;

	how.hostile = HOSTILE;
	page = draw(&how, true);
	expect_text(page);
}
END_TEST

/* ---- hosts ---- */

struct made_hosts {
	struct run_figures runs[HOSTS];
	const struct run_figures *pointers[HOSTS];
	struct alike_host hosts[HOSTS];
	struct alike a;
	size_t n;
};

static void make_hosts(struct made_hosts *m, size_t n, const char *hostile)
{
	static const char *const names[HOSTS] = {"db1", "db2", "db3", "db4", "db5"};

	memset(m, 0, sizeof *m);
	m->n = n;
	for (size_t i = 0; i < n; i++) {
		struct made_profile how = {.runs = 1,
					   .cells = 2,
					   .jobs = 1,
					   .noise = 0.01,
					   .worse = i == 2 ? 0.5 : 0,
					   .has_upgrade = i == 2,
					   .hostile = hostile,
					   .seed = i + 3};

		made_runs_of(&how, names[i], &m->runs[i]);
		m->pointers[i] = &m->runs[i];
		m->hosts[i] =
			(struct alike_host){names[i], m->runs[i].host_name, &m->pointers[i], 1};
	}
	ck_assert_int_eq(alike_of(m->hosts, n, NULL, &m->a, NULL), 0);
}

static void made_hosts_done(struct made_hosts *m)
{
	for (size_t i = 0; i < m->n; i++)
		run_figures_done(&m->runs[i]);
	alike_done(&m->a);
}

static char *draw_hosts(size_t n, const char *hostile)
{
	BL_CLEANUP(made_hosts_done) struct made_hosts m;
	struct bl_buf out = BL_BUF_INIT;

	make_hosts(&m, n, hostile);
	ck_assert_int_eq(
		report_hosts_page(hostile ? hostile : "nightly", m.hosts, &m.a, &out, NULL), 0);
	return bl_buf_take(&out);
}

START_TEST(the_odd_host_is_named_where_it_is_odd_and_with_what_it_has)
{
	BL_CLEANUP(bl_freep) char *page = draw_hosts(HOSTS, NULL);

	expect_well_formed(page);
	ck_assert_ptr_nonnull(strstr(page, "db3 is unlike the others"));
	ck_assert_uint_ge(count_of(page, "<g class=\"odd\"><title>db3: "), 2);
	ck_assert_ptr_nonnull(strstr(page, "<h3>db3 alone has</h3>"));
	ck_assert_ptr_nonnull(strstr(page, "<b>GDC7302Q</b>"));
	ck_assert_uint_eq(count_of(page, "<svg class=\"chart alike\""), 2 * 7);
}
END_TEST

START_TEST(two_hosts_differ_and_none_is_called_odd)
{
	BL_CLEANUP(bl_freep) char *page = draw_hosts(2, NULL);

	expect_well_formed(page);
	ck_assert_ptr_nonnull(strstr(page, "<b>2 hosts</b>: 4 are the least"));
	ck_assert_uint_eq(count_of(page, "<g class=\"odd\">"), 0);
}
END_TEST

START_TEST(hostile_hosts_stay_text)
{
	BL_CLEANUP(bl_freep) char *page = draw_hosts(HOSTS, HOSTILE);

	expect_text(page);
}
END_TEST

/* ---- memory ---- */

static int page_of_check(const struct made *m, struct bl_buf *out)
{
	return report_profile_page(&m->of, &m->k, out, NULL);
}

START_TEST(a_page_is_never_cut_for_want_of_memory)
{
	struct made_profile how = {
		.runs = 4, .cells = 1, .jobs = 1, .noise = 0.02, .has_upgrade = true, .seed = 3};
	BL_CLEANUP(made_done) struct made m;
	BL_CLEANUP(made_hosts_done) struct made_hosts h;
	BL_CLEANUP(bl_freep) char *whole = NULL;
	bool has_failed = true;

	make(&m, &how, true);
	make_hosts(&h, 4, NULL);
	for (long k = -1; k < 0 || has_failed; k++) {
		struct bl_buf out = BL_BUF_INIT;
		int r;

		if (k >= 0)
			alloc_fail(k);
		r = _i ? report_hosts_page("s", h.hosts, &h.a, &out, NULL)
		       : page_of_check(&m, &out);
		has_failed = k < 0 || alloc_failed();
		if (k < 0)
			whole = strdup(bl_buf_str(&out));
		else if (r == 0)
			ck_assert_msg(strcmp(bl_buf_str(&out), whole) == 0,
				      "allocation %ld: cut after '%.60s'", k,
				      bl_buf_str(&out) + (out.len > 60 ? out.len - 60 : 0));
		ck_assert(r == 0 || (r == -ENOMEM && has_failed));
		bl_buf_done(&out);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("profile-page");
	TCase *t = tcase_create("page");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_check_has_a_badge_for_every_figure_and_names_what_changed);
	tcase_add_test(t, on_a_terminal_no_line_is_wider_than_it);
	tcase_add_test(t, a_baseline_alone_has_no_verdict);
	tcase_add_test(t, a_thin_percentile_makes_no_title);
	tcase_add_test(t, why_a_figure_outside_its_interval_is_ok_can_be_seen);
	tcase_add_test(t, an_unchanged_host_is_ok);
	tcase_add_test(t, too_few_runs_cannot_tell_and_say_so);
	tcase_add_test(t, a_spread_of_more_than_all_is_a_number_people_read);
	tcase_add_test(t, more_runs_are_advised_by_a_command_that_can_be_typed);
	tcase_add_test(t, a_baseline_without_runs_is_a_page);
	tcase_add_test(t, hostile_names_stay_text);
	tcase_add_test(t, the_odd_host_is_named_where_it_is_odd_and_with_what_it_has);
	tcase_add_test(t, two_hosts_differ_and_none_is_called_odd);
	tcase_add_test(t, hostile_hosts_stay_text);
	tcase_add_loop_test(t, a_page_is_never_cut_for_want_of_memory, 0, 2);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
