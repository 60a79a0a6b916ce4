/* report_json.h - JSON: everything the page says, in the names of the store. */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "time_json.h"
#include "view.h"

/* @detail: of each job in each trial; TIME_ALL takes a while and much room. -ENOMEM. */
int report_json(const struct view *v, enum time_detail detail, struct bl_buf *out);

#endif
