#include "journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "units.h"

#define IOS_BYTES     ((size_t)16 << 30) /* address space; memory as it is touched */
#define WINDOWS_BYTES ((size_t)1 << 30)
#define REST_PART     10 /* less than this part of a window is none of its own */

static bool wants_logs(const struct job *j)
{
	return j->write_lat_log[0] || j->write_bw_log[0] || j->write_iops_log[0];
}

bool journal_is_wanted(const struct job *j)
{
	return wants_logs(j) || j->write_hist_log[0];
}

bool journal_wants_each(const struct job *j)
{
	return wants_logs(j) && (!j->log_avg_ns || j->log_max_value);
}

static void *reserve(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	(void)madvise(p, bytes, MADV_HUGEPAGE); /* fewer faults while the job runs */
	return p;
}

static int new_hists(struct worker *w, struct journal *j)
{
	uint64_t n = w->job->runtime_ns / j->hist_ns + 3600;

	for (int d = 0; d < JOB_DDIRS; d++) {
		j->hist_before[d] = w->meter[d].clat ? calloc(1, sizeof(struct hist)) : NULL;
		if (w->meter[d].clat && !j->hist_before[d])
			return -ENOMEM;
	}
	return slices_init(&j->hists, n);
}

int journal_new(struct worker *w)
{
	const struct job *job = w->job;
	struct journal *j;

	if (!journal_is_wanted(job))
		return 0;
	w->journal = j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	j->next_window_ns = j->next_hist_ns = UINT64_MAX;
	if (wants_logs(job) && !job->log_avg_ns) {
		j->cap_ios = IOS_BYTES / sizeof(*j->ios);
		j->ios = reserve(IOS_BYTES);
		if (!j->ios)
			return -ENOMEM;
	} else if (wants_logs(job)) {
		j->cap_windows = WINDOWS_BYTES / sizeof(*j->windows);
		j->windows = reserve(WINDOWS_BYTES);
		j->window_ns = j->next_window_ns = job->log_avg_ns;
		if (!j->windows)
			return -ENOMEM;
	}
	if (!job->write_hist_log[0] || !job->log_hist_ns)
		return 0;
	j->hist_ns = j->next_hist_ns = job->log_hist_ns;
	return new_hists(w, j);
}

void journal_free(struct worker *w)
{
	struct journal *j = w->journal;

	if (!j)
		return;
	if (j->ios)
		munmap(j->ios, IOS_BYTES);
	if (j->windows)
		munmap(j->windows, WINDOWS_BYTES);
	for (int d = 0; d < JOB_DDIRS; d++)
		free(j->hist_before[d]);
	slices_done(&j->hists);
	free(j);
	w->journal = NULL;
}

static struct journal_sums sums_of(const struct worker *w, int d)
{
	const struct meter *m = &w->meter[d];

	return (struct journal_sums){.n = m->ios,
				     .bytes = w->shape ? m->bytes : m->ios * w->bs,
				     .sum_ns = {m->slat ? m->slat->sum_ns : 0,
						m->clat ? meter_clat(m)->sum_ns : 0,
						m->lat ? m->lat->sum_ns : 0}};
}

/* The few requests behind the last whole window belong to it. */
static void add_to_last(struct journal *j, const struct engine_window *win)
{
	for (size_t i = j->n_windows; i-- > 0;) {
		struct engine_window *last = &j->windows[i];

		if (last->end_ns != j->window_begun_ns)
			break;
		if (last->dir != win->dir)
			continue;
		last->n += win->n;
		last->bytes += win->bytes;
		last->end_ns = win->end_ns;
		for (int k = 0; k < ENGINE_LATS; k++) {
			last->sum_ns[k] += win->sum_ns[k];
			if (win->max_ns[k] > last->max_ns[k])
				last->max_ns[k] = win->max_ns[k];
		}
		return;
	}
	j->windows[j->n_windows++] = *win;
}

static void end_window(struct worker *w, uint64_t end_ns, bool is_rest)
{
	struct journal *j = w->journal;

	for (uint8_t d = 0; d < JOB_DDIRS; d++) {
		struct journal_sums now = sums_of(w, d), *before = &j->before[d];
		struct engine_window win = {.start_ns = j->window_begun_ns,
					    .end_ns = end_ns,
					    .dir = d,
					    .n = now.n - before->n,
					    .bytes = now.bytes - before->bytes};

		if (!win.n || j->n_windows == j->cap_windows)
			continue;
		for (int i = 0; i < ENGINE_LATS; i++)
			win.sum_ns[i] = now.sum_ns[i] - before->sum_ns[i];
		memcpy(win.max_ns, j->max_ns[d], sizeof(win.max_ns));
		memset(j->max_ns[d], 0, sizeof(j->max_ns[d]));
		*before = now;
		if (is_rest)
			add_to_last(j, &win);
		else
			j->windows[j->n_windows++] = win;
	}
	j->window_begun_ns = end_ns;
}

/* Kept as slices: index is the end in ms, its histogram that of clat. */
static void end_hist(struct worker *w, uint64_t end_ns)
{
	struct journal *j = w->journal;

	for (uint8_t d = 0; d < JOB_DDIRS; d++) {
		struct interval head = {.index = (uint32_t)(end_ns / NS_PER_MS), .dir = d};

		if (w->meter[d].clat)
			slices_add(&j->hists, head, &meter_clat(&w->meter[d])->hist,
				   j->hist_before[d], 0, HIST_BUCKETS - 1);
	}
}

uint64_t journal_event(struct worker *w, uint64_t ns)
{
	struct journal *j = w->journal;

	if (ns >= j->next_window_ns) {
		end_window(w, j->next_window_ns, false);
		j->next_window_ns = (ns / j->window_ns + 1) * j->window_ns;
	}
	if (ns >= j->next_hist_ns) {
		end_hist(w, j->next_hist_ns);
		j->next_hist_ns = (ns / j->hist_ns + 1) * j->hist_ns;
	}
	return j->next_window_ns < j->next_hist_ns ? j->next_window_ns : j->next_hist_ns;
}

/* The windows that were cut short are written, too. */
void journal_end(struct worker *w, uint64_t ns)
{
	struct journal *j = w->journal;

	journal_event(w, ns);
	if (j->windows && ns > j->window_begun_ns)
		end_window(w, ns, ns - j->window_begun_ns < j->window_ns / REST_PART);
	if (w->journal->hist_ns)
		end_hist(w, ns);
}

void journal_restart(struct worker *w)
{
	struct journal *j = w->journal;

	j->n_ios = j->n_windows = j->n_lost = 0;
	j->window_begun_ns = 0;
	j->next_window_ns = j->window_ns ? j->window_ns : UINT64_MAX;
	j->next_hist_ns = j->hist_ns ? j->hist_ns : UINT64_MAX;
	memset(j->before, 0, sizeof(j->before));
	memset(j->max_ns, 0, sizeof(j->max_ns));
	for (int d = 0; d < JOB_DDIRS; d++)
		if (j->hist_before[d])
			memset(j->hist_before[d], 0, sizeof(*j->hist_before[d]));
	slices_forget(&j->hists);
}

static void *copy(const void *from, size_t bytes)
{
	void *to = malloc(bytes ? bytes : 1);

	if (to && bytes)
		memcpy(to, from, bytes);
	return to;
}

static int take_hists(const struct journal *j, struct engine_clone *c)
{
	struct interval *got;
	size_t n;

	if (slices_take(&j->hists, &got, &n) < 0)
		return -ENOMEM;
	c->hist_windows = calloc(n ? n : 1, sizeof(*c->hist_windows));
	for (size_t i = 0; i < n; i++) {
		if (!c->hist_windows || !got[i].n_buckets) {
			free(got[i].buckets);
			continue;
		}
		c->hist_windows[c->n_hist_windows++] =
			(struct engine_hist_window){.end_ns = got[i].index * NS_PER_MS,
						    .dir = got[i].dir,
						    .n_buckets = got[i].n_buckets,
						    .buckets = got[i].buckets};
	}
	free(got);
	return c->hist_windows ? 0 : -ENOMEM;
}

int journal_take(struct worker *w, struct engine_clone *c)
{
	const struct journal *j = w->journal;

	if (j->ios && !(c->ios = copy(j->ios, j->n_ios * sizeof(*j->ios))))
		return -ENOMEM;
	if (j->windows && !(c->windows = copy(j->windows, j->n_windows * sizeof(*j->windows))))
		return -ENOMEM;
	c->n_ios = j->ios ? j->n_ios : 0;
	c->n_ios_lost = j->n_lost;
	c->n_windows = j->windows ? j->n_windows : 0;
	return j->hist_ns ? take_hists(j, c) : 0;
}
