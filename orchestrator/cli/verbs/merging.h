/* merging.h - files brought into the store, one after the other, and what is told of it. */
#ifndef CLI_MERGING_H
#define CLI_MERGING_H

#include "cli.h"
#include "store.h"

struct merged_file {
	const char *path; /* borrowed */
	struct store_merge_report report;
};

struct merging {
	char *path; /* of the store */
	struct store *store;
	struct merged_file *items;
	size_t n;
};

/* The store of --store, made when missing, with the work folder when it is the one there; but not
 * before @first can be brought in (NULL: what comes is known to be sound). */
int merging_open(struct merging *m, const struct args *a, const char *first, struct bl_err *err);
/* Bring in a store or an exported run. @path is borrowed until merging_done(). */
int merging_add(struct merging *m, const char *path, struct bl_err *err);
/* Print what each file gave, as lines or as JSON. @r: 0, or the failure that ended it, with @err,
 * which is the JSON's "error": what went well before is in the store, and told. Returns @r, or a
 * failure to print, or EXIT_BAD_INPUT when something was left out. */
int merging_tell(const struct merging *m, struct cli *cli, bool json, int r, struct bl_err *err);
void merging_done(struct merging *m);

#endif
