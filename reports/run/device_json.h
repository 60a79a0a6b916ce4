/* device_json.h - findings, decision and hand-overs as JSON; new references. */
#ifndef REPORT_DEVICE_JSON_H
#define REPORT_DEVICE_JSON_H

#include <jansson.h>

#include "view.h"

/* As diagnosis_report.h has it. @store: see finding_command(). */
json_t *finding_json(const struct run_data *d, const struct finding *f, const char *store);
/* The same with "cell", "trial" (the first it was seen in) and "job". */
json_t *findings_json(const struct view *v);
json_t *decision_json(const struct view *v); /* of a view that asks for it */
json_t *handovers_json(const struct run_data *d);

#endif
