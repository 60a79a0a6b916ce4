/* journal.h - logs of single requests and of windows, kept in memory while the job runs.
 *
 * Inside the engine only. Memory is reserved before the loop and becomes real as it is
 * touched; what does not fit is counted as lost.
 */
#ifndef ENGINE_JOURNAL_H
#define ENGINE_JOURNAL_H

#include "worker.h"

struct journal_sums { /* of one direction since counting started */
	uint64_t n, bytes, sum_ns[ENGINE_LATS];
};

struct journal {
	struct engine_io *ios; /* NULL: single requests are not logged */
	size_t n_ios, cap_ios, n_lost;
	struct engine_window *windows; /* NULL: no windows */
	size_t n_windows, cap_windows;
	uint64_t window_ns, next_window_ns, window_begun_ns;
	struct journal_sums before[JOB_DDIRS];
	uint64_t max_ns[JOB_DDIRS][ENGINE_LATS]; /* kept up by rich jobs */
	uint64_t hist_ns, next_hist_ns;          /* 0: no histogram windows */
	struct hist *hist_before[JOB_DDIRS];
	struct slices hists;
};

bool journal_is_wanted(const struct job *j);
/* Single requests, or greatest values of windows: the rich loop has to tell of each request. */
bool journal_wants_each(const struct job *j);

int journal_new(struct worker *w); /* -ENOMEM */
void journal_free(struct worker *w);

/* Close the windows that have ended by @ns since counting started; when the next one ends. */
uint64_t journal_event(struct worker *w, uint64_t ns);
void journal_end(struct worker *w, uint64_t ns);
void journal_restart(struct worker *w); /* forget all */

int journal_take(struct worker *w, struct engine_clone *c); /* -ENOMEM */

static inline void journal_add(struct worker *w, const struct slot *s, uint64_t now)
{
	struct journal *j = w->journal;
	bool has_slat = w->meter[s->dir].slat != NULL;
	uint64_t slat = has_slat ? clk_ns(w->clk, s->issue - s->start) : 0;
	uint64_t clat = clk_ns(w->clk, now - (has_slat ? s->issue : s->start));
	uint64_t v[ENGINE_LATS] = {slat, clat, slat + clat};

	if (s->dir >= JOB_DDIRS)
		return;
	for (int i = 0; i < ENGINE_LATS; i++)
		if (v[i] > j->max_ns[s->dir][i])
			j->max_ns[s->dir][i] = v[i];
	if (!j->ios)
		return;
	if (j->n_ios == j->cap_ios) {
		j->n_lost++;
		return;
	}
	j->ios[j->n_ios++] = (struct engine_io){.end_ns = clk_ns(w->clk, now - w->start),
						.slat_ns = slat,
						.clat_ns = clat,
						.lat_ns = slat + clat,
						.offset = s->offset,
						.bytes = s->len,
						.dir = s->dir};
}

#endif
