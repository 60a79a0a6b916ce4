#include "text_latency.h"

#include <stdio.h>
#include <string.h>

#include "folded.h"
#include "short_number.h"

#define LINE_WIDTH 73 /* of percentiles, behind the bar */

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {{"nsec", 1}, {"usec", 1000}, {"msec", 1000000}};

/* A coarser unit as long as the least is above 2000 of this one and the greatest above 99999;
 * and for min and max, when they scatter by more than 1000. */
static const struct unit *unit_for(uint64_t least, uint64_t greatest, double scatter)
{
	const struct unit *u = units;

	while (u->ns < 1000000 && least / u->ns > 2000 && greatest / u->ns > 99999 &&
	       scatter / (double)u->ns > 1000)
		u++;
	return u;
}

void text_lat(const char *name, const struct lat *l, struct bl_buf *out)
{
	char min[SHORT_NUMBER_MAX], max[SHORT_NUMBER_MAX];
	const struct unit *u;

	if (!l || !l->n)
		return;
	u = unit_for(l->min_ns, l->max_ns, lat_stddev_ns(l));
	bl_buf_addf(out, "    %s (%s): min=%s, max=%s, avg=%5.2f, stdev=%5.2f\n", name, u->name,
		    short_count(min, l->min_ns / u->ns, 6), short_count(max, l->max_ns / u->ns, 6),
		    lat_mean_ns(l) / (double)u->ns, lat_stddev_ns(l) / (double)u->ns);
}

/* Decimals that tell the list's entries apart, at least two. */
static int places_for(const struct percentile_list *list)
{
	int most = 2;

	for (unsigned i = 0; i < list->n; i++) {
		char text[32];
		int n;

		snprintf(text, sizeof(text), "%.6f", list->p[i]);
		n = (int)strlen(text);
		while (text[n - 1] == '0')
			n--;
		n -= (int)(strchr(text, '.') + 1 - text);
		most = n > most ? n : most;
	}
	return most;
}

void text_percentiles(const char *name, const struct lat *l, const struct percentile_list *list,
		      struct bl_buf *out)
{
	int places = places_for(list);
	unsigned per_line = (unsigned)(LINE_WIDTH / (places + 14));
	const struct unit *u;
	struct folded f;

	if (!l || !l->n || !list->n)
		return;
	folded_from(&f, &l->hist);
	u = unit_for(folded_percentile(&f, list->p[0]), folded_percentile(&f, list->p[list->n - 1]),
		     1e12);
	bl_buf_addf(out, "    %s percentiles (%s):\n", name, u->name);
	for (unsigned i = 0; i < list->n; i++) {
		uint64_t v = (folded_percentile(&f, list->p[i]) + u->ns / 2) / u->ns;
		bool ends = i % per_line == per_line - 1 || i == list->n - 1;

		bl_buf_addf(out, "%s %*.*fth=[%5llu]%s%s", i % per_line == 0 ? "     |" : "",
			    places + 3, places, list->p[i], (unsigned long long)v,
			    i < list->n - 1 ? "," : "", ends ? "\n" : "");
	}
}
