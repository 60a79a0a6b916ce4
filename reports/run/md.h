/* md.h - Markdown: for a review, a wiki or a mail. */
#ifndef REPORT_MD_H
#define REPORT_MD_H

#include "view.h"

int report_md(const struct view *v, struct bl_buf *out); /* -ENOMEM */

#endif
