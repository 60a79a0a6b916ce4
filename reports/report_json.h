/* report_json.h - JSON: everything the page says, in the names of the store. */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "view.h"

int report_json(const struct view *v, struct bl_buf *out); /* -ENOMEM */

#endif
