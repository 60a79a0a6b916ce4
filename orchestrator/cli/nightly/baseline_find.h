/* baseline_find.h - a baseline by its name, and stored runs as the figures that it is made of. */
#ifndef BASELINE_FIND_H
#define BASELINE_FIND_H

#include "cli.h"
#include "run_figures.h"
#include "store.h"

/* The baseline a->name; where several have the name: that of a->of (a scenario) and a->host (a
 * name, or the beginning of an id), of those in use before retired ones, of this host before
 * others'. End it with baseline_record_done(). -ENOENT: none (those there are); -ENOTUNIQ: several
 * are left. */
int baseline_find(struct store *s, const struct args *a, bool with_retired,
		  struct baseline_record *ret, struct bl_err *err);

/* In the order given. */
struct figures_list {
	struct run_figures *items;
	size_t n;
};
void figures_list_done(struct figures_list *l);
/* The run @id at its end. *ret_record (may be NULL): its record, moved out; run_record_done(). */
int figures_list_add(struct figures_list *l, struct store *s, const char *id,
		     struct run_record *ret_record, struct bl_err *err);
int figures_list_load(struct figures_list *l, struct store *s, const struct baseline_record *b,
		      struct bl_err *err);

/* This host's id; "unknown" where it has none. */
void this_host(char out[17]);

#define ROW_OF                                                                                     \
	{                                                                                          \
		.name = "scenario", .kind = OPTION_TEXT, .arg = "NAME", .at = AT(of),              \
		.help = "the baseline of the scenario of that name, where several have the name"   \
	}
#define ROW_HOST                                                                                   \
	{                                                                                          \
		.name = "host", .kind = OPTION_TEXT, .arg = "HOST", .at = AT(host),                \
		.def_says = "this one",                                                            \
		.help = "that of another host, by its name or the beginning of its id"             \
	}
#define OPERAND_BASELINE                                                                           \
	{                                                                                          \
		.name = "NAME", .kind = OPTION_TEXT, .is_needed = true, .at = AT(name),            \
		.help = "the baseline, by its name"                                                \
	}

#endif
