#include "quiet.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "clock.h"
#include "doctor_areas.h"
#include "neighbours.h"
#include "units.h"

static void add(struct bl_buf *out, const char *what, const char *value)
{
	bl_buf_addf(out, "%s%s: %s", out->len ? "; " : "", what, value);
}

/* Steal is a fact of where this host runs, not of this hour. */
static bool is_of_now(const struct doctor_row *row)
{
	return row->level == DOCTOR_WARN && strcmp(row->what, "cpu steal") != 0;
}

/* The busiest process, only to say who it is: whether the host is busy is the doctor's to say. */
static void name_busiest(const struct facts *top, struct bl_buf *out)
{
	const char *first = facts_get(top, "host.top.1"), *second = facts_get(top, "host.top.2");

	if (first)
		add(out, "most of the CPU", first);
	if (first && second)
		bl_buf_addf(out, ", %s", second);
}

int host_busy(const struct doctor_options *opt, uint64_t look_ns, struct bl_buf *out)
{
	BL_CLEANUP(doctor_rows_done) struct doctor_rows rows = {0};
	BL_CLEANUP(facts_done) struct facts top = {0};
	uint64_t from = bl_now_ns();
	struct neighbours *n = neighbours_new(opt->root, from);
	struct timespec look = {.tv_sec = (time_t)(look_ns / NS_PER_S),
				.tv_nsec = (long)(look_ns % NS_PER_S)};
	size_t before = out->len;
	int r;

	if (!n)
		return -ENOMEM;
	nanosleep(&look, NULL);
	neighbours_end(n, 0, bl_now_ns());
	r = neighbours_facts(n, from, bl_now_ns(), &top);
	neighbours_free(n);
	if (r == 0)
		r = doctor_load(opt, &rows);
	for (size_t i = 0; i < rows.n && r == 0; i++)
		if (is_of_now(&rows.items[i]))
			add(out, rows.items[i].what, rows.items[i].value);
	if (r == 0 && out->len > before)
		name_busiest(&top, out);
	return r < 0 || bl_buf_failed(out) ? -ENOMEM : 0;
}
