#include "budget.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "figure.h"
#include "together.h"

const char *const budget_part_names[] = {"guest", "virtual queue and QEMU's dispatch",
					 "QEMU block layer", "host block layer and device"};
_Static_assert(BL_ARRAY_LEN(budget_part_names) == BUDGET_PARTS, "a name for each part");
_Static_assert((int)BUDGET_PARTS == (int)LAYER_ATS, "a part begins at each place");

/* Fewer apart than this are the window's edges, or a few requests of somebody else. */
#define APART_SHARE 0.10
#define APART_LEAST 20
/* Below this share of the bytes above, what the job waits for is not what is counted here. */
#define SHARE_LEAST 0.5

static void warn(struct budget_dir *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void warn(struct budget_dir *d, const char *fmt, ...)
{
	size_t len = strlen(d->warning);
	va_list args;

	if (len && len + 2 < sizeof d->warning)
		len += (size_t)snprintf(d->warning + len, sizeof d->warning - len, "; ");
	va_start(args, fmt);
	if (len < sizeof d->warning)
		vsnprintf(d->warning + len, sizeof d->warning - len, fmt, args);
	va_end(args);
}

bool budget_is_apart(double a, double b)
{
	return fabs(a - b) > APART_SHARE * fmax(a, b) && fabs(a - b) > APART_LEAST;
}

/* A place above, with the share of the engine's requests that got there. */
struct border {
	enum layer_at at;
	double n, bytes;
	double factor; /* requests here for each of the engine's, as far as they wait for them */
	double ns;     /* time per request of the engine */
};

/* The share of what went in above that came out below: by bytes where both count them. */
static double share_below(const struct border *above, const struct layer_dir *below)
{
	if (above->bytes > 0 && !isnan(below->bytes))
		return below->bytes / above->bytes;
	return below->n / above->n;
}

/* Requests of @below for each one above; says what the counts tell. NAN: not comparable, why_not
 * says. */
static double relate(const struct border *above, const struct layer_dir *below, enum layer_at at,
		     struct budget_dir *d, char why_not[160])
{
	double share = share_below(above, below);
	const char *here = layer_at_names[at], *there = layer_at_names[above->at];
	bool has_bytes = above->bytes > 0 && !isnan(below->bytes);

	if (!budget_is_apart(above->n, below->n) && (!has_bytes || fabs(share - 1) <= APART_SHARE))
		return 1;
	if (share < SHARE_LEAST) {
		snprintf(why_not, 160, "%s: %.0f requests for %.0f of the %s (%.0f %% of the %s)",
			 here, below->n, above->n, there, share * 100,
			 has_bytes ? "bytes" : "requests");
		warn(d, "%s; the others were answered above or are written later", why_not);
		return NAN;
	}
	if (has_bytes && fabs(share - 1) <= APART_SHARE) {
		warn(d, "%s: %.0f requests for %.0f of the %s, with as many bytes: %s", here,
		     below->n, above->n, there, below->n < above->n ? "merged" : "split");
		return 1;
	}
	if (share < 1 && has_bytes) {
		warn(d,
		     "%s: %.0f requests for %.0f of the %s, %.0f %% of the bytes: the others "
		     "were answered above",
		     here, below->n, above->n, there, share * 100);
		return share;
	}
	if (share < 1) { /* flushes that wait for the same one */
		warn(d, "%s: %.0f requests for %.0f of the %s: several share one", here, below->n,
		     above->n, there);
		return 1;
	}
	warn(d,
	     "%s: %.0f requests for %.0f of the %s, %.0f %% of the %s: metadata, or somebody "
	     "else's",
	     here, below->n, above->n, there, share * 100, has_bytes ? "bytes" : "requests");
	return 1;
}

static bool is_there(const struct layer_dir *l)
{
	return l->has && l->n >= 1 && !isnan(l->mean_ns);
}

/* Why a place's requests can't be set against the engine's: ""; or why. */
static void say_if_absent(const struct layer_seen *layers, int at, int dir, char why_not[160])
{
	const struct layer_seen *engine = &layers[LAYER_AT_ENGINE];

	if (layers[at].absent[0])
		snprintf(why_not, 160, "%s", layers[at].absent);
	else if (engine->n_jobs > 1 && !engine->is_whole)
		snprintf(why_not, 160,
			 "%zu jobs ran at once and are counted together there: what one of them "
			 "asked for is not known",
			 engine->n_jobs);
	else if (layers[at].deferred[0] && dir == IO_WRITE)
		snprintf(why_not, 160, "%s: they are written later", layers[at].deferred);
	else if (layers[at].deferred[0] && dir == IO_SYNC)
		snprintf(why_not, 160,
			 "%s: a flush waits for what is not written yet, too, and that is counted "
			 "as writes",
			 layers[at].deferred);
	else if (!is_there(&layers[at].dir[dir]))
		snprintf(why_not, 160, "%s: no %s request was counted there", layer_at_names[at],
			 io_dir_names[dir]);
}

/* The borders that can be used, the top's first; the other parts' lines say why not. */
static size_t find_borders(const struct layer_seen *layers, int dir, enum layer_at from,
			   struct budget_dir *d, struct border out[LAYER_ATS])
{
	const struct layer_dir *top = from == LAYER_AT_ENGINE ? asked_together(&layers[from], dir)
							      : &layers[from].dir[dir];
	size_t n = 1;

	out[0] = (struct border){from, top->n, top->bytes, 1, top->mean_ns};
	for (int at = 0; at < (int)from; at++)
		snprintf(d->part[at].why_not, sizeof d->part[at].why_not, "%s", layers[at].absent);
	for (int at = (int)from + 1; at < LAYER_ATS; at++) {
		const struct layer_dir *l = &layers[at].dir[dir];
		const struct border *above = &out[n - 1];
		char *why_not = d->part[at].why_not;
		double factor;

		say_if_absent(layers, at, dir, why_not);
		if (why_not[0])
			continue;
		factor = relate(above, l, (enum layer_at)at, d, why_not);
		if (isnan(factor))
			continue;
		out[n++] =
			(struct border){(enum layer_at)at, l->n, l->bytes, above->factor * factor,
					above->factor * factor * l->mean_ns};
	}
	return n;
}

/* A lower place that says more than an upper one takes all of it: the parts must add up. */
static void cap_borders(struct border *b, size_t n, struct budget_dir *d)
{
	char here[FMT_MAX], there[FMT_MAX];

	for (size_t i = 1; i < n; i++) {
		if (b[i].ns <= b[i - 1].ns)
			continue;
		if (b[i].ns > b[i - 1].ns * (1 + APART_SHARE))
			warn(d, "%s says %s where the %s says %s: set to that",
			     layer_at_names[b[i].at], fmt_ns(&fmt_plain, here, b[i].ns),
			     layer_at_names[b[i - 1].at], fmt_ns(&fmt_plain, there, b[i - 1].ns));
		b[i].ns = b[i - 1].ns;
	}
}

/* The total is no longer the job's own mean: says so. */
static void say_together(const struct layer_seen *engine, int dir, struct budget_dir *d)
{
	double all = asked_together(engine, dir)->n, own = engine->dir[dir].n;

	if (all - own >= 1)
		warn(d,
		     "%zu jobs ran at once: this is the mean of all their %.0f requests, of which "
		     "%.0f are this job's",
		     engine->n_jobs, all, own);
}

static void budget_dir_of(const struct layer_seen *layers, int dir, enum layer_at top,
			  struct budget_dir *d)
{
	const struct layer_seen *engine = &layers[LAYER_AT_ENGINE];
	struct border b[LAYER_ATS];
	size_t n;

	for (int at = 0; at < LAYER_ATS; at++)
		d->n[at] = layers[at].dir[dir].has ? layers[at].dir[dir].n : NAN;
	if (!is_there(&layers[top].dir[dir]))
		return;
	d->has = true;
	d->total_ns = layers[top].dir[dir].mean_ns;
	if (top == LAYER_AT_ENGINE) {
		d->n[top] = asked_together(engine, dir)->n;
		d->total_ns = asked_together(engine, dir)->mean_ns;
		say_together(engine, dir, d);
	}
	for (int at = 0; at < LAYER_ATS; at++)
		d->part[at].joined_to = d->part[at].up_to = (enum budget_part)at;
	n = find_borders(layers, dir, top, d, b);
	cap_borders(b, n, d);
	for (size_t i = 0; i < n; i++) {
		struct budget_line *line = &d->part[b[i].at];
		int end = i + 1 < n ? (int)b[i + 1].at : LAYER_ATS;

		while (dir == IO_WRITE && end > (int)b[i].at + 1 && layers[end - 1].deferred[0])
			end--;
		line->has = true;
		line->own_ns = b[i].ns - (i + 1 < n ? b[i + 1].ns : 0);
		line->share = d->total_ns > 0 ? line->own_ns / d->total_ns : 0;
		line->up_to = (enum budget_part)(end - 1);
		for (int at = b[i].at; at < end; at++)
			d->part[at].joined_to = (enum budget_part)b[i].at;
		for (int at = b[i].at + 1; at < end; at++)
			d->part[at].up_to = (enum budget_part)at;
	}
}

/* The host's devices serve others as well: their requests are nobody's to be split. */
static enum layer_at top_of(const struct layer_seen *layers)
{
	if (!layers[LAYER_AT_ENGINE].is_unmeasured)
		return LAYER_AT_ENGINE;
	for (int at = LAYER_AT_GUEST_BLOCK; at <= LAYER_AT_QEMU; at++)
		if (!layers[at].absent[0])
			return (enum layer_at)at;
	return LAYER_AT_ENGINE;
}

void budget_of(const struct layer_seen *layers, struct budget *ret)
{
	*ret = (struct budget){.top = top_of(layers)};
	for (int dir = 0; dir < IO_DIRS; dir++)
		budget_dir_of(layers, dir, ret->top, &ret->dir[dir]);
}
