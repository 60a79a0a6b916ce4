/* made_nights.h - histories made of series, and the nights of a year gone through one by one. */
#ifndef MADE_NIGHTS_H
#define MADE_NIGHTS_H

#include "night_judge.h"
#include "nights.h"

#define MADE_NIGHTS_MAX 400

/* Night i begins on day i, its run's id says so; the day's marks: NULL or one text. */
struct made_nights {
	struct history h; /* of the first h.n_nights nights */
	struct night_figures nights[MADE_NIGHTS_MAX];
	struct history_run run; /* of all of them: it only has what judging asks for */
	size_t n_nights;
	struct series_history *all; /* whole series; h.series are the part so far */
	size_t n_series;
	struct change_record *earlier; /* what was reported so far */
	size_t n_earlier;
	const struct profile_check *checks; /* of the last nights, for the next judgement */
	size_t n_checks;
	bool confirms; /* candidates are confirmed, or are none: as without --confirm off */
	unsigned ids;  /* given out */
};

void made_begin(struct made_nights *m, size_t n_nights, size_t n_series);
/* Series @i: (cell, job "read", metric); y is the caller's [n_nights], NAN where the night lacks
 * it. */
void made_series(struct made_nights *m, size_t i, const char *cell, enum metric metric,
		 const double *y);
/* The environment changed on that night. @text lives as long as @m. */
void made_mark(struct made_nights *m, size_t night, const char *text);
/* Judge the @n-th night (1: the first). */
void made_look(struct made_nights *m, size_t n, struct night *ret);
/* Remember what was found, and that it was told. */
void made_remember(struct made_nights *m, const struct night *night);
/* Both. */
void made_judge(struct made_nights *m, size_t n, struct night *ret);
void made_done(struct made_nights *m);

/* The noise of nights of a scenario: 2 %; of the maximum, one I/O a trial, 40 %. */
double made_sigma(enum metric m);

/* A year of 2 % noise of @kind, with as many nights on which the environment changed and nothing
 * else: nights from the 9th on that said "changed", a series-year. */
double made_false_alerts(enum noise kind, size_t years, size_t marks, uint64_t seed);
/* A year of a scenario in which nothing ever changes: 147 series (21 cells, seven metrics) of
 * made_sigma(), a fifth of them of each kind that simulate_nights.c has, with @marks nights on
 * which the environment changed. @share of the variance is common to all series of a night: an
 * AR(1) of 0.3. Nights 9 to 365. */
struct made_events {
	size_t found;     /* events, as candidates */
	size_t confirmed; /* of them, by fresh trials that give what another night would have given
			   */
};
struct made_events made_scenario_year(double share, size_t marks, uint64_t seed);
/* The share of @rounds in which a step of @shift standard deviations after 60 nights is told within
 * 3 nights of its place, @since nights later. */
double made_power(enum noise kind, double shift, size_t since, bool is_marked, size_t rounds,
		  uint64_t seed);

#endif
