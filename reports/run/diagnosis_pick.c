#include "diagnosis_pick.h"

#include <errno.h>
#include <string.h>

bool pick_cell(const struct diagnosis_options *opt, uint32_t cell)
{
	for (size_t i = 0; i < opt->n_cells; i++)
		if (opt->cells[i] == cell)
			return true;
	return opt->n_cells == 0;
}

bool pick_job(const struct diagnosis_options *opt, const char *job)
{
	return !opt->job || !job || !strcmp(opt->job, job);
}

bool pick_any(const struct findings *f, const struct diagnosis_options *opt, uint32_t cell)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].cell == cell && pick_job(opt, f->items[i].job))
			return true;
	return false;
}

/* The others of the first one's cause come right behind it; else the order stays. */
static void gather(const struct finding **items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1, to = i + 1; k < n; k++) {
			const struct finding *f = items[k];

			if (strcmp(f->cause, items[i]->cause) != 0)
				continue;
			memmove(items + to + 1, items + to, (k - to) * sizeof *items);
			items[to++] = f;
		}
}

int pick_findings(const struct findings *f, const struct diagnosis_options *opt, uint32_t cell,
		  const struct finding ***ret, size_t *ret_n, struct bl_err *err)
{
	const struct finding **items = NULL;
	size_t n, picked = 0;

	if (findings_of_cell(f, cell, &items, &n) < 0)
		return bl_fail(err, -ENOMEM, "diagnosis: out of memory");
	for (size_t i = 0; i < n; i++)
		if (pick_job(opt, items[i]->job))
			items[picked++] = items[i];
	gather(items, picked);
	*ret = items;
	*ret_n = picked;
	return 0;
}
