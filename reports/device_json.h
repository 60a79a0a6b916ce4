/* device_json.h - findings, decision and hand-overs as JSON; new references. */
#ifndef REPORT_DEVICE_JSON_H
#define REPORT_DEVICE_JSON_H

#include <jansson.h>

#include "view.h"

json_t *findings_json(const struct view *v);
json_t *decision_json(const struct view *v); /* of a view that asks for it */
json_t *handovers_json(const struct run_data *d);

#endif
