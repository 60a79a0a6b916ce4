/* timers.h - which of systemd's timers have fired while something ran. */
#ifndef TIMERS_H
#define TIMERS_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "record.h"

/* What `systemctl list-timers --all --output=json` says, into @out. -ENOENT: systemd does not run
 * here (or @root is a faked tree, of which it knows nothing); else negative errno. */
int timers_ask(const char *root, struct bl_buf *out);

/* Adds "timer.1" = "fstrim.timer -> fstrim.service at +12.3 s", ...: those of @json that last fired
 * within [from_us, to_us] of the wall clock, counted from @from_us. 0 also when @json is no such
 * text. -ENOMEM. */
int timers_fired(const char *json, size_t len, uint64_t from_us, uint64_t to_us,
		 struct facts *facts);

#endif
