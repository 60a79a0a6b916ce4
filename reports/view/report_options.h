/* report_options.h - what a reader asks of a report. */
#ifndef REPORT_OPTIONS_H
#define REPORT_OPTIONS_H

#include <stdbool.h>

#include "floors.h"
#include "metric.h"

struct report_options {
	const char
		*reference; /* cell name to compare against; NULL: the scenario's, else the first */
	const char *store_path; /* for "the SQL to get the same"; NULL: not shown */
	/* What matters; NULL: what the run declared, else metric_min_effect. */
	const struct min_effects *min_effects;
	/* What equal things differed by elsewhere (a calibration), beside what equal cells of the
	 * run itself do; NULL: nothing is known. */
	const struct floors *floors;
	/* Of two cells: all jobs and metrics are one family, by Holm's correction: not one is
	 * called different that is not. */
	bool is_gate;
};

#endif
