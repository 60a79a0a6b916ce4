/* scenario_load.h - a scenario as verbs need it: read, expanded, planned. */
#ifndef SCENARIO_LOAD_H
#define SCENARIO_LOAD_H

#include "cli.h"
#include "plan.h"
#include "store.h"

struct loaded {
	struct scenario *scenario;
	struct matrix *matrix;
	struct plan *plan;
};

/* a->scenario by path_scenario(), with --device, --serial, --repeats, --budget, --cell and --with
 * applied. */
int loaded_read(struct loaded *l, const struct args *a, struct bl_err *err);
void loaded_done(struct loaded *l);

/* A cell by its name or its number. -ENOENT: the nearest name, and all of them. */
int loaded_cell(const struct loaded *l, const char *name, size_t *ret_index, struct bl_err *err);

/* Columns that axis k needs in a table: its name and its widest value. */
size_t loaded_axis_width(const struct loaded *l, size_t k);

/* The same of a run of @store; numbers count its cells from 0. When another run of the store has
 * such a cell, the reason names the newest. */
int cell_of_run(struct store *store, const struct run_data *d, const char *name, uint32_t *ret,
		struct bl_err *err);

/* "no such cell" with the nearest and all names; returns -ENOENT. */
int cell_unknown(const char *given, const char *const *names, size_t n, struct bl_err *err);

#endif
