/* scenario.h - a scenario file as data: VM, backing, axes, jobs, repeats.
 *
 * Immutable once read. Every value has been checked; where it stood is kept for
 * messages only.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "cell.h"
#include "job.h"

enum precondition { PRECONDITION_RANDOM_FILL, PRECONDITION_NONE, PRECONDITIONS };
extern const char *const precondition_names[PRECONDITIONS];

struct scenario_axis {
	const struct axis_row *row;
	char **values; /* canonical text */
	size_t n_values;
};

/* include/exclude entry: some axes with one value each. */
struct scenario_match {
	char name[CELL_NAME_MAX]; /* include only; "" when not given */
	struct scenario_axis *axes;
	size_t n_axes;
	unsigned line, column;
};

struct scenario {
	char *name;
	char *description; /* "" when not given */
	char *text;        /* the file as read */
	char *path;
	uint64_t memory_bytes; /* of the VM; default 512 MiB */
	char *machine;         /* "q35" */
	char *backing_dir;     /* "auto": the lab's work folder */
	uint64_t backing_bytes;
	enum precondition precondition;
	struct scenario_axis *axes; /* in file order */
	size_t n_axes;
	struct scenario_match *include, *exclude;
	size_t n_include, n_exclude;
	char *reference;  /* cell name that verdicts compare against; "" the first cell */
	struct jobs jobs; /* the job file, overrides applied */
	char *jobs_path;
	uint32_t repeats;    /* default 3 */
	bool is_interleaved; /* order: interleaved (default) or sequential */
	uint64_t seed;
	uint64_t limit_boot_ns, limit_job_ns,
		limit_shutdown_ns; /* time limits of the steps;
				    * limit_job: on top of ramp + runtime */
};

/* Read @path. Relative paths in it (jobs, kernel, backing dir) are relative to the file.
 * -EINVAL/-ERANGE/-ENOENT: "key: reason (file:line:column)". */
int scenario_read(const char *path, struct scenario **ret_scenario, struct bl_err *err);
int scenario_parse(const char *text, const char *path, struct scenario **ret_scenario,
		   struct bl_err *err);
struct scenario *scenario_free(struct scenario *s);
void scenario_freep(struct scenario **s);

#endif
