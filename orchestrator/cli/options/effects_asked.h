/* effects_asked.h - what matters, as the command line says it. */
#ifndef EFFECTS_ASKED_H
#define EFFECTS_ASKED_H

#include "floors.h"
#include "options.h"
#include "store.h"

struct effects_asked {
	struct min_effects min;
	struct floors floors;
};

/* --min-effect over what @run declared (NULL: over the defaults). -EINVAL, -ERANGE. */
int min_effects_asked(const struct args *a, const struct run_record *run, struct min_effects *ret,
		      struct bl_err *err);

/* The same; the floors of --calibration. End with
 * effects_asked_done(). */
int effects_asked(const struct args *a, struct store *store, const struct run_record *run,
		  struct effects_asked *ret, struct bl_err *err);
void effects_asked_done(struct effects_asked *e);

#endif
