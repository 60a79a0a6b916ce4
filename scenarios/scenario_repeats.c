/* scenario_repeats.c - how often and after what a cell is measured: repeats, min_effect and
 * backing: precondition. */
#define SCENARIO_INTERNAL
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "scenario_priv.h"
#include "units.h"

const char *const precondition_names[] = {"random-fill", "none"};
_Static_assert(BL_ARRAY_LEN(precondition_names) == PRECONDITIONS, "a name for each precondition");

const char *const scenario_metric_names[SCENARIO_METRICS] = {"iops", "bandwidth", "mean", "p50",
							     "p99",  "p99.9",     "max",  "cpu"};

/* statistics: a pilot of 8 pairs, at most 30 (looking for the width costs 2 points of coverage). */
#define LEAST_DEFAULT  8
#define MOST_DEFAULT   30
#define REPEATS_MAX    1000
#define BUDGET_MIN     NS_PER_S
#define BUDGET_MAX     (30 * 24 * 3600 * NS_PER_S)
#define ACCEPTS_BUDGET "a time from 1s to 720h, for example 30m, 2h"
#define ACCEPTS_PCT    "a percentage from 0.1% to 100%, for example 5%"
#define ACCEPTS_METRIC "one of iops, bandwidth, mean, p50, p99, p99.9, max, cpu"
#define ACCEPTS_PRECONDITION                                                                       \
	"random-fill, none, snia, or a mapping of fill, sequential, round, rounds"

static int read_percent(struct reader *r, const char *key, const struct ynode *node, double *ret)
{
	const char *text = scalar(r, key, node, ACCEPTS_PCT);
	char q[QUOTE_MAX], *end;
	bool is_plain;
	double v;

	if (!text)
		return -EINVAL;
	v = strtod(text, &end);
	is_plain = end > text && strspn(text, "0123456789.") == (size_t)(end - text);
	end += strspn(end, " ");
	if (!is_plain || strcmp(end, "%") != 0) /* no 0x5%, 1e1%, inf% */
		return fail_at(r, key, node->at, "'%s' is not %s", text_quote(q, text),
			       ACCEPTS_PCT);
	if (!(v >= 0.1) || v > 100)
		return fail_at(r, key, node->at, "'%s' is out of range; accepted: %s",
			       text_quote(q, text), ACCEPTS_PCT);
	*ret = v / 100;
	return 0;
}

/* --- min_effect --- */

static int metric_at(const char *name)
{
	int m = 0;

	while (m < SCENARIO_METRICS && strcmp(scenario_metric_names[m], name) != 0)
		m++;
	return m;
}

static int read_effect(struct reader *r, const char *key, const struct ynode *node)
{
	return read_percent(r, key, node, &r->sc->min_effect[metric_at(key)]);
}

#define EFFECT_KEY(name, of)                                                                       \
	{                                                                                          \
		.key = {name, "the least change of " of " that matters", ACCEPTS_PCT, false},      \
		.read = read_effect                                                                \
	}

const struct key_row min_effect_keys[] = {
	EFFECT_KEY("iops", "requests a second"),   EFFECT_KEY("bandwidth", "bytes a second"),
	EFFECT_KEY("mean", "the mean latency"),    EFFECT_KEY("p50", "the median latency"),
	EFFECT_KEY("p99", "the 99th percentile"),  EFFECT_KEY("p99.9", "the 99.9th percentile"),
	EFFECT_KEY("max", "the greatest latency"), EFFECT_KEY("cpu", "the host's CPU time per I/O"),
};
const size_t n_min_effect_keys = BL_ARRAY_LEN(min_effect_keys);
_Static_assert(BL_ARRAY_LEN(min_effect_keys) == SCENARIO_METRICS, "a key for each metric");

int read_min_effect(struct reader *r, const char *key, const struct ynode *node)
{
	return read_mapping(r, key, node, min_effect_keys, n_min_effect_keys);
}

/* --- repeats --- */

static int read_narrow(struct reader *r, const char *key, const struct ynode *node)
{
	return read_percent(r, key, node, &r->sc->more.narrow);
}

static int read_metric(struct reader *r, const char *key, const struct ynode *node)
{
	const char *text = scalar(r, key, node, ACCEPTS_METRIC);
	char q[QUOTE_MAX];
	int m;

	if (!text)
		return -EINVAL;
	m = metric_at(text);
	if (m == SCENARIO_METRICS)
		return fail_at(r, key, node->at, "'%s' is not a figure; " ACCEPTS_METRIC,
			       text_quote(q, text));
	r->sc->more.metric = (enum scenario_metric)m;
	return 0;
}

#define FIELD(f)      offsetof(struct scenario, f)
#define ACCEPTS_PAIRS "a whole number from 6 to 64"

const struct key_row repeats_keys[] = {
	{.key = {"least", "blocks before the first look", ACCEPTS_PAIRS, false},
	 .kind = KEY_COUNT,
	 .at = FIELD(more.least),
	 .min = SCENARIO_AUTO_MIN,
	 .max = SCENARIO_AUTO_MAX},
	{.key = {"most", "blocks, however wide the intervals are then", ACCEPTS_PAIRS, false},
	 .kind = KEY_COUNT,
	 .at = FIELD(repeats),
	 .min = SCENARIO_AUTO_MIN,
	 .max = SCENARIO_AUTO_MAX},
	{.key = {"budget", "time of all trials; no block is begun that would not fit",
		 ACCEPTS_BUDGET, false},
	 .kind = KEY_TIME,
	 .at = FIELD(more.budget_ns),
	 .min = BUDGET_MIN,
	 .max = BUDGET_MAX},
	{.key = {"narrow",
		 "half width of an interval that is enough; default: half of what matters",
		 ACCEPTS_PCT, false},
	 .read = read_narrow},
	{.key = {"metric", "the figure whose intervals are to be narrow", ACCEPTS_METRIC, false},
	 .read = read_metric},
};
const size_t n_repeats_keys = BL_ARRAY_LEN(repeats_keys);

static void set_auto(struct scenario *sc)
{
	sc->more.is_auto = true;
	sc->more.least = LEAST_DEFAULT;
	sc->repeats = MOST_DEFAULT;
}

static int read_auto(struct reader *r, const char *key, const struct ynode *node)
{
	struct scenario *sc = r->sc;
	int code;

	set_auto(sc);
	code = read_mapping(r, key, node, repeats_keys, n_repeats_keys);
	if (code == 0 && sc->more.least > sc->repeats)
		return fail_at(r, key, node->at,
			       "least is %u and most is %u; accepted: least up to "
			       "most",
			       sc->more.least, sc->repeats);
	return code;
}

int read_repeats(struct reader *r, const char *key, const struct ynode *node)
{
	struct key_row count = {
		.key = {key, "", "a whole number from 1 to 1000, auto, or a mapping", true},
		.kind = KEY_COUNT,
		.at = FIELD(repeats),
		.min = 1,
		.max = REPEATS_MAX};

	if (node->kind == YNODE_MAPPING)
		return read_auto(r, key, node);
	if (node->kind == YNODE_SCALAR && strcmp(node->text, "auto") == 0) {
		set_auto(r->sc);
		return 0;
	}
	return read_key(r, &count, node);
}

/* What goes on in blocks of all cells; NULL: the order has them, or nothing does. */
static const char *order_fault(const struct scenario *s)
{
	if (s->is_interleaved)
		return NULL;
	if (s->more.is_auto)
		return "sequential has no blocks of all cells, which repeats: auto adds; accepted: "
		       "interleaved";
	if (s->more.budget_ns)
		return "sequential has no blocks of all cells, by which a budget is spent; "
		       "accepted: interleaved";
	return NULL;
}

int check_repeats(struct reader *r, struct text_pos at)
{
	const char *why = order_fault(r->sc);

	return why ? fail_at(r, "order", at, "%s", why) : 0;
}

int scenario_set_repeats(struct scenario *s, uint64_t repeats, const char *budget,
			 struct bl_err *err)
{
	const char *why;
	uint64_t ns;

	if (repeats == SCENARIO_REPEATS_AUTO && !s->more.is_auto) {
		set_auto(s);
	} else if (repeats && repeats != SCENARIO_REPEATS_AUTO) {
		s->repeats = (uint32_t)repeats;
		s->more.is_auto = false;
		s->more.budget_ns = 0;
	}
	if (budget && (bl_parse_time(budget, &ns, NULL) < 0 || ns < BUDGET_MIN || ns > BUDGET_MAX))
		return bl_fail(err, -EINVAL, "--budget: '%.60s' is not " ACCEPTS_BUDGET, budget);
	if (budget)
		s->more.budget_ns = ns;
	why = order_fault(s);
	return why ? bl_fail(err, -EINVAL, "order: %s", why) : 0;
}

/* --- backing: precondition --- */

static int read_fill(struct reader *r, const char *key, const struct ynode *node)
{
	const char *text = scalar(r, key, node, "random-fill or none");
	char q[QUOTE_MAX];

	if (!text)
		return -EINVAL;
	for (unsigned i = 0; i < PRECONDITIONS; i++) {
		if (strcmp(precondition_names[i], text) != 0)
			continue;
		r->sc->precondition = (enum precondition)i;
		return 0;
	}
	return fail_at(r, key, node->at, "'%s' is not a fill; one of random-fill, none",
		       text_quote(q, text));
}

const struct key_row precondition_keys[] = {
	{.key = {"fill", "what is in the disk before anything else", "random-fill or none", false},
	 .read = read_fill},
	{.key = {"sequential",
		 "after a purge: how often the whole disk is written in order, 128 KiB at a time, "
		 "by the cell's own path",
		 "a whole number from 0 to 10", false},
	 .kind = KEY_COUNT,
	 .at = FIELD(warm_up.sequential),
	 .max = 10},
	{.key = {"round",
		 "length of a round: before it is measured, a job runs in rounds until the last "
		 "five are steady by SNIA's rule",
		 "a time from 100ms to 24h, or 0 for no rounds", false},
	 .kind = KEY_TIME,
	 .at = FIELD(warm_up.round_ns),
	 .max = 24 * 3600 * NS_PER_S},
	{.key = {"rounds", "after so many it is measured, steady or not",
		 "a whole number from 5 to 1000", false},
	 .kind = KEY_COUNT,
	 .at = FIELD(warm_up.rounds),
	 .min = 5,
	 .max = 1000},
};
const size_t n_precondition_keys = BL_ARRAY_LEN(precondition_keys);

/* SNIA SSS PTS: purge, 2x the capacity in order, rounds of a minute, at most 25. */
static const struct scenario_warm_up snia = {
	.sequential = 2, .round_ns = 60 * NS_PER_S, .rounds = 25};

static int read_warm_up(struct reader *r, const char *key, const struct ynode *node)
{
	const struct scenario_warm_up *w = &r->sc->warm_up;
	int code = read_mapping(r, key, node, precondition_keys, n_precondition_keys);

	if (code == 0 && w->round_ns && w->round_ns < 100 * NS_PER_MS)
		return fail_at(r, key, node->at,
			       "round is out of range; accepted: a time from 100ms to 24h, or 0 "
			       "for no rounds");
	return code;
}

int read_precondition(struct reader *r, const char *key, const struct ynode *node)
{
	const char *text;
	char q[QUOTE_MAX];

	r->sc->warm_up.rounds = snia.rounds;
	if (node->kind == YNODE_MAPPING)
		return read_warm_up(r, key, node);
	text = scalar(r, key, node, ACCEPTS_PRECONDITION);
	if (!text)
		return -EINVAL;
	if (strcmp(text, "snia") == 0) {
		r->sc->precondition = PRECONDITION_NONE;
		r->sc->warm_up = snia;
		return 0;
	}
	for (unsigned i = 0; i < PRECONDITIONS; i++)
		if (strcmp(precondition_names[i], text) == 0)
			return read_fill(r, key, node);
	return fail_at(r, key, node->at,
		       "'%s' is not a precondition; one of random-fill, none, snia, or a mapping",
		       text_quote(q, text));
}
