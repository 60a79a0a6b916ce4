/* guard_list.c - the reasons against handing a disk over, kept. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "guard.h"

static void add_reason(void *ctx, const char *reason, const char *remedy)
{
	struct guard_list *l = ctx;
	struct guard_reason r = {.reason = strdup(reason), .remedy = strdup(remedy)}, *items;

	items = reallocarray(l->items, l->n + 1, sizeof *items);
	if (items)
		l->items = items;
	if (items && r.reason && r.remedy) {
		l->items[l->n++] = r;
		return;
	}
	free(r.reason);
	free(r.remedy);
}

int guard_list_make(const struct device *dev, struct guard_list *ret)
{
	struct guard_list l = {.n = 0};
	int n = guard_reasons(dev, add_reason, &l);

	if ((size_t)n == l.n) {
		*ret = l;
		return 0;
	}
	guard_list_done(&l);
	return -ENOMEM;
}

void guard_list_done(struct guard_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].reason);
		free(l->items[i].remedy);
	}
	free(l->items);
	*l = (struct guard_list){.n = 0};
}
