/* budget.h - the mean time of a request, split into what each part of its way took.
 *
 * A part lies between two places that time requests (layers.h): what the upper one says less what
 * the lower one says. Only means are subtracted, never percentiles: the slowest requests of two
 * places need not be the same ones.
 *
 * Where a place counted other requests than the one above it (10 % and 20 requests or more apart):
 * - as many bytes: requests were merged or split on the way. Parts of one request are under way
 *   together, and so are those that were merged into one: its mean per request stands for each of
 *   them.
 * - fewer bytes, at least half: that share of the requests went down, the others were answered
 *   above: the mean there times that share.
 * - less than half (page cache, flushes that nobody passes on): its requests are not those that
 *   the job waits for. The border is not used, and the part above it has the time.
 * - more bytes: metadata, or somebody else's requests on the same device: mean per request.
 * Each of these is said in the warning, with the counts.
 *
 * Writes that a page cache takes (writes.h) do not wait for what is below it, however many come
 * down there: none of their time is there. Flushes wait for more than flushes there: that border is
 * not used, and the part above has the time.
 *
 * Jobs that ran at once are counted together by all places but the engine: a direction that several
 * of them use is split for all of their requests, which is said, and not at all where one of them
 * is not known.
 *
 * Where nothing of the lab did I/O (a VM that is only watched) the requests that are split are
 * those of the uppermost place that was: what they took above it is not known.
 */
#ifndef BUDGET_H
#define BUDGET_H

#include "layers.h"

enum budget_part {
	PART_GUEST,   /* engine to guest block layer: system call, file system, guest's CPU */
	PART_VIRTUAL, /* guest block layer to QEMU: its queue, the virtqueue, QEMU's dispatch */
	PART_QEMU, /* QEMU's block layer: image format, throttle, host's page cache, submission */
	PART_HOST, /* host block layer and device */
	BUDGET_PARTS
};
extern const char *const budget_part_names[BUDGET_PARTS];

struct budget_line {
	bool has;      /* false: why_not, and the time is in joined_to */
	double own_ns; /* mean per request of the top, 0 or more */
	double share;  /* of the total, 0..1 */
	char why_not[160];
	/* The part above that has the time; itself when has, and where no part has any of it: above
	 * the top, and of writes that are not waited for. */
	enum budget_part joined_to;
	enum budget_part up_to; /* the lowest part whose time is in this one; itself: its own */
};

struct budget_dir {
	bool has; /* the top timed some; the parts that have add up to the total, which is the
		   * mean of all jobs that ran at once */
	double total_ns;
	double n[LAYER_ATS]; /* requests seen at each place, of all jobs at once; NAN: not known */
	char warning[400];   /* counts differ, or a lower place says more than an upper one; "" */
	struct budget_line part[BUDGET_PARTS];
};

struct budget {
	enum layer_at top; /* whose requests are split: the engine, or what is said above */
	struct budget_dir dir[IO_DIRS];
};

/* What two places counted differs by more than the window's edges: 10 % and 20 requests. */
bool budget_is_apart(double a, double b);

/* @layers[LAYER_ATS]. */
void budget_of(const struct layer_seen *layers, struct budget *ret);

#endif
