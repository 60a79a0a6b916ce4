/* values_report.h - two sets of values that somebody measured, compared. */
#ifndef REPORT_VALUES_REPORT_H
#define REPORT_VALUES_REPORT_H

#include "buf.h"
#include "decide.h"

struct values_side {
	const char *name;
	size_t n;
	double median;
	double level;  /* of the median's interval (median.h): 0.9785; 0: too few values for one */
	double lo, hi; /* the values that bound it, as if all were independent */
};

struct values_compared {
	struct values_side a, b;
	bool is_paired;
	size_t n_left_out; /* values or pairs that are absent, or without another */
	/* Of each value with the one before it, lag-1 autocorrelation; NAN: too few to say, or not
	 * more than chance makes. */
	double r1;
	double inflation; /* that c was widened by for it; 1: it was not */
	struct comparison c;
};

void values_text(const struct values_compared *v, unsigned columns, bool color, struct bl_buf *out);
int values_json(const struct values_compared *v, struct bl_buf *out); /* -ENOMEM */

#endif
