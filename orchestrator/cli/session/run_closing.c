#include "run_closing.h"

#include <jansson.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "help.h"
#include "out_file.h"
#include "report.h"

static int write_page(const char *path, const struct run_data *d, const struct report_options *opt,
		      struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf page = BL_BUF_INIT;
	int r = path ? report_write(d, REPORT_HTML, opt, &page, err) : 0;

	return r < 0 || !path ? r : out_file_page(path, &page, err);
}

static bool was_measured(const struct run_data *d, size_t cell)
{
	for (size_t i = 0; i < d->n_trials; i++)
		if (d->trials[i].cell == cell && d->trials[i].state == TRIAL_OK)
			return true;
	return false;
}

/* The first two cells that can be compared. */
static bool two_measured(const struct run_data *d, size_t *first, size_t *second)
{
	size_t n = 0;

	for (size_t i = 0; n < 2 && i < d->n_cells; i++)
		if (was_measured(d, i))
			*(n++ ? second : first) = i;
	return n == 2;
}

/* A command to copy: what does not fit goes on behind a backslash, as the shell reads it. */
static void add_command(const struct cli *cli, const char *first, const char *second,
			const char *option, struct bl_buf *out)
{
	size_t before = out->len;

	bl_buf_addf(out, "compare  %s compare '%s' '%s'", cli->program, first, second);
	if (cli->out_is_tty && option[0] && out->len - before + strlen(option) > cli->columns)
		bl_buf_adds(out, " \\\n        ");
	bl_buf_addf(out, "%s\n", option);
}

/* Why there are as many trials as there are, and what was not steady. */
static void add_enough(const struct cli *cli, const struct run_data *d, struct bl_buf *out)
{
	static const char *const notes[] = {"repeats.stopped", "not-steady"};
	unsigned columns = cli->out_is_tty && cli->columns > 40 ? cli->columns - 1 : 99;

	for (size_t i = 0; i < BL_ARRAY_LEN(notes); i++) {
		const char *text = facts_get(&d->run.notes, notes[i]);

		if (!text)
			continue;
		bl_buf_adds(out, i ? "steady  " : "\ntrials  ");
		help_wrap(out, text, 8, 8, columns);
	}
}

/* Where things are and how to look at them again: the last lines on the terminal. What the
 * figures suggest is said by the table above. */
static void add_words(const struct cli *cli, const struct args *a, const char *store_path,
		      const struct progress *p, const struct run_data *d, struct bl_buf *out)
{
	BL_CLEANUP(bl_freep) char *store = a->store ? bl_strf(" --store %s", a->store) : NULL;
	const char *option = store ? store : "";
	size_t first, second;

	if (p->n_done < p->n_trials)
		bl_buf_addf(out, "\n%zu of %zu trials were not run.\n", p->n_trials - p->n_done,
			    p->n_trials);
	add_enough(cli, d, out);
	bl_buf_addc(out, '\n');
	if (a->report)
		bl_buf_addf(out, "report   %s\n", a->report);
	bl_buf_addf(out, "store    %s  (run %.13s)\n", store_path, d->run.id);
	if (!a->report)
		bl_buf_addf(out, "page     %s report%s --output report.html\n", cli->program,
			    option);
	if (two_measured(d, &first, &second))
		add_command(cli, d->cells[first].name, d->cells[second].name, option, out);
}

static int print_event(const struct cli *cli, const struct args *a, const char *store_path,
		       const struct progress *p, const struct run_data *d)
{
	json_t *end = json_pack("{s:s,s:s,s:s,s:s?,s:I,s:I,s:I,s:s?}", "event", "end", "run",
				d->run.id, "store", store_path, "report", a->report, "trials",
				(json_int_t)p->n_trials, "ended", (json_int_t)p->n_done, "ok",
				(json_int_t)p->n_ok, "stopped",
				facts_get(&d->run.notes, "repeats.stopped"));

	json_dumpf(end, cli->out, JSON_COMPACT);
	fputc('\n', cli->out);
	json_decref(end);
	return 0;
}

static int show(struct cli *cli, const struct args *a, const struct report_options *opt,
		const struct progress *p, const struct run_data *d, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	int r;

	if (a->json)
		return print_event(cli, a, opt->store_path, p, d);
	if (a->quiet)
		return 0;
	bl_buf_addc(&text, '\n');
	r = report_table(d, opt, cli_text_columns(cli), cli->color, &text, err);
	if (r < 0)
		return r;
	add_words(cli, a, opt->store_path, p, d, &text);
	return cli_print(cli, &text, err);
}

int run_closing(struct cli *cli, const struct args *a, const char *store_path,
		const struct progress *p, const struct run_data *d, int code, struct bl_err *err)
{
	struct report_options opt = {.reference = NULL, .store_path = store_path};
	struct args shown = *a;
	struct bl_err why = BL_ERR_INIT;
	int page = write_page(a->report, d, &opt, &why), r;

	if (page < 0) /* it is there before it is told of, or it is not told of */
		shown.report = NULL;
	r = show(cli, &shown, &opt, p, d, err);
	if (r < 0)
		return r;
	r = cli_verdict(cli, code, page, &why);
	return r < 0 ? bl_fail(err, r, "%s", bl_err_text(&why)) : r;
}
