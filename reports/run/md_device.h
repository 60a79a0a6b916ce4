/* md_device.h - parts of the Markdown document that are there when there is something to say. */
#ifndef REPORT_MD_DEVICE_H
#define REPORT_MD_DEVICE_H

#include "fmt.h"
#include "view.h"

void md_decision(const struct view *v, struct bl_buf *out); /* only when it is asked */
void md_findings(const struct view *v, struct bl_buf *out);
void md_devices(const struct view *v, struct bl_buf *out);

#endif
