/* svg_interval.h - a ratio and its interval as a small picture. */
#ifndef REPORT_SVG_INTERVAL_H
#define REPORT_SVG_INTERVAL_H

#include "buf.h"
#include "decide.h"

/* A ratio with its interval about no change, over the shade of what does not matter; nothing
 * without a ratio. @reach: the log of the ratio at the scale's ends, beyond which it goes on as an
 * arrow. */
void svg_interval(const struct comparison *c, double reach, struct bl_buf *out);

#endif
