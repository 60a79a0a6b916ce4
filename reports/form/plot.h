/* plot.h - a picture by gnuplot, as inline SVG that follows the page.
 *
 * gnuplot runs as a child and sees no foreign text: names go in as tokens and are put back,
 * escaped, when its SVG is taken over. Colours are roles (series, ink, grid, paper) that become CSS
 * variables, so that one drawing serves light, dark and print. Ids are unique per plot.
 */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include "buf.h"
#include "err.h"

#define PLOT_SERIES 8

struct plot {
	char id[40];
	unsigned width, height;
	struct bl_buf script;
	char **texts; /* what the tokens stand for */
	size_t n_texts;
	size_t *names; /* of the drawn series, in order: indices into texts */
	size_t n_names;
};

/* Colours for the script: `lc rgb plot_series[i]`; quoted. */
extern const char *const plot_series[PLOT_SERIES];
#define PLOT_GREY  "'#8a8a8a'"
#define PLOT_GRID  "'#cfcfcf'"
#define PLOT_SHADE "'#e6e6e6'"
#define PLOT_PAPER "'#fefefe'"

/* @id: letters, digits and dashes, unique in the page. */
void plot_begin(struct plot *p, const char *id, unsigned width, unsigned height);
void plot_done(struct plot *p);

/* A token to stand for @text in the script, as a quoted gnuplot string; @out is returned. */
char *plot_text(struct plot *p, const char *text, char out[24]);

/* The name of the next series in the script, shown under the pointer. */
void plot_name(struct plot *p, const char *text);

/* Log axis @axis ("x" or "y") of times in ns from @lo to @hi with ticks at 1, 2, 5 as people say
 * them. */
void plot_time_axis(struct plot *p, const char *axis, double lo_ns, double hi_ns);

/* Names at the ends of lines, in a column right of the plot's area, pushed apart so that none
 * covers another; a dotted line leads from each end to its name. The y axis is logarithmic. */
struct plot_label {
	const char *text;
	int series;
	double x, y;  /* the line's end, in the axes' units */
	double place; /* px above the bottom of the area; set by plot_labels() */
};
struct plot_area {
	unsigned top, right, bottom, left; /* px around it; the right one holds the names */
};
void plot_area(struct plot *p, const struct plot_area *a);
void plot_labels(struct plot *p, const struct plot_area *a, double y_lo, double y_hi,
		 struct plot_label *labels, size_t n);

/* Run gnuplot and append the SVG with its accessible @title and @desc. When gnuplot is missing or
 * fails, append a sentence that says so. Ends @p. */
void plot_render(struct plot *p, const char *title, const char *desc, struct bl_buf *out);

#endif
