/* Sentences that grow one by one; one lost for want of memory is remembered. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lines.h"

void lines_add(struct lines *l, const char *fmt, ...)
{
	char **grown = reallocarray(l->items, l->n + 1, sizeof(*grown));
	va_list ap;
	int r;

	if (!grown) {
		l->failed = true;
		return;
	}
	l->items = grown;
	va_start(ap, fmt);
	r = vasprintf(&l->items[l->n], fmt, ap);
	va_end(ap);
	if (r < 0)
		l->failed = true;
	else
		l->n++;
}

void lines_done(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct lines){0};
}
