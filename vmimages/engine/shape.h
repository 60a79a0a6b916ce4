/* shape.h - what comes next, for jobs that are more than requests of one size in one file as
 * fast as they go: rates, think time, several files, sizes, trims, checks of what was written.
 *
 * Inside the engine only. The rich loop asks for each request; the lean one never does.
 */
#ifndef ENGINE_SHAPE_H
#define ENGINE_SHAPE_H

#include "worker.h"

enum shape_answer {
	SHAPE_GO,   /* the slot is filled in */
	SHAPE_WAIT, /* nothing yet: until something completes, or until *ret_due */
	SHAPE_END,  /* nothing more */
};

/* Does the job need it? Else the lean loop serves. */
bool shape_is_needed(const struct job *j, const struct plan_files *f);

/* Before the loop; w->files are open. -ENOMEM, -EINVAL. */
int shape_new(struct worker *w, struct bl_err *err);
void shape_free(struct worker *w);

/* The clock was set: schedules start at w->begun. */
void shape_begin(struct worker *w);

/* Counting starts: what the ramp could not do is not owed after it. */
void shape_counts(struct worker *w);

/* Fill in direction, kind, file, offset, length and data of the next request. When there is none
 * yet, *ret_due is when there may be, or untouched when a completion decides. */
enum shape_answer shape_next(struct worker *w, struct slot *s, uint64_t now, uint64_t *ret_due);

/* The queue is about to be handed over: what the engine can't do is done here (trims). */
void shape_submit(struct worker *w);

/* @s is done with result @res. False: it does not count as a completed request. *now moves on
 * when there was work to do. */
bool shape_done(struct worker *w, struct slot *s, int res, uint64_t *now);

/* @s was recorded. */
void shape_record(struct worker *w, const struct slot *s, uint64_t now);

/* The loop has ended (in the worker's thread): end_fsync. */
void shape_end(struct worker *w);

/* What only it knows of the clone. */
void shape_tell(const struct worker *w, struct engine_clone *c);

#endif
