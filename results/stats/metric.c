#include "metric.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const metric_names[METRICS] = {
	[METRIC_IOPS] = "iops",    [METRIC_BYTES_PER_S] = "bytes_per_s",
	[METRIC_MEAN] = "mean_ns", [METRIC_P50] = "p50_ns",
	[METRIC_P99] = "p99_ns",   [METRIC_P99_9] = "p99_9_ns",
	[METRIC_MAX] = "max_ns",   [METRIC_CPU_PER_IO] = "cpu_ns_per_io",
};
const char *const metric_words[METRICS] = {
	[METRIC_IOPS] = "iops", [METRIC_BYTES_PER_S] = "bandwidth",
	[METRIC_MEAN] = "mean", [METRIC_P50] = "p50",
	[METRIC_P99] = "p99",   [METRIC_P99_9] = "p99.9",
	[METRIC_MAX] = "max",   [METRIC_CPU_PER_IO] = "cpu",
};
const bool metric_more_is_better[METRICS] = {[METRIC_IOPS] = true, [METRIC_BYTES_PER_S] = true};

#define EFFECTS                                                                                    \
	{                                                                                          \
		[METRIC_IOPS] = 0.03, [METRIC_BYTES_PER_S] = 0.03, [METRIC_MEAN] = 0.03,           \
		[METRIC_P50] = 0.03, [METRIC_P99] = 0.05, [METRIC_P99_9] = 0.10,                   \
		[METRIC_MAX] = 0.20, [METRIC_CPU_PER_IO] = 0.05,                                   \
	}
const double metric_min_effect[METRICS] = EFFECTS;
const struct min_effects min_effects_default = {.by = EFFECTS};

/* A smaller effect than the least is below what any of the lab's figures can be told by; a larger
 * than the most would call a doubling the same. */
#define LEAST_PCT 0.1
#define MOST_PCT  100

bool metric_of_word(const char *word, enum metric *ret)
{
	for (int m = 0; m < METRICS; m++) {
		if (strcmp(word, metric_words[m]) != 0 && strcmp(word, metric_names[m]) != 0)
			continue;
		*ret = (enum metric)m;
		return true;
	}
	return false;
}

static int unknown_metric(const char *word, struct bl_err *err)
{
	char all[256] = "";

	for (int m = 0; m < METRICS; m++) {
		strcat(all, m ? ", " : "");
		strcat(all, metric_words[m]);
	}
	return bl_fail(err, -EINVAL, "'%s' is no metric that a smallest effect is known of; %s are",
		       word, all);
}

int min_effect_of(const char *text, double *ret, struct bl_err *err)
{
	char *end;
	double pct = strtod(text, &end);

	if (end == text || (strcmp(end, "") != 0 && strcmp(end, "%") != 0) || !isfinite(pct))
		return bl_fail(err, -EINVAL, "'%s' is no percentage; 5%% is one", text);
	if (pct < LEAST_PCT || pct > MOST_PCT)
		return bl_fail(err, -ERANGE,
			       "%.3g %% is outside %.3g %% to %.3g %%; what is smaller no run can "
			       "tell, and what is larger everybody sees",
			       pct, (double)LEAST_PCT, (double)MOST_PCT);
	*ret = pct / 100;
	return 0;
}

int min_effects_set(struct min_effects *e, const char *text, struct bl_err *err)
{
	const char *is = strchr(text, '=');
	char word[32] = "";
	enum metric m;
	int r;

	if (!is || is == text)
		return bl_fail(err, -EINVAL,
			       "'%s' does not say of which metric how much matters; METRIC=PCT "
			       "does, as in p99=5%%",
			       text);
	if ((size_t)(is - text) < sizeof word)
		memcpy(word, text, (size_t)(is - text));
	if (!metric_of_word(word, &m))
		return unknown_metric(word[0] ? word : text, err);
	r = min_effect_of(is + 1, &e->by[m], err);
	if (r < 0)
		return bl_wrap(err, r, "%s", word);
	e->is_floor[m] = false;
	return 0;
}

struct min_effects min_effects_of(const struct run_record *r)
{
	static const char prefix[] = "min_effect.";
	struct min_effects e = min_effects_default;

	for (size_t i = 0; i < r->declared.n; i++) {
		const struct fact *f = &r->declared.items[i];
		enum metric m;
		double x;

		if (strncmp(f->key, prefix, strlen(prefix)) != 0 ||
		    !metric_of_word(f->key + strlen(prefix), &m))
			continue;
		x = strtod(f->value, NULL);
		if (x >= LEAST_PCT / 100 && x <= MOST_PCT / 100.0)
			e.by[m] = x;
	}
	return e;
}

double min_effects_at(const struct min_effects *e, enum metric m, size_t n_pairs,
		      bool *ret_is_floor)
{
	double wide = 0;

	if (n_pairs && n_pairs < e->noise_pairs[m])
		wide = expm1(e->noise[m] / sqrt((double)n_pairs));
	*ret_is_floor = e->is_floor[m] || wide > e->by[m];
	return fmax(wide, e->by[m]);
}
