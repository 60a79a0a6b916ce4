/* outside.h - what a clone does outside its own requests: commands before and after, the I/O
 * scheduler of its disks, memory taken from the page cache.
 *
 * Inside the engine only.
 */
#ifndef ENGINE_OUTSIDE_H
#define ENGINE_OUTSIDE_H

#include "target.h"

/* exec_prerun=, exec_postrun=: by the shell; what it prints goes to NAME.prerun.txt or
 * NAME.postrun.txt in the current folder, as fio does. -ECHILD: it can't be run, or did not end
 * with 0; @err has the command. When @stop is set it is killed with its children, -ECANCELED. */
int outside_run(const char *command, const char *job, const char *when, const _Atomic bool *stop,
		struct bl_err *err);

/* ioscheduler=: of the block device under @f; files are left alone.
 * -EINVAL: the device has none of that name. */
int outside_set_scheduler(const struct job *j, const struct plan_file *f, struct bl_err *err);

/* lockmem=: memory that stays locked until outside_unlock(). -ENOMEM, -EPERM. */
int outside_lock(uint64_t bytes, void **ret, struct bl_err *err);
void outside_unlock(void *mem, uint64_t bytes);

#endif
