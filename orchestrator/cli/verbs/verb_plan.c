/* verb_plan.c - blklab plan: what exactly would run, in which order, how long, with which XML? */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "cli.h"
#include "help.h"
#include "plan.h"
#include "plan_xml.h"
#include "rows.h"
#include "scenario_load.h"
#include "units.h"

static int print_xml(struct cli *cli, const struct loaded *l, const struct args *a,
		     struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	const char *name = a->cell;
	size_t i = 0;
	int r = name ? loaded_cell(l, name, &i, err) : 0;

	if (r < 0)
		return r;
	/* Without a name: the first cell that has a machine at all. */
	while (!name && i + 1 < matrix_len(l->matrix) && matrix_cell(l->matrix, i)->bus == BUS_HOST)
		i++;
	r = plan_xml(cli, l, i, a, &text, err);
	if (r < 0)
		return r;
	if (!name && matrix_len(l->matrix) > 1)
		cli_note(cli, "cell '%s'; name another one behind the scenario",
			 matrix_cell(l->matrix, i)->name);
	return cli_print(cli, &text, err);
}

static json_t *cell_json(const struct cell *c, size_t index)
{
	json_t *axes = json_object();

	for (size_t k = 0; k < n_axis_rows; k++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf value = BL_BUF_INIT;

		if (!axis_applies(&axis_rows[k], c))
			continue;
		axis_rows[k].get(c, &value);
		json_object_set_new(axes, axis_rows[k].name, json_string(bl_buf_str(&value)));
	}
	return json_pack("{s:I,s:s,s:o,s:s}", "index", (json_int_t)index, "name", c->name, "axes",
			 axes, "durability", cell_durability(c));
}

static int print_json(struct cli *cli, const struct loaded *l, struct bl_err *err)
{
	json_t *cells = json_array(), *trials = json_array(), *jobs = json_array(), *doc;
	BL_CLEANUP(bl_freep) char *text = NULL;
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

	for (size_t i = 0; i < matrix_len(l->matrix); i++)
		json_array_append_new(cells, cell_json(matrix_cell(l->matrix, i), i));
	for (size_t i = 0; i < l->plan->n_trials; i++)
		json_array_append_new(
			trials, json_pack("{s:I,s:s,s:I,s:I,s:I}", "order", (json_int_t)i, "cell",
					  matrix_cell(l->matrix, l->plan->trials[i].cell)->name,
					  "repeat", (json_int_t)l->plan->trials[i].repeat, "boot",
					  (json_int_t)l->plan->trials[i].boot, "round",
					  (json_int_t)l->plan->trials[i].round));
	for (size_t i = 0; i < l->scenario->jobs.n; i++)
		json_array_append_new(jobs, json_string(l->scenario->jobs.items[i].name));
	doc = json_pack("{s:s,s:I,s:I,s:o,s:o,s:o,s:I,s:I,s:I,s:b}", "scenario", l->scenario->name,
			"seed", (json_int_t)l->scenario->seed, "repeats",
			(json_int_t)l->scenario->repeats, "cells", cells, "jobs", jobs, "trials",
			trials, "estimate_ns", (json_int_t)l->plan->estimate_ns, "disk_bytes",
			(json_int_t)l->plan->disk_bytes, "least_ns", (json_int_t)l->plan->least_ns,
			"may_end_early", l->plan->may_end_early);
	text = doc ? json_dumps(doc, JSON_INDENT(2)) : NULL;
	json_decref(doc);
	if (!text)
		return bl_fail(err, -ENOMEM, "out of memory");
	bl_buf_adds(&out, text);
	bl_buf_addc(&out, '\n');
	return cli_print(cli, &out, err);
}

/* A cell that the axis has a meaning in; NULL: there is none. */
static const struct cell *first_with(const struct matrix *m, const struct axis_row *axis)
{
	for (size_t i = 0; i < matrix_len(m); i++)
		if (axis_applies(axis, matrix_cell(m, i)))
			return matrix_cell(m, i);
	return NULL;
}

/* Axes that have one value wherever they have a meaning are said once, above the table. */
static bool varies(const struct matrix *m, const struct axis_row *axis)
{
	const struct cell *first = first_with(m, axis);

	for (size_t i = 0; i < matrix_len(m); i++)
		if (axis_applies(axis, matrix_cell(m, i)) &&
		    !axis_equal(axis, first, matrix_cell(m, i)))
			return true;
	return false;
}

static const char *axis_text(const struct axis_row *axis, const struct cell *c, struct bl_buf *out)
{
	if (!axis_applies(axis, c))
		return "-";
	out->len = 0;
	axis->get(c, out);
	return out->len ? bl_buf_str(out) : "default";
}

static bool has_host(const struct matrix *m)
{
	for (size_t i = 0; i < matrix_len(m); i++)
		if (matrix_cell(m, i)->bus == BUS_HOST)
			return true;
	return false;
}

/* Prose is no wider than it can be read. */
static size_t prose_columns(const struct cli *cli)
{
	unsigned columns = cli_text_columns(cli);

	return columns > 24 ? columns - 4 : 20;
}

static void add_fixed_axes(const struct loaded *l, size_t columns, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf value = BL_BUF_INIT;
	const char *head =
		has_host(l->matrix) ? "The same in every VM:" : "The same in every cell:";

	for (size_t k = 0; k < n_axis_rows; k++) {
		const struct cell *c = first_with(l->matrix, &axis_rows[k]);

		if (c && !varies(l->matrix, &axis_rows[k]))
			bl_buf_addf(&line, "%s%s %s", line.len ? ", " : "", axis_rows[k].name,
				    axis_text(&axis_rows[k], c, &value));
	}
	bl_buf_adds(out, head);
	help_wrap(out, line.len ? bl_buf_str(&line) : "nothing", strlen(head), 2, columns);
}

/* What is lost, before it is. */
static void add_device(const struct cli *cli, const struct scenario *sc, size_t columns,
		       struct bl_buf *out)
{
	const struct scenario_device *d = &sc->device;
	BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;
	static const char head[] = "Overwritten:";
	char size[BL_UNIT_TEXT_MAX];

	if (!d->serial)
		return;
	bl_buf_addf(&line, "the disk with the serial '%s' at %s", d->serial,
		    d->pci ? d->pci : d->path);
	if (d->nsid > 1)
		bl_buf_addf(&line, ", namespace %u", d->nsid);
	bl_buf_addf(&line, ", of which jobs use %s; `%s claim` says whether it is ready",
		    bl_format_size(size, sc->backing_bytes), cli->program);
	bl_buf_adds(out, head);
	help_wrap(out, bl_buf_str(&line), strlen(head), 2, columns);
}

static void end_line(struct bl_buf *out)
{
	while (out->len && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	bl_buf_addc(out, '\n');
}

static void add_cells(const struct loaded *l, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf value = BL_BUF_INIT;
	size_t n = matrix_len(l->matrix), name_width = 4, width, len;
	const struct cell *c;

	for (size_t i = 0; i < n; i++)
		if ((len = strlen(matrix_cell(l->matrix, i)->name)) > name_width)
			name_width = len;
	bl_buf_addf(out, "\n  #  %-*s", (int)name_width, "cell");
	for (size_t k = 0; k < n_axis_rows; k++)
		if (varies(l->matrix, &axis_rows[k]))
			bl_buf_addf(out, "  %-*s", (int)loaded_axis_width(l, k), axis_rows[k].name);
	end_line(out);
	for (size_t i = 0; i < n; i++) {
		c = matrix_cell(l->matrix, i);
		bl_buf_addf(out, "%3zu  %-*s", i, (int)name_width, c->name);
		for (size_t k = 0; k < n_axis_rows; k++) {
			if (!varies(l->matrix, &axis_rows[k]))
				continue;
			width = loaded_axis_width(l, k);
			bl_buf_addf(out, "  %-*s", (int)width, axis_text(&axis_rows[k], c, &value));
		}
		end_line(out);
	}
}

/* Is trial @i the first of a line: of a block, or, sequential, of as many trials as cells? */
static bool begins_line(const struct loaded *l, size_t i)
{
	const struct planned_trial *t = &l->plan->trials[i];

	if (i == 0)
		return true;
	return l->scenario->is_interleaved ? t[-1].repeat != t->repeat
					   : i % matrix_len(l->matrix) == 0;
}

/* " [3 0 | 0 3]" is one boot, its rounds apart; " 2" a boot of one trial. */
static size_t add_trial(const struct plan *p, size_t i, struct bl_buf *out)
{
	const struct planned_trial *t = &p->trials[i];
	bool is_first = i == 0 || t[-1].boot != t->boot;
	bool is_last = i + 1 == p->n_trials || t[1].boot != t->boot;
	size_t before = out->len;

	bl_buf_addf(out, "%s%s%u%s", !is_first && t[-1].round != t->round ? " |" : "",
		    is_first && !is_last ? " [" : " ", t->cell, is_last && !is_first ? "]" : "");
	return out->len - before;
}

/* "  1: 3 0 2 1": the cells by number, one line a block. */
static void add_order(const struct loaded *l, struct bl_buf *out)
{
	const struct plan *p = l->plan;
	bool is_within = l->scenario->is_within_boot;
	size_t at = 0, width;

	bl_buf_addf(out, "\nOrder of the trials (%s, seed %llu%s), cells by number:\n",
		    l->scenario->is_interleaved ? "interleaved in blocks" : "sequential",
		    (unsigned long long)l->scenario->seed,
		    is_within ? "; [ ] is one boot, | parts its rounds" : "");
	for (size_t i = 0; i < p->n_trials; i++) {
		if (begins_line(l, i)) {
			bl_buf_addf(out, "%s  %4zu:", i ? "\n" : "", i + 1);
			at = 7;
		} else if (at > 90) {
			bl_buf_adds(out, "\n       ");
			at = 7;
		}
		width = add_trial(p, i, out);
		at += is_within ? width : 4;
	}
	bl_buf_addc(out, '\n');
}

/* What is not a fixed number of fixed trials. */
static void add_when_enough(const struct scenario *sc, size_t columns, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;
	char text[BL_UNIT_TEXT_MAX];

	if (sc->more.is_auto) {
		bl_buf_addf(&line, "Trials are added until %s of every cell is within ",
			    scenario_metric_names[sc->more.metric]);
		if (sc->more.narrow > 0)
			bl_buf_addf(&line, "%.3g %%", sc->more.narrow * 100);
		else
			bl_buf_adds(&line, "half of the change that matters");
		bl_buf_adds(&line, " of the reference's; cells that have got there drop out. ");
	}
	if (sc->more.budget_ns)
		bl_buf_addf(&line, "No block is begun that would not fit in %s. ",
			    bl_format_clock(text, sc->more.budget_ns));
	if (sc->warm_up.sequential)
		bl_buf_addf(&line, "Each disk is purged and written in order %u time%s. ",
			    sc->warm_up.sequential, sc->warm_up.sequential == 1 ? "" : "s");
	if (sc->warm_up.round_ns)
		bl_buf_addf(&line,
			    "Jobs run in rounds of %s until five are steady, at most %u times.",
			    bl_format_ns(text, sc->warm_up.round_ns), sc->warm_up.rounds);
	if (!line.len)
		return;
	bl_buf_adds(out, "\n");
	help_wrap(out, bl_buf_str(&line), 0, 0, columns);
}

/* Which cells share boots, and what for. */
static void add_groups(const struct loaded *l, size_t columns, struct bl_buf *out)
{
	BL_CLEANUP(bl_freep) size_t *group = calloc(matrix_len(l->matrix), sizeof *group);
	static const char head[] = "One boot for:";
	size_t n_groups = 0;

	if (!l->scenario->is_within_boot || !group)
		return;
	for (size_t i = 0; i < matrix_len(l->matrix); i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf line = BL_BUF_INIT;
		size_t n = plan_group(l->scenario, l->matrix, i, group);

		if (n == 1 || group[0] != i)
			continue;
		for (size_t k = 0; k < n; k++)
			bl_buf_addf(&line, "%s%s", k ? ", " : "",
				    matrix_cell(l->matrix, group[k])->name);
		bl_buf_addf(&line, "; %u round%s in each boot", l->scenario->rounds,
			    l->scenario->rounds == 1 ? "" : "s");
		bl_buf_adds(out, head);
		help_wrap(out, bl_buf_str(&line), strlen(head), 2, columns);
		n_groups++;
	}
	if (!n_groups)
		bl_buf_adds(out, "One boot for: no cells (none differ only in the disk)\n");
}

/* "2 cells x 3 trials = 6", "2 cells x 3 boots x 2 rounds = 12". */
static void add_size(const struct loaded *l, struct bl_buf *out)
{
	const struct scenario *sc = l->scenario;
	size_t n = matrix_len(l->matrix);
	bool is_within = l->plan->n_trials > n * sc->repeats;

	bl_buf_addf(out, "%zu cell%s x ", n, n == 1 ? "" : "s");
	plan_repeats_text(sc, is_within ? "boot" : "trial", out);
	if (is_within)
		bl_buf_addf(out, " x %s%u round%s",
			    l->plan->n_trials < n * sc->repeats * sc->rounds ? "up to " : "",
			    sc->rounds, sc->rounds == 1 ? "" : "s");
	bl_buf_addf(out, " = %s%zu%s", l->plan->may_end_early ? "at most " : "", l->plan->n_trials,
		    is_within ? " trials" : "");
}

static int print_text(struct cli *cli, const struct loaded *l, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	char disk[BL_UNIT_TEXT_MAX];
	const struct scenario *sc = l->scenario;
	size_t columns = prose_columns(cli);

	bl_buf_addf(&out, "%s   ", sc->name);
	add_size(l, &out);
	bl_buf_adds(&out, ", about ");
	plan_time_text(l->plan, &out);
	bl_buf_addf(&out, ", %s of disk\n", bl_format_size(disk, l->plan->disk_bytes));
	if (sc->description[0]) {
		bl_buf_adds(&out, "  ");
		help_wrap(&out, sc->description, 2, 2, columns);
	}
	add_when_enough(sc, columns, &out);
	bl_buf_adds(&out, "\nJobs in each trial: ");
	for (size_t i = 0; i < sc->jobs.n; i++)
		bl_buf_addf(&out, "%s%s", i ? ", " : "", sc->jobs.items[i].name);
	bl_buf_addc(&out, '\n');
	add_fixed_axes(l, columns, &out);
	add_device(cli, sc, columns, &out);
	add_groups(l, columns, &out);
	add_cells(l, &out);
	add_order(l, &out);
	return cli_print(cli, &out, err);
}

static int run_plan(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(loaded_done) struct loaded l = {0};
	int r;

	if (a->cell && !a->xml)
		return bl_fail(err, -EINVAL, "CELL: '%s' is only of use with --xml", a->cell);
	r = loaded_read(&l, a, err);
	if (r < 0)
		return r;
	if (a->xml)
		return print_xml(cli, &l, a, err);
	return a->json ? print_json(cli, &l, err) : print_text(cli, &l, err);
}

static const struct operand_row operands[] = {
	OPERAND_SCENARIO,
	{.name = "CELL",
	 .kind = OPTION_TEXT,
	 .at = AT(cell),
	 .help = "with --xml: the cell to show, by name or number; the first one otherwise"},
};

static const struct option_row options[] = {
	{.name = "xml",
	 .at = AT(xml),
	 .help = "the libvirt domain XML of a cell, for the QEMU and the acceleration of this "
		 "host"},
	ROW_CELLS,
	ROW_WITH,
	ROW_DEVICE,
	ROW_SERIAL,
	ROW_REPEATS,
	ROW_BUDGET,
	ROW_ACCEL,
	ROW_CACHE_DIR,
	ROW_JSON,
};

static const struct example examples[] = {
	{"blklab plan quick",
	 "cells, order, time and space of the scenario that `make bench` runs"},
	{"blklab plan quick --xml 0", "what libvirt would be told for the first cell"},
	{"blklab plan s.yaml --cell 0 --with cache=none,aio=native",
	 "what `run` with the same options would run"},
	{"blklab plan s.yaml --json | jq -r '.cells[].name'", "the names of the cells"},
};

const struct verb verb_plan = {
	.name = "plan",
	.summary = "show what a scenario would run, without running it",
	.about = "Read a scenario and show its cells, the order of the trials, and about how much "
		 "time and disk space they need. No VM is started, and no host that could run it "
		 "is needed.\n\nThe same scenario and seed give the same plan everywhere. --xml is "
		 "about this host: the cell's QEMU is asked for its version, and what it can't do "
		 "is said, with exit code 3; the acceleration is what a probe found (blklab doctor "
		 "--probe). What only a trial knows has a placeholder in capitals.",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_plan,
};
