/* CSV of what a job's time was made of: what places counted, the budget, stalls, and the signals as
 * they were watched. One row a thing, in the order of the trials; failed trials too, with their
 * state. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "cleanup.h"
#include "fmt.h"
#include "report.h"
#include "time_json.h"
#include "view.h"

const char *const report_table_names[] = {"trials", "layers", "budget", "stalls", "signals"};
_Static_assert(BL_ARRAY_LEN(report_table_names) == REPORT_TABLES, "a name for each table");

struct rows {
	const struct run_data *d;
	size_t trial, job;
	const struct trial_record *t;
	const struct job_result *j;
	const char *bus;
	struct bl_buf *out;
};

static void text(const struct rows *x, const char *s)
{
	bl_buf_addc(x->out, ',');
	fmt_csv(x->out, s);
}

/* Nothing when it is not known. */
static void number(const struct rows *x, double v)
{
	if (isfinite(v))
		bl_buf_addf(x->out, ",%.9g", v);
	else
		bl_buf_addc(x->out, ',');
}

static void begin(const struct rows *x)
{
	fmt_csv(x->out, x->d->run.id);
	text(x, x->d->cells[x->t->cell].name);
	text(x, x->t->id);
	bl_buf_addf(x->out, ",%u,%s", x->t->repeat, trial_state_names[x->t->state]);
	text(x, x->j->name);
}

static void layer_row(const struct rows *x, const struct layer_seen *l, enum layer_at at, int dir)
{
	const struct layer_dir *d = &l->dir[dir];
	double ns;

	begin(x);
	bl_buf_addf(x->out, ",%s,%s", io_dir_names[dir], time_place_names[at]);
	text(x, l->device);
	number(x, d->n);
	number(x, d->mean_ns);
	number(x, d->bytes);
	number(x, d->merges);
	number(x, l->busy_share);
	number(x, l->mean_inflight);
	for (int p = 0; p < SUMMARY_PERCENTILES; p++)
		number(x, layer_percentile(d, summary_p[p], &ns) ? ns : NAN);
	bl_buf_addc(x->out, '\n');
}

static void layer_rows(const struct rows *x, const struct layer_seen *layers)
{
	for (int d = 0; d < IO_DIRS; d++)
		for (int at = 0; at < LAYER_ATS; at++)
			if (layers[at].dir[d].has)
				layer_row(x, &layers[at], (enum layer_at)at, d);
}

static void budget_row(const struct rows *x, const struct budget_dir *b, int dir, int part)
{
	const struct budget_line *l = &b->part[part];

	begin(x);
	bl_buf_addf(x->out, ",%s,%s", io_dir_names[dir], time_part_names[part]);
	number(x, l->has ? l->own_ns : NAN);
	number(x, l->has ? l->share : NAN);
	number(x, b->total_ns);
	text(x, l->has || (int)l->joined_to == part ? "" : time_part_names[l->joined_to]);
	text(x, l->has ? "" : l->why_not);
	text(x, b->warning);
	bl_buf_addc(x->out, '\n');
}

static int budget_rows(const struct rows *x, enum report_table table, struct bl_err *err)
{
	struct layer_seen layers[LAYER_ATS];
	uint64_t from, to;
	struct budget b;
	int r;

	if (!job_window(x->t, x->j, &from, &to))
		return 0;
	r = layers_of(x->t, x->j, x->bus ? x->bus : "", layers, err);
	if (r < 0)
		return r;
	budget_of(layers, &b);
	if (table == REPORT_LAYERS)
		layer_rows(x, layers);
	for (int d = 0; table == REPORT_BUDGET && d < IO_DIRS; d++)
		for (int p = 0; b.dir[d].has && p < BUDGET_PARTS; p++)
			budget_row(x, &b.dir[d], d, p);
	layers_done(layers);
	return 0;
}

static int stall_rows(const struct rows *x, struct bl_err *err)
{
	BL_CLEANUP(job_analysis_done) struct job_analysis a = {0};
	struct bl_err why = BL_ERR_INIT;
	int r = analyse_job(x->d, x->trial, x->job, &a, &why);

	for (size_t i = 0; r == 0 && i < a.stutter.n_stalls; i++) {
		const struct stall *s = &a.stutter.stalls[i];

		begin(x);
		number(x, s->at_s);
		number(x, s->length_s);
		number(x, s->peak_ns);
		bl_buf_addf(x->out, ",%d\n", s->is_gap);
	}
	return r < 0 && r != -ENODATA ? bl_fail(err, r, "%s", bl_err_text(&why)) : 0;
}

static void signal_rows(const struct rows *x)
{
	uint64_t from = 0, to;

	bool has_window = job_window(x->t, x->j, &from, &to);

	for (int w = 0; w < WATCHERS; w++) {
		const struct series_set *set = &x->j->watched[w];

		for (size_t i = 0; i < set->n_series; i++) {
			const struct series *one = &set->items[i];

			for (size_t m = 0; m < set->n; m++) {
				if (one->values[m] == SERIES_ABSENT)
					continue;
				begin(x);
				text(x, watcher_names[w]);
				text(x, one->name);
				bl_buf_addf(x->out, ",%s,",
					    one->kind == SERIES_COUNTER ? "counter" : "gauge");
				if (has_window) /* else there is nothing to count from */
					bl_buf_addf(x->out, "%.3f",
						    (double)(int64_t)(set->at_ns[m] - from) / 1e9);
				bl_buf_addf(x->out, ",%" PRIu64 "\n", one->values[m]);
			}
		}
	}
}

static void add_heads(enum report_table table, struct bl_buf *out)
{
	static const char *const heads[REPORT_TABLES] = {
		[REPORT_LAYERS] = "direction,place,device,n,mean_ns,bytes,merges,busy_share,"
				  "mean_inflight",
		[REPORT_BUDGET] = "direction,part,own_ns,share,total_ns,joined_to,why_not,warning",
		[REPORT_STALLS] = "at_s,length_s,peak_ns,is_gap",
		[REPORT_SIGNALS] = "watcher,signal,kind,at_s,value",
	};
	char name[16];

	bl_buf_addf(out, "run,cell,trial,repeat,state,job,%s", heads[table]);
	for (int p = 0; table == REPORT_LAYERS && p < SUMMARY_PERCENTILES; p++)
		bl_buf_addf(out, ",%s_ns", summary_p_column(p, name));
	bl_buf_addc(out, '\n');
}

static int add_rows(const struct rows *x, enum report_table table, struct bl_err *err)
{
	switch (table) {
	case REPORT_LAYERS:
	case REPORT_BUDGET:
		return budget_rows(x, table, err);
	case REPORT_STALLS:
		return stall_rows(x, err);
	default:
		signal_rows(x);
		return 0;
	}
}

/* What there is goes out, so that all signals of a run are never in memory at once. */
static int flush(struct bl_buf *out, const struct report_sink *to, struct bl_err *err)
{
	int r = bl_buf_failed(out) ? bl_fail(err, -ENOMEM, "report: out of memory")
				   : to->take(to->ctx, out, err);

	out->len = 0;
	return r;
}

int report_csv_table(const struct run_data *d, enum report_table table,
		     const struct report_sink *to, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct rows x = {.d = d, .out = &out};
	int r;

	if (table <= REPORT_TRIALS || table >= REPORT_TABLES)
		return bl_fail(err, -EINVAL, "report: table %d is not one of these", (int)table);
	add_heads(table, &out);
	r = flush(&out, to, err);
	for (x.trial = 0; x.trial < d->n_trials; x.trial++) {
		x.t = &d->trials[x.trial];
		if (x.t->cell >= d->n_cells)
			continue;
		x.bus = facts_get(&d->cells[x.t->cell].axes, "bus");
		for (x.job = 0; r == 0 && x.job < x.t->n_jobs; x.job++) {
			x.j = &x.t->jobs[x.job];
			r = add_rows(&x, table, err);
			if (r == 0)
				r = flush(&out, to, err);
		}
	}
	return r;
}
