/* fuzz_fio.c - fio's documents, nearly right: what is accepted makes a run without a contradiction.
 */
#include <math.h>
#include <string.h>

#include "cleanup.h"
#include "fio_run.h"
#include "fuzz.h"
#include "summary.h"

const char *const fuzz_words[] = {
	"{",
	"}",
	"[",
	"]",
	",",
	":",
	"-1",
	"0",
	"1e999",
	"1e18",
	"9223372036854775807",
	"null",
	"\"\"",
	"\"N\": ",
	"\"bins\": {",
	"\"percentile\": {",
	"\"904\": 1",
	"\"jobname\": \"rr\"",
	"\"groupid\": 1",
	"\"error\": 5",
	"\"mixed\": {",
	"\"clat_ns\": {",
	"\"lat_ns\": {",
	"\"sync\": {",
	"\"total_ios\": ",
	"\"runtime\": ",
	"\"timestamp_ms\": ",
	"\"global options\": {",
	"\"numjobs\": \"4\"",
	"\\u0000",
	"\n{",
};
const size_t n_fuzz_words = BL_ARRAY_LEN(fuzz_words);
unsigned long n_fuzz_accepted;

static void check_latency(const struct lat *l)
{
	if (!l || !l->n)
		return;
	FUZZ_MUST(l->min_ns <= l->max_ns);
	FUZZ_MUST(isfinite(lat_mean_ns(l)));
	FUZZ_MUST(hist_total(&l->hist) == 0 || hist_total(&l->hist) == l->n);
}

static void check_run(const struct run_data *d)
{
	struct summaries s = {0};

	FUZZ_MUST(d->n_trials == 1 && d->n_cells == 1);
	for (size_t i = 0; i < d->trials[0].n_jobs; i++)
		for (int k = 0; k < IO_DIRS; k++) {
			const struct dir_sample *m = &d->trials[0].jobs[i].sample->dir[k];

			check_latency(m->slat);
			check_latency(m->clat);
			check_latency(m->lat);
		}
	if (summarize(d, &s, NULL) == 0)
		summaries_done(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fio_source file = {
		.name = "f", .cell = "c", .text = (const char *)data, .len = size};
	struct fio_run_options opt = {.scenario = "fio", .now_ms = 1};
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	struct bl_err err = BL_ERR_INIT;

	if (fio_run(&file, 1, &opt, &d, &err) < 0)
		FUZZ_MUST(strstr(err.text, "'f'"));
	else
		check_run(&d);
	n_fuzz_accepted += d.n_trials;
	return 0;
}
