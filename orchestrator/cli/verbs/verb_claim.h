/* verb_claim.h - the parts of blklab claim that a test reaches with a faked host. */
#ifndef VERB_CLAIM_H
#define VERB_CLAIM_H

#include "cli.h"
#include "guard.h"

/* blklab claim on the host below @root. */
int claim_run(struct cli *cli, const struct args *a, const char *root, struct bl_err *err);

/* claim_show.c: what is known of a disk, for a person and for programs. */
struct claim_view {
	struct device dev;
	char *contents; /* guard_contents(); NULL: it can't be looked at */
	struct claim claim;
	struct guard_list against; /* handing it to a guest */
	bool may[GUARD_PASSTHROUGH + 1];
};
int claim_view_make(const struct device *dev, struct claim_view *ret, struct bl_err *err);
void claim_view_done(struct claim_view *v);

void claim_show_disk(const struct claim_view *v, struct bl_buf *out);
void claim_show_list(const struct cli *cli, const struct claim_view *items, size_t n,
		     struct bl_buf *out);
/* An array of @n, or (@is_list false) the one object. -ENOMEM. */
int claim_show_json(const struct claim_view *items, size_t n, bool is_list, struct bl_buf *out);

#endif
