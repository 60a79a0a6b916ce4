/* Pages of made figures, to be looked at: draw_pages FOLDER. By hand. */
#include <stdio.h>
#include <stdlib.h>

#include "calibration_page.h"
#include "cleanup.h"
#include "fs.h"
#include "history_page.h"
#include "made_equal.h"
#include "made_history.h"
#include "made_profile.h"
#include "profile_page.h"

static const char *folder;

static void put(const char *file, const struct bl_buf *page)
{
	char path[512];
	struct bl_err err = BL_ERR_INIT;

	snprintf(path, sizeof path, "%s/%s", folder, file);
	if (bl_write_file(path, bl_buf_str(page), page->len, &err) < 0) {
		fprintf(stderr, "%s\n", bl_err_text(&err));
		exit(1);
	}
	printf("%s: %zu bytes\n", path, page->len);
}

static void draw_calibration(const char *file, const struct made_equal *how)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf page = BL_BUF_INIT;
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	BL_CLEANUP(summaries_done) struct summaries s = {0};
	BL_CLEANUP(calibration_done) struct calibration c = {0};

	made_equal(how, &d);
	if (summarize(&d, &s, NULL) < 0 || calibrate(&d, &s, NULL, 7, &c, NULL) < 0 ||
	    report_calibration_page(&d, &c, &page, NULL) < 0)
		abort();
	put(file, &page);
}

static void draw_history(const char *file, const struct made_history *how, const char *state)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf page = BL_BUF_INIT;
	BL_CLEANUP(history_done) struct history h = {0};
	struct change_record event = {.host = NULL};
	struct history_view v = {.h = &h, .scenario = "nightly", .host = "db3", .accel = "kvm"};

	made_history(how, &h);
	if (state) {
		made_event(how, &h, state, &event);
		v.events = &event;
		v.n_events = 1;
	}
	if (report_history_page(&v, &page, NULL) < 0)
		abort();
	change_record_done(&event);
	put(file, &page);
}

/* The last run is checked against the others; alone they are shown. */
static void draw_profile(const char *file, const struct made_profile *how, bool is_checked)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf page = BL_BUF_INIT;
	BL_CLEANUP(baseline_record_done) struct baseline_record b = {.name = NULL};
	BL_CLEANUP(profile_check_done) struct profile_check c = {.items = NULL};
	struct run_figures runs[16];
	size_t n = how->runs - is_checked;
	struct profile_of_baseline of = {.baseline = &b, .runs = runs, .n_runs = n};
	struct profile_checked k = {.new = runs + n, .n_new = 1, .check = &c};

	made_runs_of(how, "db3", runs);
	made_baseline(how, &b);
	of.now_ms = b.made_ms + 86400000 * (uint64_t)12;
	if (is_checked && profile_check_figures(runs, n, runs + n, 1, NULL, &c, NULL) < 0)
		abort();
	if (report_profile_page(&of, is_checked ? &k : NULL, &page, NULL) < 0)
		abort();
	for (size_t i = 0; i < how->runs; i++)
		run_figures_done(&runs[i]);
	put(file, &page);
}

#define HOSTS 5
static void draw_hosts(const char *file)
{
	static const char *const names[HOSTS] = {"db1", "db2", "db3", "db4", "db5"};
	BL_CLEANUP(bl_buf_done) struct bl_buf page = BL_BUF_INIT;
	BL_CLEANUP(alike_done) struct alike a = {.rows = NULL};
	struct run_figures runs[HOSTS];
	const struct run_figures *pointers[HOSTS];
	struct alike_host hosts[HOSTS];

	for (size_t i = 0; i < HOSTS; i++) {
		struct made_profile how = {.runs = 1,
					   .cells = 2,
					   .jobs = 2,
					   .noise = 0.02,
					   .worse = i == 2 ? 0.5 : 0,
					   .has_upgrade = i == 2,
					   .seed = i + 3};

		made_runs_of(&how, names[i], &runs[i]);
		pointers[i] = &runs[i];
		hosts[i] = (struct alike_host){names[i], names[i], &pointers[i], 1};
	}
	if (alike_of(hosts, HOSTS, NULL, &a, NULL) < 0 ||
	    report_hosts_page("nightly", hosts, &a, &page, NULL) < 0)
		abort();
	for (size_t i = 0; i < HOSTS; i++)
		run_figures_done(&runs[i]);
	put(file, &page);
}

int main(int argc, char **argv)
{
	folder = argc > 1 ? argv[1] : ".";
	draw_calibration("calibration.html", &(struct made_equal){.cells = 4,
								  .jobs = 2,
								  .repeats = 8,
								  .noise = 0.02,
								  .drift = 0.05,
								  .ios = 30000,
								  .seed = 3});
	draw_calibration("calibration-odd.html", &(struct made_equal){.cells = 12,
								      .jobs = 1,
								      .repeats = 12,
								      .noise = 0.03,
								      .odd = 0.12,
								      .ios = 3000,
								      .seed = 4});
	draw_history("history-year.html",
		     &(struct made_history){.nights = 365,
					    .cells = 7,
					    .jobs = 3,
					    .step_at = 250,
					    .has_trouble = true,
					    .seed = 1},
		     "confirmed");
	draw_history("history-month.html",
		     &(struct made_history){
			     .nights = 24, .cells = 2, .jobs = 1, .step_at = 15, .seed = 2},
		     "candidate");
	draw_history("history-calm.html",
		     &(struct made_history){.nights = 60, .cells = 3, .jobs = 2, .seed = 5}, NULL);
	draw_history("history-one.html",
		     &(struct made_history){.nights = 1, .cells = 1, .jobs = 1, .seed = 6}, NULL);
	draw_profile(
		"profile.html",
		&(struct made_profile){.runs = 7, .cells = 3, .jobs = 2, .noise = 0.02, .seed = 3},
		false);
	draw_profile("check.html",
		     &(struct made_profile){.runs = 8,
					    .cells = 3,
					    .jobs = 2,
					    .noise = 0.02,
					    .worse = 0.4,
					    .has_upgrade = true,
					    .seed = 3},
		     true);
	draw_profile(
		"check-few.html",
		&(struct made_profile){.runs = 3, .cells = 1, .jobs = 1, .noise = 0.02, .seed = 3},
		true);
	draw_hosts("hosts.html");
	return 0;
}
