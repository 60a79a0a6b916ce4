/* parts.h - what VMs of a run are made of: guest images and emulators, each made once.
 *
 * A part that can't be had is remembered with its reason, so that every trial that needs it
 * can say so without trying again; a stop (opt->stop) is not.
 */
#ifndef PARTS_H
#define PARTS_H

#include "cell.h"
#include "emulator.h"
#include "image.h"
#include "runner.h"

struct parts;

/* Options and folders are borrowed. @is_fake: parts for the fake hypervisor, which are only
 * names. */
int parts_new(const struct runner_options *opt, const char *cache_dir, const char *state_dir,
	      bool is_fake, struct parts **ret, struct bl_err *err);
/* Calls @fetching while a kernel is fetched. */
void parts_watch(struct parts *p,
		 void (*fetching)(void *ctx, uint64_t done_bytes, uint64_t total_bytes), void *ctx);
struct parts *parts_free(struct parts *p);

/* Borrowed. What image_build() and emulator_resolve() return. */
int parts_image(struct parts *p, const struct cell *c, const struct image **ret,
		struct bl_err *err);
int parts_emulator(struct parts *p, const struct cell *c, const struct emulator **ret,
		   struct bl_err *err);

/* Of all that were made so far: "image.0.kernel", "emulator.0.version", "emulator.0.path",
 * "emulator.0.sha256" (its first 16 digits, of the program that really runs, behind wrapper and
 * links, or of the script that is its emulator; absent: the fake's), ... -ENOMEM. */
int parts_facts(const struct parts *p, struct facts *out);
/* What a VM of the cell is made of, once both were had: "image.kernel", "emulator.version",
 * "emulator.sha256", as above. -ENOMEM. */
int parts_facts_of(const struct parts *p, const struct cell *c, struct facts *out);

#endif
