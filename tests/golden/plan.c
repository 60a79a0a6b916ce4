/* A scenario file all the way: what was read, its cells, its trials. */
#include "plan.h"

#include "cleanup.h"
#include "golden.h"

int golden_plan(const char *input, struct bl_buf *out, struct bl_err *err)
{
	BL_CLEANUP(scenario_freep) struct scenario *sc = NULL;
	BL_CLEANUP(matrix_freep) struct matrix *m = NULL;
	BL_CLEANUP(plan_freep) struct plan *p = NULL;
	int r = scenario_read(input, &sc, err);

	if (r == 0)
		r = matrix_expand(sc, &m, err);
	if (r == 0)
		r = matrix_check_device(m, sc, err);
	if (r == 0)
		r = plan_make(sc, m, &p, err);
	if (r < 0)
		return r;
	scenario_to_text(sc, out);
	bl_buf_addc(out, '\n');
	matrix_to_text(m, out);
	bl_buf_addc(out, '\n');
	plan_to_text(p, m, out);
	return 0;
}
