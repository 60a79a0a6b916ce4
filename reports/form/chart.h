/* chart.h - scales and axes of small pictures drawn by hand: they are many, and a page of them has
 * to stay small.
 */
#ifndef REPORT_CHART_H
#define REPORT_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fmt.h"
#include "metric.h"

/* From values to places on the picture. */
struct scale {
	double lo, hi;   /* values; of a log scale above 0 */
	double from, to; /* their places, px; @from may be the larger one */
	bool is_log;
};
/* The place, kept within from and to. */
double scale_at(const struct scale *s, double v);
bool scale_holds(const struct scale *s, double v);

/* At most @max round values within, ascending: 1, 2, 5 and their tenfolds, or even steps where a
 * log scale spans less than that shows. */
#define CHART_TICKS 12
size_t scale_ticks(const struct scale *s, size_t max, double out[CHART_TICKS]);

/* The picture's frame: where its data goes. */
struct frame {
	double left, right, top, bottom; /* places */
};
/* Ticks of a metric's values: grid lines over the frame, labels left of it. */
void chart_y_metric(struct bl_buf *out, const struct frame *f, const struct scale *y, enum metric m,
		    size_t max);
/* Ratios on a log scale: "equal", "+5 %", "x2"; labels below the frame. */
void chart_x_ratio(struct bl_buf *out, const struct frame *f, const struct scale *x);
/* Hours, days, weeks, months: labels below the frame. @x: ms since 1970, linear. */
void chart_x_days(struct bl_buf *out, const struct frame *f, const struct scale *x);

/* "<svg class=... role=img viewBox...><title>": alt text is foreign. End with </svg>. */
void chart_begin(struct bl_buf *out, const char *kind, double width, double height,
		 const char *alt);

/* A path of dots: "M12.3 45.6h0" each, drawn by round line ends. */
void chart_dot(struct bl_buf *out, double x, double y);

#endif
