/* verb_baseline.c - blklab baseline: what a host gives, by name. list, show and retire; record and
 * check have files of their own. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "baseline_find.h"
#include "cleanup.h"
#include "clock.h"
#include "fmt.h"
#include "out_file.h"
#include "profile_page.h"
#include "rows.h"

static int open_store(const struct args *a, enum store_mode mode, struct store **ret,
		      struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = NULL;
	int r = path_store(a, &path, err);

	return r < 0 ? r : store_open(path, mode, ret, err);
}

/* ---- list ---- */

static int list_json(struct cli *cli, const struct baseline_record *list, size_t n,
		     struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *text = NULL;
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct baseline_record *b = &list[i];
		json_t *one =
			json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:s}", "id", b->id, "name", b->name,
				  "scenario", b->scenario, "host", b->host_name, "host_id", b->host,
				  "made_ms", (json_int_t)b->made_ms, "note", b->note);
		json_t *runs = json_array();

		for (size_t k = 0; k < b->n_runs; k++)
			json_array_append_new(runs, json_string(b->runs[k]));
		json_object_set_new(one, "runs", runs);
		json_object_set_new(one, "retired_ms",
				    b->retired_ms ? json_integer((json_int_t)b->retired_ms)
						  : json_null());
		json_array_append_new(all, one);
	}
	text = json_dumps(all, JSON_INDENT(2));
	json_decref(all);
	if (!text)
		return bl_fail(err, -ENOMEM, "out of memory");
	bl_buf_addf(&out, "%s\n", text);
	return cli_print(cli, &out, err);
}

static size_t wider(size_t width, const char *name)
{
	size_t len = fmt_width(name);

	return len <= width ? width : len < 24 ? len : 24;
}

static int list_table(struct cli *cli, const struct baseline_record *list, size_t n,
		      struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	size_t name = 4, scenario = 8, host = 4;
	char when[32];

	for (size_t i = 0; i < n; i++) {
		name = wider(name, list[i].name);
		scenario = wider(scenario, list[i].scenario);
		host = wider(host, list[i].host_name);
	}
	bl_buf_addf(&out, "%-*s  %-*s  %-*s  %4s  %-16s  %s\n", (int)name, "name", (int)scenario,
		    "scenario", (int)host, "host", "runs", "recorded (UTC)", "state");
	for (size_t i = 0; i < n; i++) {
		const struct baseline_record *b = &list[i];

		bl_format_utc(when, b->made_ms);
		when[10] = ' ';
		/* Stores come from other hosts, too. */
		fmt_pad(&out, b->name, name);
		bl_buf_adds(&out, "  ");
		fmt_pad(&out, b->scenario, scenario);
		bl_buf_adds(&out, "  ");
		fmt_pad(&out, b->host_name, host);
		bl_buf_addf(&out, "  %4zu  %.16s  %s", b->n_runs, when,
			    b->retired_ms ? "retired" : "in use");
		if (b->retired_why) {
			bl_buf_adds(&out, ": ");
			fmt_clean(&out, b->retired_why, 0);
		}
		bl_buf_addc(&out, '\n');
	}
	return cli_print(cli, &out, err);
}

static int run_list(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(store_closep) struct store *store = NULL;
	struct baseline_record *list = NULL;
	size_t n = 0;
	int r = open_store(a, STORE_READ, &store, err);

	if (r == 0)
		r = store_list_baselines(store, NULL, a->all, &list, &n, err);
	if (r == 0 && a->json)
		r = list_json(cli, list, n, err);
	else if (r == 0 && n)
		r = list_table(cli, list, n, err);
	else if (r == 0)
		cli_note(cli, "no baseline%s; '%s baseline record' makes one",
			 a->all ? "" : " is in use (--all shows retired ones)", cli->program);
	for (size_t i = 0; i < n; i++)
		baseline_record_done(&list[i]);
	free(list);
	return r;
}

static const struct option_row list_options[] = {
	ROW_STORE,
	{.name = "all", .letter = 'a', .at = AT(all), .help = "retired ones, too"},
	ROW_JSON,
};
static const struct verb verb_baseline_list = {
	.name = "baseline list",
	.summary = "the baselines of all hosts in the store",
	.about = "List the baselines in use, oldest first: name, scenario, host, and of how many "
		 "runs each is.",
	.options = list_options,
	.n_options = BL_ARRAY_LEN(list_options),
	.run = run_list,
};

/* ---- show ---- */

static int write_page(struct cli *cli, const struct args *a, const struct profile_of_baseline *of,
		      struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf page = BL_BUF_INIT;
	int r = a->report ? report_profile_page(of, NULL, &page, err) : 0;

	return r < 0 || !a->report ? r : out_file_page_said(cli, a, &page, err);
}

static int run_show(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(store_closep) struct store *store = NULL;
	BL_CLEANUP(baseline_record_done) struct baseline_record b = {.name = NULL};
	BL_CLEANUP(figures_list_done) struct figures_list runs = {.items = NULL};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct term_size size = {cli_text_columns(cli), cli->color, false};
	struct profile_of_baseline of;
	int r = open_store(a, STORE_READ, &store, err);

	if (r == 0)
		r = baseline_find(store, a, true, &b, err);
	if (r == 0)
		r = figures_list_load(&runs, store, &b, err);
	if (r < 0)
		return r;
	of = (struct profile_of_baseline){
		.baseline = &b, .runs = runs.items, .n_runs = runs.n, .now_ms = bl_wall_ms()};
	r = a->json ? report_profile_json(&of, &out, err) : report_profile(&of, &size, &out, err);
	if (r == 0)
		r = cli_print(cli, &out, err);
	return r < 0 ? r : write_page(cli, a, &of, err);
}

static const struct operand_row name_operand[] = {OPERAND_BASELINE};
static const struct option_row show_options[] = {ROW_STORE, ROW_OF, ROW_HOST, ROW_PAGE("it"),
						 ROW_JSON};
static const struct example show_examples[] = {
	{"blklab baseline show db", "what this host gives, and how much its runs differ"},
	{"blklab baseline show db --host db3 --json | jq '.environment.\"disk.firmware\"'",
	 "one fact of another host in the store"},
};
static const struct verb verb_baseline_show = {
	.name = "baseline show",
	.summary = "what a host gives: percentiles per job and depth, and its system",
	.about = "Show the profile of a baseline: IOPS, percentiles and CPU time of each job and "
		 "iodepth, with how much runs differ, and trials of one run; what system it is of; "
		 "how old it is.",
	.operands = name_operand,
	.n_operands = BL_ARRAY_LEN(name_operand),
	.options = show_options,
	.n_options = BL_ARRAY_LEN(show_options),
	.examples = show_examples,
	.n_examples = BL_ARRAY_LEN(show_examples),
	.run = run_show,
};

/* ---- retire ---- */

static int run_retire(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(store_closep) struct store *store = NULL;
	BL_CLEANUP(baseline_record_done) struct baseline_record b = {.name = NULL};
	int r = open_store(a, STORE_WRITE, &store, err);

	if (r == 0)
		r = baseline_find(store, a, false, &b, err);
	if (r == 0)
		r = store_retire_baseline(store, b.id, bl_wall_ms(), a->why, err);
	if (r == 0)
		cli_note(cli, "'%s' of %s on %s is retired; its runs stay, and its name is free",
			 b.name, b.scenario, b.host_name);
	return r;
}

static const struct option_row retire_options[] = {
	ROW_STORE,
	ROW_OF,
	ROW_HOST,
	{.name = "why",
	 .kind = OPTION_TEXT,
	 .arg = "TEXT",
	 .at = AT(why),
	 .help = "why, for whoever asks later"},
};
static const struct example retire_examples[] = {
	{"blklab baseline retire db --why 'new SSD firmware'",
	 "then record it anew under the same name"},
};
static const struct verb verb_baseline_retire = {
	.name = "baseline retire",
	.summary = "use a baseline no more; its name is free again",
	.about = "Retire a baseline, after an upgrade that was wanted, say. Its runs stay in the "
		 "store, `list --all` and `show` still know it.",
	.operands = name_operand,
	.n_operands = BL_ARRAY_LEN(name_operand),
	.options = retire_options,
	.n_options = BL_ARRAY_LEN(retire_options),
	.examples = retire_examples,
	.n_examples = BL_ARRAY_LEN(retire_examples),
	.run = run_retire,
};

/* ---- the verb ---- */

static const struct verb *const actions[] = {
	&verb_baseline_record, &verb_baseline_list,   &verb_baseline_show,
	&verb_baseline_check,  &verb_baseline_retire,
};

const struct verb verb_baseline = {
	.name = "baseline",
	.summary = "what this host gives, and whether it still does",
	.about = "A baseline is a name for runs of one scenario on one host. What they gave is the "
		 "host's profile; `check` runs the scenario again and says of each figure whether "
		 "it is still that of an unchanged host (ok), is not (drifted) or can't be told, "
		 "and what changed in the environment since.\n\n"
		 "Runs of different days differ by more than the trials of one run, so one run is "
		 "one value, and three are the least for a verdict; more, and of several days, see "
		 "smaller changes.",
	.actions = actions,
	.n_actions = BL_ARRAY_LEN(actions),
};
