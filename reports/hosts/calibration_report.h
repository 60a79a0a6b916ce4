/* calibration_report.h - what equal cells of a run show: for a terminal, and as JSON.
 *
 * JSON, stable within its "format":
 *
 *   {"format": "blklab-calibration/1", "run", "scenario", "host", "accel", "equal_cells",
 * "repeats", "comparisons", "apart", "alarms", "alarms_corrected", "nominal": 0.05, "rows":
 * [{"job", "metric", "is_thin", "comparisons", "apart", "alarms", "alarms_corrected", "pairs",
 *              "sd_log", "floor", "visible": {"6": RATIO - 1, "8", "12", "20", "30"}, "lag1",
 *              "in_time": {"ratio", "is_apart"}}]}
 *
 * Changes are ratio - 1: 0.05 is 5 %. What they mean: calibration.h ("visible": of a comparison
 * by itself). Totals leave thin rows out.
 */
#ifndef CALIBRATION_REPORT_H
#define CALIBRATION_REPORT_H

#include "buf.h"
#include "calibration.h"

/* At most @columns wide. -ENOMEM. */
int report_calibration(const struct run_data *d, const struct calibration *c, unsigned columns,
		       bool color, struct bl_buf *out, struct bl_err *err);
int report_calibration_json(const struct run_data *d, const struct calibration *c,
			    struct bl_buf *out, struct bl_err *err);

/* The sentences that both say; each new line is one. -ENOMEM. */
int calibration_sentences(const struct calibration *c, struct bl_buf *out);

#endif
