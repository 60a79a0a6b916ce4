/* diagnosis_pick.h - which findings a person asked for, the same on the terminal and in JSON. */
#ifndef DIAGNOSIS_PICK_H
#define DIAGNOSIS_PICK_H

#include "diagnosis.h"
#include "diagnosis_report.h"

bool pick_cell(const struct diagnosis_options *opt, uint32_t cell);
bool pick_job(const struct diagnosis_options *opt, const char *job); /* NULL: of no job */
/* Is there any of that cell (or NO_CELL)? */
bool pick_any(const struct findings *f, const struct diagnosis_options *opt, uint32_t cell);
/* Those of a cell, surest first, and those of one cause together; *ret is new: free() the list.
 * -ENOMEM. */
int pick_findings(const struct findings *f, const struct diagnosis_options *opt, uint32_t cell,
		  const struct finding ***ret, size_t *ret_n, struct bl_err *err);

#endif
