/* table_time.h - where the time goes, on the terminal. */
#ifndef REPORT_TABLE_TIME_H
#define REPORT_TABLE_TIME_H

#include "minute.h"

/* The latency budget of one job as a table at most @columns wide; nothing where only the engine's
 * own times are known. */
void table_budget(const struct view *v, const struct view_job *job, unsigned columns, bool color,
		  struct bl_buf *out);
/* A line for each cell and job that stalls. */
void table_stutter(const struct view *v, struct lines *out);

#endif
