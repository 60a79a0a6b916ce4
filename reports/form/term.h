/* term.h - text for a terminal: a few looks, and lines that end in time. */
#ifndef REPORT_TERM_H
#define REPORT_TERM_H

#include <stdbool.h>

#include "buf.h"

enum term_look { TERM_PLAIN, TERM_BOLD, TERM_DIM, TERM_GREEN, TERM_RED };

void term_on(struct bl_buf *out, bool color, enum term_look look);
void term_off(struct bl_buf *out, bool color);

/* @text (cleaned) broken at spaces before @columns; the first line begins at column @first, the
 * others are indented by @indent. No newline at the end. */
void term_wrap(struct bl_buf *out, const char *text, unsigned columns, unsigned first,
	       unsigned indent);

#endif
