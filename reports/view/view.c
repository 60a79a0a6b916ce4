#include "view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "cleanup.h"

int view_find_cell(const struct run_data *d, const char *name, uint32_t *ret, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf names = BL_BUF_INIT;

	*ret = cell_named(d, name);
	if (*ret != NO_CELL)
		return 0;
	for (size_t i = 0; i < d->n_cells; i++)
		bl_buf_addf(&names, "%s'%s'", i ? ", " : "", d->cells[i].name);
	return bl_fail(err, -ENOENT, "cell: '%s' is not in this run; one of %s", name,
		       d->n_cells ? bl_buf_str(&names) : "none: the run has no cell");
}

/* The value of a top-level key of the scenario, as written: reports read no YAML, and the one key
 * they want is a plain scalar. */
static char *scenario_key(const char *text, const char *key)
{
	size_t n = strlen(key);

	while (text && *text) {
		if (strncmp(text, key, n) == 0 && text[n] == ':') {
			const char *from = text + n + 1;
			size_t len;

			from += strspn(from, " \t");
			if (*from == '"' || *from == '\'') {
				len = strcspn(from + 1, *from == '"' ? "\"\n" : "'\n");
				return strndup(from + 1, len);
			}
			len = strcspn(from, "#\n");
			while (len && strchr(" \t\r", from[len - 1]))
				len--;
			return len ? strndup(from, len) : NULL;
		}
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return NULL;
}

static int find_reference(struct view *v, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *said = NULL;
	int r;

	if (v->opt && v->opt->reference) {
		r = view_find_cell(v->d, v->opt->reference, &v->reference, err);
		return r < 0 ? bl_wrap(err, r, "reference") : 0;
	}
	said = scenario_key(v->d->run.scenario_text, "reference");
	if (said && view_find_cell(v->d, said, &v->reference, NULL) == 0)
		return 0;
	v->reference = 0;
	return 0;
}

const char *view_axis_value(const struct view *v, uint32_t cell, const char *axis)
{
	const char *s = facts_get(&v->d->cells[cell].axes, axis);

	return s && *s ? s : "-";
}

static int add_value(struct view_axis *a, const char *value)
{
	const char **grown;

	for (size_t i = 0; i < a->n_values; i++) {
		if (strcmp(a->values[i], value) == 0)
			return 0;
	}
	grown = reallocarray(a->values, a->n_values + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	a->values = grown;
	a->values[a->n_values++] = value;
	return 0;
}

static bool is_host(const struct view *v, uint32_t cell)
{
	return strcmp(view_axis_value(v, cell, "bus"), "host") == 0;
}

static bool axis_is_known(const struct view *v, const char *name)
{
	for (size_t i = 0; i < v->n_axes; i++) {
		if (strcmp(v->axes[i].name, name) == 0)
			return true;
	}
	return false;
}

static int add_axis(struct view *v, const char *name)
{
	struct view_axis *grown, a = {.name = name};
	int r = 0;

	if (axis_is_known(v, name))
		return 0;
	/* A cell in which the axis has no meaning can't vary it. */
	for (uint32_t c = 0; r == 0 && c < v->d->n_cells; c++) {
		if (facts_get(&v->d->cells[c].axes, name))
			r = add_value(&a, view_axis_value(v, c, name));
	}
	grown = r == 0 && a.n_values > 1 ? reallocarray(v->axes, v->n_axes + 1, sizeof(*grown))
					 : NULL;
	if (!grown) {
		bool is_lost = r == 0 && a.n_values > 1;

		free(a.values);
		return is_lost ? -ENOMEM : r;
	}
	v->axes = grown;
	v->axes[v->n_axes++] = a;
	return 0;
}

static int make_axes(struct view *v)
{
	int r = 0;

	for (size_t c = 0; c < v->d->n_cells; c++) {
		const struct facts *axes = &v->d->cells[c].axes;

		for (size_t i = 0; r == 0 && i < axes->n; i++)
			r = add_axis(v, axes->items[i].key);
	}
	return r;
}

static void count_trial(struct view_cell *c, const struct trial_record *t)
{
	c->n_trials++;
	c->n_state[t->state]++;
	c->n_ok += t->state == TRIAL_OK;
	if (t->state != TRIAL_OK && !c->first_bad)
		c->first_bad = t;
	/* A trial that ran is the better proof, but a mismatch must be seen when it is all. */
	if (t->effective.n && (!c->proof || (c->proof->state != TRIAL_OK && t->state == TRIAL_OK)))
		c->proof = t;
}

static int make_cells(struct view *v)
{
	const struct run_data *d = v->d;

	v->cells = calloc(d->n_cells ? d->n_cells : 1, sizeof(*v->cells));
	if (!v->cells)
		return -ENOMEM;
	for (size_t i = 0; i < d->n_cells; i++) {
		v->cells[i].rec = &d->cells[i];
		v->cells[i].series = -1;
		v->cells[i].is_host = is_host(v, (uint32_t)i);
	}
	for (size_t i = 0; i < d->n_trials; i++) {
		if (d->trials[i].cell < d->n_cells)
			count_trial(&v->cells[d->trials[i].cell], &d->trials[i]);
	}
	for (size_t i = 0; i < d->n_cells; i++) {
		struct cell_boots *b = &v->cells[i].boots;
		size_t n;

		*b = boots_of(d, (uint32_t)i);
		n = b->n_ok;
		v->n_sharing += b->shares;
		v->most_rounds = b->n_rounds > v->most_rounds ? b->n_rounds : v->most_rounds;
		v->n_ok += v->cells[i].n_ok;
		if (n && (!v->least_ok || n < v->least_ok))
			v->least_ok = n;
	}
	return 0;
}

void view_rounds(const struct view *v, struct bl_buf *out)
{
	struct cell_boots most = {.n_rounds = v->most_rounds};

	for (size_t i = 0; i < v->d->n_cells; i++)
		if (v->cells[i].boots.shares && v->cells[i].boots.n > most.n)
			most.n = v->cells[i].boots.n;
	if (!v->n_sharing)
		return;
	bl_buf_adds(out, " in ");
	if (most.n_rounds <= 1)
		bl_buf_addf(out, "%zu shared boot%s", most.n, most.n == 1 ? "" : "s");
	else
		boots_text(&most, most.n, out);
	if (v->n_sharing < v->d->n_cells)
		bl_buf_addf(out, " of %zu of the cells, the others alone", v->n_sharing);
}

static int add_job(struct view *v, const struct job_result *j)
{
	struct view_job *grown;

	for (size_t i = 0; i < v->n_jobs; i++) {
		if (strcmp(v->jobs[i].name, j->name) == 0)
			return 0;
	}
	grown = reallocarray(v->jobs, v->n_jobs + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	v->jobs = grown;
	v->jobs[v->n_jobs++] =
		(struct view_job){.name = j->name, .text = j->job_text ? j->job_text : ""};
	return 0;
}

static int make_jobs(struct view *v)
{
	int r = 0;

	for (size_t t = 0; t < v->d->n_trials; t++) {
		const struct trial_record *tr = &v->d->trials[t];

		for (size_t i = 0; r == 0 && i < tr->n_jobs; i++)
			r = add_job(v, &tr->jobs[i]);
	}
	return r;
}

/* The reference and the best seven of the first job have a colour; more can't be told apart. */
static void give_colours(struct view *v)
{
	int next = 0;

	if (v->d->n_cells)
		v->cells[v->reference].series = next++;
	for (size_t i = 0; v->n_jobs && i < v->jobs[0].n_rows && next < 8; i++) {
		struct view_cell *c = &v->cells[v->jobs[0].rows[i].cell];

		if (v->jobs[0].rows[i].sum && c->series < 0)
			c->series = next++;
	}
}

int view_judge(struct view *v, struct bl_err *err)
{
	int r = diagnose_run(v->d, &v->findings, err);

	if (r == 0)
		r = decide_passthrough(v->d, &v->sums, &v->findings, &v->decision, err);
	if (r == 0)
		r = view_analyse(v, err);
	if (r == 0)
		r = view_correct_bill(v, err);
	return r < 0 ? bl_wrap(err, r, "report") : 0;
}

size_t view_n_findings(const struct view *v, uint32_t cell)
{
	const struct finding *last = NULL;
	size_t n = 0;

	/* By cell and cause: each cause counts once, whatever jobs show it. */
	for (size_t i = 0; i < v->findings.n; i++) {
		const struct finding *f = &v->findings.items[i];

		if (f->cell != cell)
			continue;
		n += !last || strcmp(last->cause, f->cause);
		last = f;
	}
	return n;
}

int view_init(struct view *v, const struct run_data *d, const struct report_options *opt,
	      struct bl_err *err)
{
	int r;

	*v = (struct view){.d = d, .opt = opt};
	r = find_reference(v, err);
	if (r < 0)
		return r;
	r = summarize(d, &v->sums, err);
	if (r == 0)
		r = make_axes(v);
	if (r == 0)
		r = make_cells(v);
	if (r == 0)
		r = make_jobs(v);
	if (r == 0)
		r = view_find_min_effects(v);
	if (r == 0)
		r = view_make_rows(v);
	if (r == 0)
		r = view_make_effects(v, err);
	if (r == 0)
		r = view_correct(v, err);
	if (r < 0)
		return bl_wrap(err, r, "report");
	give_colours(v);
	return 0;
}

void view_done(struct view *v)
{
	view_analyses_done(v);
	for (size_t i = 0; i < v->n_jobs; i++)
		free(v->jobs[i].rows);
	for (size_t i = 0; i < v->n_axes; i++)
		free(v->axes[i].values);
	free(v->jobs);
	free(v->axes);
	free(v->cells);
	free(v->effects);
	floors_done(&v->floors);
	summaries_done(&v->sums);
	findings_done(&v->findings);
	passthrough_decision_done(&v->decision);
	*v = (struct view){0};
}

const struct view_row *view_row_of(const struct view_job *j, uint32_t cell)
{
	for (size_t i = 0; i < j->n_rows; i++) {
		if (j->rows[i].cell == cell)
			return &j->rows[i];
	}
	return NULL;
}

const struct view_row *view_best(const struct view *v, const struct view_job *j, size_t nth)
{
	for (size_t i = 0; i < j->n_rows; i++) {
		const struct view_row *r = &j->rows[i];

		if (r->sum && r->p[SUMMARY_P99].is_known && !v->cells[r->cell].is_host &&
		    nth-- == 0)
			return r;
	}
	return NULL;
}

void view_name_rest(const struct view *v, const struct view_effect *e, struct bl_buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n_axes; i++) {
		const struct view_axis *a = &v->axes[i];
		const char *value = view_axis_value(v, e->cell_to, a->name);

		if (strcmp(value, "-") == 0)
			value = view_axis_value(v, e->cell_from, a->name);
		if (a == e->axis || strcmp(value, "-") == 0)
			continue;
		bl_buf_addf(out, "%s", n++ ? " " : "");
		/* A bare number says nothing without its name. */
		if (strspn(value, "0123456789") == strlen(value) || strcmp(value, "on") == 0 ||
		    strcmp(value, "off") == 0)
			bl_buf_addf(out, "%s=%s", a->name, value);
		else
			bl_buf_adds(out, value);
	}
	if (!n)
		bl_buf_adds(out, "all else equal");
}

long view_job_option(const char *job_text, const char *option, long otherwise)
{
	size_t n = strlen(option);

	for (const char *s = job_text; s && *s; s = strchr(s, '\n')) {
		s += *s == '\n';
		if (strncmp(s, option, n) == 0 && s[n] == '=')
			return strtol(s + n + 1, NULL, 10);
	}
	return otherwise;
}

const char *view_cpu(const struct view *v, uint32_t cell)
{
	const char *accel = v->d->run.accel;

	if (v->cells[cell].is_host || (accel && strcmp(accel, "kvm") == 0))
		return "host CPU";
	return run_is_emulated(&v->d->run) ? "emulated CPU" : NULL;
}
