#include "told.h"

#include <stdio.h>
#include <stdlib.h>

#include "cleanup.h"

/* The one direction of the job that has I/Os, syncs apart; IO_DIRS: none or several. */
static int only_direction(const struct sample *m)
{
	int only = IO_DIRS;

	for (int d = 0; d < IO_SYNC; d++) {
		if (!m->dir[d].ios)
			continue;
		if (only != IO_DIRS)
			return IO_DIRS;
		only = d;
	}
	return only;
}

bool told_of_direction(const struct job_result *j, int dir, double p, uint64_t *ret_ns)
{
	static const struct {
		double p;
		const char *name;
	} rows[] = {{50, "p50"}, {90, "p90"},     {95, "p95"},
		    {99, "p99"}, {99.9, "p99_9"}, {99.99, "p99_99"}};
	const char *text;
	char key[48];

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		if (p < rows[i].p || p > rows[i].p)
			continue;
		snprintf(key, sizeof key, "told.%s.%s_ns", io_dir_names[dir], rows[i].name);
		text = facts_get(&j->facts, key);
		if (text)
			*ret_ns = strtoull(text, NULL, 10);
		return text != NULL;
	}
	return false;
}

bool told_percentile(const struct job_result *j, double p, uint64_t *ret_ns)
{
	int dir = j->sample ? only_direction(j->sample) : IO_DIRS;

	return dir < IO_DIRS && told_of_direction(j, dir, p, ret_ns);
}
