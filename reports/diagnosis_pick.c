#include "diagnosis_pick.h"

#include <errno.h>
#include <stdlib.h>
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

int pick_findings(const struct findings *f, const struct diagnosis_options *opt, uint32_t cell,
		  const struct finding ***ret, size_t *ret_n, struct bl_err *err)
{
	const struct finding **items = calloc(f->n + 1, sizeof *items);
	size_t n = 0;

	if (!items)
		return bl_fail(err, -ENOMEM, "diagnosis: out of memory");
	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].cell == cell && pick_job(opt, f->items[i].job))
			items[n++] = &f->items[i];
	*ret = items;
	*ret_n = n;
	return 0;
}
