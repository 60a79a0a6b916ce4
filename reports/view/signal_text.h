/* signal_text.h - a value of a signal in words, and whether the signal explains a job's stalls. */
#ifndef REPORT_SIGNAL_TEXT_H
#define REPORT_SIGNAL_TEXT_H

#include "fmt.h"
#include "job_analysis.h"

/* It precedes the stalls more often than chance would (over all signals tested), and is not their
 * symptom. */
bool signal_explains(const struct signal *s);
/* Its number and its unit, which may be "". Returns @number. */
char *signal_parts(const struct fmt_style *st, char number[FMT_MAX], char unit[FMT_MAX],
		   const struct signal *s, double value);
/* With its unit: "70 %", "180 MiB". Returns @out. */
char *signal_value(const struct fmt_style *st, char out[FMT_MAX], const struct signal *s,
		   double value);

#endif
