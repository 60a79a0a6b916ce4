/* minute.h - what the figures say, in sentences made from them.
 *
 * The same sentences on the page, in Markdown, in JSON and on the terminal. A sentence carries its
 * number, the range over trials or the interval, and says "cannot tell" where that is the answer.
 */
#ifndef REPORT_MINUTE_H
#define REPORT_MINUTE_H

#include "fmt.h"
#include "lines.h"
#include "view.h"

/* What an emulated CPU means for the figures, when the VMs had one; nothing otherwise. */
void minute_cpu(const struct view *v, struct lines *out);
/* What the diagnosis found, a sentence for each cause and the cells it was met in. */
void minute_findings(const struct view *v, struct lines *out);
/* The same with its confidence and the evidence of the surest, the surest cause first, for a
 * document that shows no cell by itself. */
void minute_evidence(const struct view *v, struct lines *out);
/* "certain, in the device, trial 2, job 'randread-4k'": all but its cell, in which it may stand. */
void minute_where(const struct view *v, const struct finding *f, struct bl_buf *out);
/* "from 12.3 s to 15.1 s"; nothing when it has no window. */
void minute_window(const struct finding *f, const struct fmt_style *st, struct bl_buf *out);
/* The command that tries the remedy; the change alone when there is no such command; nothing when
 * the remedy is none. */
void minute_change_to_try(const struct view *v, const struct finding *f, struct bl_buf *out);
/* The one or two findings that matter most, with what to do. */
void minute_worst(const struct view *v, struct lines *out);
/* "the knee is at iodepth 16, 52 k IOPS with a mean of 310 us; at iodepth 64 IOPS +4 %, mean x3.9"
 */
void minute_knee(const struct knee *k, const struct fmt_style *st, struct bl_buf *out);
/* What a step of the bill changed, with @arrow between its values. */
void minute_bill_step(const struct bill_step *s, const char *arrow, struct bl_buf *out);
/* What limits the result; empty: nothing is known that does. */
void minute_trust(const struct view *v, struct lines *out);
/* Three to six sentences a hurried reader should have. */
void minute_lines(const struct view *v, const struct fmt_style *st, struct lines *out);
/* What to do next, the most useful first. */
void minute_next(const struct view *v, struct lines *out);
/* What these figures can't say. */
void minute_limits(const struct view *v, struct lines *out);

/* One axis under one job, as the title of its picture: effects [from, to) of the view. */
void minute_axis(const struct view *v, size_t from, size_t to, const struct fmt_style *st,
		 struct bl_buf *out);

/* One comparison: "cache none -> writeback: p99 falls: -31 % [-37, -24]". */
void minute_step(const struct view_effect *e, const struct fmt_style *st, struct bl_buf *out);

/* "-31 % [-37, -24]", "-31 % seen", or "no pairs". */
void minute_change(const struct comparison *c, const struct fmt_style *st, struct bl_buf *out);
/* As the reader of a column wants it: "reference", "better -31 %", "cannot tell". */
void minute_verdict(const struct view *v, const struct view_row *row, const struct fmt_style *st,
		    struct bl_buf *out);
/* Each reason of the cell's trials that are not ok, once, in the order of the trials:
 * "trial 2 failed: ...; trial 5 interrupted: ...". */
void minute_reasons(const struct view *v, uint32_t cell, struct bl_buf *out);
/* "no reason was kept" where there is none. */
const char *minute_reason(const struct trial_record *t);
/* "1 failed, 2 mismatch" for the trials that are not ok; "" when all are. */
void minute_bad(const struct view_cell *c, struct bl_buf *out);

#endif
