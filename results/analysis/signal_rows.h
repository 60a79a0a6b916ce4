/* signal_rows.h - the catalogue: from raw counters and gauges to signals. Private to
 * results/analysis/. */
#ifndef SIGNAL_ROWS_H
#define SIGNAL_ROWS_H

#include "signals.h"

enum signal_how {
	SIGNAL_RATE,  /* a counter's rise per second, times scale */
	SIGNAL_SHARE, /* a counter of ns: its rise over the time */
	SIGNAL_GAUGE, /* as it is, times scale */
	SIGNAL_AWAIT  /* a counter of ns over the counter `per`: mean time of one */
};

struct signal_row {
	enum watcher watcher;
	/* A name in results/series/signals.md; '*' stands for a word without a dot, '#' for a
	 * number. Matches of a row with is_sum are added up under the name without the number. */
	const char *pattern;
	const char *title; /* "%s" is what the wildcard stands for */
	const char *unit;
	enum finding_layer layer;
	enum signal_how how;
	double scale;     /* 0: 1 */
	const char *per;  /* AWAIT: the last word of the counter of requests */
	const char *last; /* the last word of the signal's name; NULL: the pattern's */
	bool is_sum, is_count_like, is_low_bad, is_symptom, is_untested;
};
extern const struct signal_row signal_rows[];
extern const size_t n_signal_rows;

/* Whether @name is of @pattern; what the wildcard stands for into @what, "" without one. */
bool signal_matches(const char *pattern, const char *name, char what[SERIES_NAME_MAX]);

#endif
