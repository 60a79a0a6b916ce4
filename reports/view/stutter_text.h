/* stutter_text.h - a job's stalls in sentences, the same in every document. */
#ifndef REPORT_STUTTER_TEXT_H
#define REPORT_STUTTER_TEXT_H

#include "fmt.h"
#include "minute.h"

/* "11 stalls in 60 s, every 3.00 s"; "no stall in 60 s". */
void stutter_headline(const struct job_analysis *a, const struct fmt_style *st, struct bl_buf *out);
/* Is there something to say: a stall, or a wave? */
bool stutter_is_told(const struct job_analysis *a);
/* Number and length, the share of the tail, the period or why there is none, what explains them. */
void stutter_lines(const struct job_analysis *a, const struct fmt_style *st, struct lines *out);
/* The same of a series that is no job's: number, length and period. */
void stutter_series_lines(const struct stutter *s, const struct fmt_style *st, struct lines *out);
/* How it was in the cell's other trials; nothing when there is one only. */
void stutter_trials(const struct view_row *row, const struct fmt_style *st, struct lines *out);

#endif
