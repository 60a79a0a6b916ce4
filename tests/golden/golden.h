/* golden.h - cases that are folders: an input beside the exact output or message.
 *
 * tests/golden/KIND/CASE/ holds the input, and either the output or the message. A kind is a
 * row in golden.c and a function of this shape.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include "buf.h"
#include "err.h"

/* Turn the file @input, in the working folder, which is the case's, into text.
 * Negative: it was refused, and @err is the message to compare. */
typedef int (*golden_fn)(const char *input, struct bl_buf *out, struct bl_err *err);

int golden_plan(const char *input, struct bl_buf *out, struct bl_err *err);
int golden_domain(const char *input, struct bl_buf *out, struct bl_err *err);

#endif
