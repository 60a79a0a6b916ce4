/* Pages of made figures, to be looked at: draw_pages FOLDER. By hand. */
#include <stdio.h>
#include <stdlib.h>

#include "calibration_page.h"
#include "cleanup.h"
#include "fs.h"
#include "history_page.h"
#include "made_equal.h"
#include "made_history.h"

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
	return 0;
}
