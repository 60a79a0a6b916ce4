#include "knee.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

long job_text_number(const char *job_text, const char *option, long otherwise)
{
	size_t n = strlen(option);

	for (const char *s = job_text; s && *s; s = strchr(s, '\n')) {
		s += *s == '\n';
		if (!strncmp(s, option, n) && s[n] == '=')
			return strtol(s + n + 1, NULL, 10);
	}
	return otherwise;
}

/* The job's text without its name, its iodepth and what says how jobs follow one another: jobs in
 * which the rest is alike are a sweep. */
static void essence(const char *text, struct bl_buf *out)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (*text != '[' && strncmp(text, "iodepth=", 8) && strncmp(text, "stonewall", 9))
			bl_buf_add(out, text, n + (text[n] == '\n'));
		text += n + (text[n] == '\n');
	}
}

/* 1 alike, 0 not, -ENOMEM. */
static int are_alike(const char *a, const char *b)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf ta = BL_BUF_INIT, tb = BL_BUF_INIT;

	if (!a[0] || !b[0])
		return 0;
	essence(a, &ta);
	essence(b, &tb);
	if (bl_buf_failed(&ta) || bl_buf_failed(&tb))
		return -ENOMEM;
	return !strcmp(bl_buf_str(&ta), bl_buf_str(&tb));
}

/* The text of a job in some trial of the cell; "": none. */
static const char *text_of(const struct run_data *d, uint32_t cell, const char *job)
{
	for (size_t i = 0; i < d->n_trials; i++) {
		const struct job_result *j;

		j = d->trials[i].cell == cell ? trial_job(&d->trials[i], job) : NULL;
		if (j && j->job_text && j->job_text[0])
			return j->job_text;
	}
	return "";
}

static bool point_of(const struct summary *s, const char *text, struct knee_point *ret)
{
	if (!s->metric[METRIC_IOPS].n || !s->metric[METRIC_MEAN].n)
		return false;
	*ret = (struct knee_point){.job = s->job,
				   .depth = job_text_number(text, "iodepth", 1),
				   .iops = s->metric[METRIC_IOPS].median,
				   .mean_ns = s->metric[METRIC_MEAN].median,
				   .p99_ns = s->metric[METRIC_P99].n ? s->metric[METRIC_P99].median
								     : NAN};
	return ret->depth > 0 && ret->iops > 0 && ret->mean_ns > 0;
}

static int by_depth(const void *pa, const void *pb)
{
	const struct knee_point *a = pa, *b = pb;

	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	return (a->iops < b->iops) - (a->iops > b->iops); /* the best of equals comes first */
}

static void find_knee(struct knee *k)
{
	const struct knee_point *p = k->points, *first = &p[0], *deepest = &p[k->n - 1], *at;
	double most = 0;

	for (size_t i = 0; i < k->n; i++) {
		if (p[i].iops / p[i].mean_ns > p[k->at].iops / p[k->at].mean_ns)
			k->at = i;
		most = fmax(most, p[i].iops);
	}
	at = &p[k->at];
	k->is_seen = k->n >= 3 && k->at + 1 < k->n;
	/* X <= N / R1 with R1 of the least depth; reaches the greatest X at N*. R1 is what one
	 * request takes where no other waits: at a depth above 1 it is no more than a bound. */
	k->bound_depth = most * first->mean_ns / 1e9;
	k->deeper_iops_ratio = deepest->iops / at->iops;
	k->deeper_mean_ratio = deepest->mean_ns / at->mean_ns;
	k->deeper_p99_ratio = deepest->p99_ns / at->p99_ns;
}

static bool is_taken(const struct knees *k, uint32_t cell, const char *job)
{
	for (size_t i = 0; i < k->n; i++)
		for (size_t p = 0; k->items[i].cell == cell && p < k->items[i].n; p++)
			if (!strcmp(k->items[i].points[p].job, job))
				return true;
	return false;
}

/* The points of the sweep that begins with summary @from; n below 2: it is none. */
static int gather(const struct run_data *d, const struct summaries *s, size_t from, struct knee *k)
{
	uint32_t cell = s->items[from].cell;
	const char *text = text_of(d, cell, s->items[from].job);

	k->cell = cell;
	k->points = calloc(s->n, sizeof *k->points);
	if (!k->points)
		return -ENOMEM;
	for (size_t i = from; i < s->n && s->items[i].cell == cell; i++) {
		const char *other = text_of(d, cell, s->items[i].job);
		int r = are_alike(text, other);

		if (r < 0)
			return r;
		k->n += r && point_of(&s->items[i], other, &k->points[k->n]);
	}
	qsort(k->points, k->n, sizeof *k->points, by_depth);
	return 0;
}

static int add_sweep(const struct run_data *d, const struct summaries *s, size_t from,
		     struct knees *out)
{
	struct knee k = {0}, *more;
	int r = gather(d, s, from, &k);

	if (r < 0 || k.n < 2 || k.points[0].depth == k.points[k.n - 1].depth) {
		free(k.points);
		return r;
	}
	find_knee(&k);
	more = reallocarray(out->items, out->n + 1, sizeof *more);
	if (!more) {
		free(k.points);
		return -ENOMEM;
	}
	out->items = more;
	more[out->n++] = k;
	return 0;
}

int knees_find(const struct run_data *d, const struct summaries *s, struct knees *ret,
	       struct bl_err *err)
{
	struct knees out = {0};
	int r = 0;

	for (size_t i = 0; i < s->n && r == 0; i++)
		if (!is_taken(&out, s->items[i].cell, s->items[i].job))
			r = add_sweep(d, s, i, &out);
	if (r < 0) {
		knees_done(&out);
		return bl_fail(err, r, "no memory for depth sweeps");
	}
	*ret = out;
	return 0;
}

void knees_done(struct knees *k)
{
	for (size_t i = 0; i < k->n; i++)
		free(k->items[i].points);
	free(k->items);
	*k = (struct knees){0};
}
