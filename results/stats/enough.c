#include "enough.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "buf.h"
#include "cleanup.h"
#include "rank.h"
#include "units.h"

const char *const enough_names[] = {"goes on", "narrow", "most", "budget", "failed", "stopped"};
static_assert(BL_ARRAY_LEN(enough_names) == ENOUGH_WHYS, "a name for every reason");

struct cell_state {
	enum enough_cell is;
	uint64_t took_ns;        /* of its trials together */
	uint32_t n_blocks, last; /* that it was in */
};

struct enough {
	struct enough_rule rule;
	struct cell_state *cells;
	double *ln;     /* [cell][job][block]; NAN: none */
	uint32_t *n_ln; /* of how many figures each is the mean: rounds of one boot are one value */
	uint32_t n_blocks, next_look;
};

int enough_new(const struct enough_rule *rule, struct enough **ret)
{
	struct enough *e = calloc(1, sizeof *e);
	size_t n = rule->n_cells * rule->n_jobs * rule->most;

	assert(rule->reference < rule->n_cells);
	if (!e)
		return -ENOMEM;
	e->rule = *rule;
	e->next_look = rule->least;
	e->cells = calloc(rule->n_cells, sizeof *e->cells);
	e->ln = calloc(n, sizeof *e->ln);
	e->n_ln = calloc(n, sizeof *e->n_ln);
	if (!e->cells || !e->ln || !e->n_ln) {
		enough_free(e);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		e->ln[i] = NAN;
	*ret = e;
	return 0;
}

struct enough *enough_free(struct enough *e)
{
	if (!e)
		return NULL;
	free(e->cells);
	free(e->ln);
	free(e->n_ln);
	free(e);
	return NULL;
}

/* Of its first block. */
static size_t index_of(const struct enough *e, size_t cell, size_t job)
{
	return (cell * e->rule.n_jobs + job) * e->rule.most;
}

static const double *values_of(const struct enough *e, size_t cell, size_t job)
{
	return e->ln + index_of(e, cell, job);
}

static void add_value(struct enough *e, size_t at, double ln)
{
	uint32_t n = ++e->n_ln[at];

	e->ln[at] = n == 1 ? ln : e->ln[at] + (ln - e->ln[at]) / n;
}

void enough_add(struct enough *e, const struct trial_record *t)
{
	struct cell_state *c;
	double v;

	if (t->cell >= e->rule.n_cells || t->repeat >= e->rule.most)
		return;
	c = &e->cells[t->cell];
	c->n_blocks += c->n_blocks == 0 || c->last != t->repeat;
	c->last = t->repeat;
	if (t->ended_ms > t->started_ms) /* the wall clock may have been set back */
		c->took_ns += (t->ended_ms - t->started_ms) * NS_PER_MS;
	for (size_t j = 0; t->state == TRIAL_OK && j < t->n_jobs && j < e->rule.n_jobs; j++)
		if (job_metric(&t->jobs[j], e->rule.metric, &v) && v > 0)
			add_value(e, index_of(e, t->cell, j) + t->repeat, log(v));
}

/* ---- how narrow ---- */

static bool has_others(const struct enough *e)
{
	return e->rule.n_cells > 1;
}

/* ln cell - ln reference of the blocks that have both; of a single cell its own figures. */
static size_t pairs_of(const struct enough *e, uint32_t cell, size_t job, double d[RANK_PAIRS_MAX])
{
	const double *a = values_of(e, e->rule.reference, job), *b = values_of(e, cell, job);
	size_t n = 0;

	for (uint32_t i = 0; i < e->rule.most && n < RANK_PAIRS_MAX; i++) {
		double v = has_others(e) ? b[i] - a[i] : b[i];

		if (!isnan(v))
			d[n++] = v;
	}
	return n;
}

double enough_width(const struct enough *e, uint32_t cell, size_t job, size_t *ret_pairs)
{
	double d[RANK_PAIRS_MAX];
	size_t n = pairs_of(e, cell, job, d);
	struct rank_interval i = {0};

	if (ret_pairs)
		*ret_pairs = n;
	if (n)
		i = rank_interval(d, n, 0.05);
	return i.is_known ? expm1((i.hi - i.lo) / 2) : INFINITY;
}

enum enough_cell enough_cell(const struct enough *e, uint32_t cell)
{
	return e->cells[cell].is;
}

/* The reference has no interval of its own unless it is alone. */
static bool is_compared(const struct enough *e, uint32_t cell)
{
	return !has_others(e) || cell != e->rule.reference;
}

static void look_at(struct enough *e, uint32_t cell)
{
	bool has_pairs = true, is_narrow = true;
	size_t n;

	for (size_t j = 0; j < e->rule.n_jobs; j++) {
		double w = enough_width(e, cell, j, &n);

		has_pairs = has_pairs && n > 0;
		is_narrow = is_narrow && w <= e->rule.half_width * (1 + 1e-9);
	}
	if (!has_pairs)
		e->cells[cell].is = ENOUGH_CELL_GIVEN_UP;
	else if (is_narrow)
		e->cells[cell].is = ENOUGH_CELL_NARROW;
}

static size_t count(const struct enough *e, enum enough_cell is)
{
	size_t n = 0;

	for (uint32_t c = 0; c < e->rule.n_cells; c++)
		n += is_compared(e, c) && e->cells[c].is == is;
	return n;
}

/* Which cells need no more, and what that leaves. */
static enum enough_why look(struct enough *e)
{
	for (uint32_t c = 0; c < e->rule.n_cells; c++)
		if (is_compared(e, c) && e->cells[c].is == ENOUGH_CELL_IN)
			look_at(e, c);
	if (count(e, ENOUGH_CELL_IN))
		return ENOUGH_GOES_ON;
	return count(e, ENOUGH_CELL_NARROW) ? ENOUGH_NARROW : ENOUGH_FAILED;
}

/* ---- the budget ---- */

static bool is_in(const struct enough *e, uint32_t cell)
{
	return e->cells[cell].is == ENOUGH_CELL_IN;
}

/* What the next block takes, by what the trials of its cells took. */
static uint64_t next_ns(const struct enough *e)
{
	uint64_t ns = 0;

	for (uint32_t c = 0; c < e->rule.n_cells; c++) {
		const struct cell_state *s = &e->cells[c];

		if (is_in(e, c))
			ns += s->n_blocks ? s->took_ns / s->n_blocks
					  : e->rule.block_ns / e->rule.n_cells;
	}
	return ns;
}

enum enough_why enough_next(struct enough *e, uint32_t block, uint64_t gone_ns, bool *ret_in)
{
	enum enough_why why = ENOUGH_GOES_ON;
	bool has_looks = e->rule.half_width > 0;

	e->n_blocks = block;
	if (has_looks && block >= e->next_look) {
		why = look(e);
		e->next_look = block + (block + 3) / 4;
		if (e->next_look > e->rule.most)
			e->next_look = e->rule.most;
	}
	if (why == ENOUGH_GOES_ON && block >= e->rule.most)
		why = ENOUGH_MOST;
	if (why == ENOUGH_GOES_ON && block > 0 && e->rule.budget_ns &&
	    gone_ns + next_ns(e) > e->rule.budget_ns)
		why = ENOUGH_BUDGET;
	/* A budget that ends before a look: say how narrow it is, all the same. */
	if (why == ENOUGH_BUDGET && has_looks && look(e) == ENOUGH_NARROW)
		why = ENOUGH_NARROW;
	for (uint32_t c = 0; c < e->rule.n_cells; c++)
		ret_in[c] = why == ENOUGH_GOES_ON && is_in(e, c);
	return why;
}

/* ---- what is said of it ---- */

static void add_pct(struct bl_buf *out, double width)
{
	if (isinf(width))
		bl_buf_adds(out, "no interval");
	else
		bl_buf_addf(out, "%.3g %%", width * 100);
}

/* The widest interval of all; false: no cell that was not given up has one to be. */
static bool widest(const struct enough *e, uint32_t *ret_cell, size_t *ret_job)
{
	double most = -1;

	for (uint32_t c = 0; c < e->rule.n_cells; c++) {
		if (!is_compared(e, c) || e->cells[c].is == ENOUGH_CELL_GIVEN_UP)
			continue;
		for (size_t j = 0; j < e->rule.n_jobs; j++) {
			double w = enough_width(e, c, j, NULL);

			if (w <= most)
				continue;
			most = w;
			*ret_cell = c;
			*ret_job = j;
		}
	}
	return most >= 0;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void add_reason(const struct enough *e, enum enough_why why, struct bl_buf *out)
{
	char text[BL_UNIT_TEXT_MAX];
	uint32_t n = e->n_blocks;

	bl_buf_addf(out, "%s: ", enough_names[why]);
	switch (why) {
	case ENOUGH_BUDGET:
		bl_buf_addf(out, "another block would not fit in %s, after %u block%s",
			    bl_format_clock(text, e->rule.budget_ns), n, plural(n));
		break;
	case ENOUGH_FAILED:
		bl_buf_addf(out, "nothing could be compared after %u block%s", n, plural(n));
		break;
	case ENOUGH_STOPPED:
		bl_buf_addf(out, "by a person, in block %u", n + 1);
		break;
	default:
		bl_buf_addf(out, "after %u block%s", n, plural(n));
	}
}

void enough_text(const struct enough *e, enum enough_why why, const char *const *cells,
		 const char *const *jobs, struct bl_buf *out)
{
	size_t n_narrow = count(e, ENOUGH_CELL_NARROW), n_lost = count(e, ENOUGH_CELL_GIVEN_UP);
	size_t n = n_narrow + n_lost + count(e, ENOUGH_CELL_IN), pairs, job = 0;
	uint32_t cell = 0;

	add_reason(e, why, out);
	if (!(e->rule.half_width > 0))
		return;
	bl_buf_addf(out, "; %s is within %.3g %% ", e->rule.metric_word, e->rule.half_width * 100);
	if (!has_others(e))
		bl_buf_addf(out, "of the cell's own median: %s", n_narrow ? "yes" : "not yet");
	else
		bl_buf_addf(out, "of the reference's in %zu of %zu cell%s", n_narrow, n, plural(n));
	if (widest(e, &cell, &job)) {
		double w = enough_width(e, cell, job, &pairs);

		bl_buf_addf(out, "; widest: '%s' in '%s', ", cells[cell], jobs[job]);
		add_pct(out, w);
		bl_buf_addf(out, " by %zu %s%s", pairs, has_others(e) ? "pair" : "trial",
			    plural(pairs));
	}
	for (uint32_t c = 0; n_lost && c < e->rule.n_cells; c++)
		if (e->cells[c].is == ENOUGH_CELL_GIVEN_UP)
			bl_buf_addf(out, "; given up: '%s'", cells[c]);
}

void enough_widths(const struct enough *e, const char *const *cells, const char *const *jobs,
		   struct bl_buf *out)
{
	const char *between = "";
	size_t pairs;

	for (uint32_t c = 0; c < e->rule.n_cells; c++) {
		if (!is_compared(e, c))
			continue;
		bl_buf_addf(out, "%s%s:", between, cells[c]);
		between = "; ";
		for (size_t j = 0; j < e->rule.n_jobs; j++) {
			double w = enough_width(e, c, j, &pairs);

			bl_buf_addf(out, "%s %s ", j ? "," : "", jobs[j]);
			add_pct(out, w);
			bl_buf_addf(out, " (%zu)", pairs);
		}
	}
}
