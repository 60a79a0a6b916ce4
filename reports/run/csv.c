#include "csv.h"

#include <inttypes.h>
#include <stdio.h>

#include "fmt.h"
#include "told.h"

static const char *const fixed_heads[] = {"run", "scenario", "host", "accel", "cpu", "cell"};
static const char *const trial_heads[] = {"trial",  "repeat",     "order",     "state",
					  "reason", "started_ms", "job",       "direction",
					  "n",      "bytes",      "runtime_ns"};

static void field(struct bl_buf *out, const char *s)
{
	bl_buf_addc(out, ',');
	fmt_csv(out, s ? s : "");
}

/* Every axis that any cell names, in order of appearance: @at counts through them. */
static const char *axis_at(const struct run_data *d, size_t at)
{
	size_t n = 0;

	for (size_t c = 0; c < d->n_cells; c++) {
		for (size_t i = 0; i < d->cells[c].axes.n; i++) {
			const char *key = d->cells[c].axes.items[i].key;
			bool is_new = true;

			for (size_t k = 0; is_new && k < c; k++)
				is_new = facts_get(&d->cells[k].axes, key) == NULL;
			if (is_new && n++ == at)
				return key;
		}
	}
	return NULL;
}

static void add_heads(const struct run_data *d, struct bl_buf *out)
{
	const char *axis;
	char name[16];

	for (size_t i = 0; i < sizeof(fixed_heads) / sizeof(*fixed_heads); i++)
		bl_buf_addf(out, "%s%s", i ? "," : "", fixed_heads[i]);
	for (size_t i = 0; (axis = axis_at(d, i)); i++)
		field(out, axis);
	for (size_t i = 0; i < sizeof(trial_heads) / sizeof(*trial_heads); i++)
		field(out, trial_heads[i]);
	bl_buf_adds(out, ",min_ns,mean_ns,max_ns");
	for (int p = 0; p < SUMMARY_PERCENTILES; p++)
		bl_buf_addf(out, ",%s_ns", summary_p_column(p, name));
	bl_buf_adds(out, ",iops,bytes_per_s,cpu_ns_per_io\n");
}

static void add_trial(const struct view *v, const struct trial_record *t, struct bl_buf *out)
{
	const struct run_data *d = v->d;
	const struct cell_record *c = &d->cells[t->cell];
	const char *axis;

	fmt_csv(out, d->run.id);
	field(out, d->run.scenario_name);
	field(out, d->run.host_name);
	field(out, d->run.accel);
	field(out, view_cpu(v, t->cell));
	field(out, c->name);
	for (size_t i = 0; (axis = axis_at(d, i)); i++)
		field(out, facts_get(&c->axes, axis));
	field(out, t->id);
	bl_buf_addf(out, ",%u,%u,%s", t->repeat, t->order, trial_state_names[t->state]);
	field(out, t->reason);
	bl_buf_addf(out, ",%" PRIu64, t->started_ms);
}

/* IOPS and bandwidth are of the direction; CPU time can't be told apart and is per I/O of the job.
 */
static void add_direction(const struct job_result *j, int dir, struct bl_buf *out)
{
	const struct sample *s = j->sample;
	const struct lat *l = dir_latency(&s->dir[dir]);
	double seconds = (double)s->runtime_ns / 1e9, cpu;

	field(out, j->name);
	bl_buf_addf(out, ",%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64, io_dir_names[dir], s->dir[dir].ios,
		    s->dir[dir].bytes, s->runtime_ns);
	bl_buf_addf(out, ",%" PRIu64 ",%.0f,%" PRIu64, l->min_ns, lat_mean_ns(l), l->max_ns);
	for (int p = 0; p < SUMMARY_PERCENTILES; p++) {
		struct pct x = lat_pct(l, summary_p[p]);

		if (x.is_known || told_of_direction(j, dir, summary_p[p], &x.ns))
			bl_buf_addf(out, ",%" PRIu64, x.ns);
		else
			bl_buf_addc(out, ',');
	}
	if (s->runtime_ns)
		bl_buf_addf(out, ",%.6g,%.6g", (double)s->dir[dir].ios / seconds,
			    (double)s->dir[dir].bytes / seconds);
	else
		bl_buf_adds(out, ",,");
	if (dir != IO_SYNC && job_metric(j, METRIC_CPU_PER_IO, &cpu))
		bl_buf_addf(out, ",%.6g", cpu);
	else
		bl_buf_addc(out, ',');
}

int report_csv(const struct view *v, struct bl_buf *out)
{
	const struct run_data *d = v->d;

	add_heads(d, out);
	for (size_t i = 0; i < d->n_trials; i++) {
		const struct trial_record *t = &d->trials[i];
		size_t rows = 0;

		for (size_t j = 0; t->cell < d->n_cells && j < t->n_jobs; j++) {
			for (int dir = 0; t->jobs[j].sample && dir < IO_DIRS; dir++) {
				const struct lat *l = dir_latency(&t->jobs[j].sample->dir[dir]);

				if (!l || !l->n)
					continue;
				add_trial(v, t, out);
				add_direction(&t->jobs[j], dir, out);
				bl_buf_addc(out, '\n');
				rows++;
			}
		}
		if (rows || t->cell >= d->n_cells)
			continue;
		add_trial(v, t, out);
		for (int k = 0; k < 5 + 3 + SUMMARY_PERCENTILES + 3; k++)
			bl_buf_addc(out, ',');
		bl_buf_addc(out, '\n');
	}
	return 0;
}
