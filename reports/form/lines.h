/* lines.h - sentences of a document, in their order. */
#ifndef REPORT_LINES_H
#define REPORT_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
	char **items; /* sentences with FMT_STRONG marks */
	size_t n;
	bool failed; /* out of memory */
};
void lines_add(struct lines *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lines_done(struct lines *l);

#endif
