/* Findings in short: which cause, where. The evidence stands at the top of each cell. */
#include <string.h>

#include "cleanup.h"
#include "minute.h"

#define CELLS_NAMED 3

/* "'a', 'b' and 2 more" of the cells that have @cause; how many there are. */
static size_t name_cells(const struct view *v, const char *cause, struct bl_buf *out)
{
	uint32_t last = FINDING_NO_CELL;
	size_t n = 0;

	for (size_t i = 0; i < v->findings.n; i++) {
		const struct finding *f = &v->findings.items[i];

		if (strcmp(f->cause, cause) != 0 || f->cell == FINDING_NO_CELL || f->cell == last)
			continue;
		last = f->cell;
		if (n < CELLS_NAMED)
			bl_buf_addf(out, "%s'%s'", n ? ", " : "", v->d->cells[last].name);
		n++;
	}
	if (n > CELLS_NAMED)
		bl_buf_addf(out, " and %zu more", n - CELLS_NAMED);
	return n;
}

/* What has no cell to stand in is said here, whole. */
static void say_homeless(const struct view *v, struct lines *out)
{
	for (size_t i = 0; i < v->findings.n; i++) {
		const struct finding *f = &v->findings.items[i];

		if (f->cell == FINDING_NO_CELL)
			lines_add(out, "\001%s\002: %s. What to do: %s.",
				  cause_find(f->cause)->title, f->evidence, f->remedy);
	}
}

void minute_findings(const struct view *v, struct lines *out)
{
	say_homeless(v, out);
	for (size_t i = 0; i < n_cause_rows; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf cells = BL_BUF_INIT;
		size_t n = name_cells(v, cause_rows[i].name, &cells);

		if (n)
			lines_add(out, "\001%s\002 in %zu cell%s (%s): %s.", cause_rows[i].title, n,
				  n > 1 ? "s" : "", bl_buf_str(&cells), cause_rows[i].help);
		out->failed |= bl_buf_failed(&cells);
	}
}
