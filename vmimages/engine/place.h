/* place.h - where a clone's thread runs and as whom: CPUs, memory nodes, priorities, user.
 *
 * Inside the engine only.
 */
#ifndef ENGINE_PLACE_H
#define ENGINE_PLACE_H

#include "job.h"

/* For the calling thread. -EINVAL: a list that is none, or names CPUs that are not there;
 * -EPERM: what root may do only. */
int place_enter(const struct job *j, uint32_t clone, struct bl_err *err);

#endif
