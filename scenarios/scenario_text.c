/* scenario_text.c - a scenario with all its defaults, as text. */
#include "cleanup.h"
#include "scenario.h"
#include "units.h"

static void add_match(const struct scenario_match *m, const char *what, struct bl_buf *out)
{
	bl_buf_addf(out, "%s:", what);
	if (m->name[0])
		bl_buf_addf(out, " name='%s'", m->name);
	for (size_t i = 0; i < m->n_axes; i++)
		bl_buf_addf(out, " %s=%s", m->axes[i].row->name, m->axes[i].values[0]);
	bl_buf_addc(out, '\n');
}

static void add_device(const struct scenario_device *d, struct bl_buf *out)
{
	if (!d->serial)
		return;
	bl_buf_addf(out, "device: %s %s, serial %s", d->pci ? "pci" : "path",
		    d->pci ? d->pci : d->path, d->serial);
	if (d->nsid)
		bl_buf_addf(out, ", namespace %u", d->nsid);
	bl_buf_addc(out, '\n');
}

/* What is not said is not shown. */
static void add_needs(const struct scenario *s, struct bl_buf *out)
{
	bool is_first = true;

	for (size_t i = 0; i < NEED_ROWS; i++) {
		if (s->needs[i] == NEED_UNSAID)
			continue;
		bl_buf_addf(out, "%s %s %s", is_first ? "needs:" : ",", need_name(i),
			    s->needs[i] == NEED_YES ? "yes" : "no");
		is_first = false;
	}
	if (!is_first)
		bl_buf_addc(out, '\n');
}

static void add_warm_up(const struct scenario_warm_up *w, struct bl_buf *out)
{
	char round[BL_UNIT_TEXT_MAX];

	if (w->sequential)
		bl_buf_addf(out, "backing: purged, then written in order %u time%s\n",
			    w->sequential, w->sequential == 1 ? "" : "s");
	if (w->round_ns)
		bl_buf_addf(out, "backing: rounds of %s until steady, at most %u\n",
			    bl_format_ns(round, w->round_ns), w->rounds);
}

static void add_repeats(const struct scenario *s, struct bl_buf *out)
{
	char time[BL_UNIT_TEXT_MAX];

	if (!s->more.is_auto) {
		bl_buf_addf(out, "repeats: %u", s->repeats);
	} else {
		bl_buf_addf(out, "repeats: auto, %u to %u until %s is ", s->more.least, s->repeats,
			    scenario_metric_names[s->more.metric]);
		if (s->more.narrow > 0)
			bl_buf_addf(out, "within %.3g %%", s->more.narrow * 100);
		else
			bl_buf_adds(out, "within half of what matters");
	}
	if (s->more.budget_ns)
		bl_buf_addf(out, ", budget %s", bl_format_clock(time, s->more.budget_ns));
}

static void add_min_effect(const struct scenario *s, struct bl_buf *out)
{
	bool is_first = true;

	for (int m = 0; m < SCENARIO_METRICS; m++) {
		if (!(s->min_effect[m] > 0))
			continue;
		bl_buf_addf(out, "%s %s %.3g %%", is_first ? "min_effect:" : ",",
			    scenario_metric_names[m], s->min_effect[m] * 100);
		is_first = false;
	}
	if (!is_first)
		bl_buf_addc(out, '\n');
}

void scenario_to_text(const struct scenario *s, struct bl_buf *out)
{
	char a[BL_UNIT_TEXT_MAX], b[BL_UNIT_TEXT_MAX], c[BL_UNIT_TEXT_MAX];

	bl_buf_addf(out, "name: %s\n", s->name);
	if (s->description[0])
		bl_buf_addf(out, "description: %s\n", s->description);
	bl_buf_addf(out, "vm: memory %s, machine %s\n", bl_format_size(a, s->memory_bytes),
		    s->machine);
	bl_buf_addf(out, "backing: dir %s, size %s, precondition %s\n", s->backing_dir,
		    bl_format_size(a, s->backing_bytes), precondition_names[s->precondition]);
	add_warm_up(&s->warm_up, out);
	if (s->nbdkit[0])
		bl_buf_addf(out, "backing: nbdkit %s\n", s->nbdkit);
	add_device(&s->device, out);
	add_needs(s, out);
	for (size_t i = 0; i < s->n_axes; i++) {
		const struct scenario_axis *axis = &s->axes[i];

		bl_buf_addf(out, "axis: %s =", axis->row->name);
		for (size_t v = 0; v < axis->n_values; v++)
			bl_buf_addf(out, "%s %s", v ? "," : "", axis->values[v]);
		bl_buf_addc(out, '\n');
	}
	for (size_t i = 0; i < s->n_exclude; i++)
		add_match(&s->exclude[i], "exclude", out);
	for (size_t i = 0; i < s->n_include; i++)
		add_match(&s->include[i], "include", out);
	add_repeats(s, out);
	bl_buf_addf(out, ", order %s, seed %llu\n",
		    s->is_interleaved ? "interleaved" : "sequential", (unsigned long long)s->seed);
	add_min_effect(s, out);
	if (s->is_within_boot)
		bl_buf_addf(out, "interleave: within-boot, %u round%s\n", s->rounds,
			    s->rounds == 1 ? "" : "s");
	if (!s->has_telemetry)
		bl_buf_adds(out, "telemetry: off\n");
	if (s->reference[0])
		bl_buf_addf(out, "reference: %s\n", s->reference);
	bl_buf_addf(out, "limits: boot %s, job %s, shutdown %s\n",
		    bl_format_ns(a, s->limit_boot_ns), bl_format_ns(b, s->limit_job_ns),
		    bl_format_ns(c, s->limit_shutdown_ns));
	bl_buf_addf(out, "jobs: %s\n", s->jobs_path);
	for (size_t i = 0; i < s->jobs.n; i++)
		job_to_text(&s->jobs.items[i], out);
}
