/* neighbours.h - who else was busy on this host while jobs ran.
 *
 * A look at all processes before and one after tell who used the CPUs; about one a second between
 * them finds programs that are known to spoil measurements (trim, scrub, backup, package manager)
 * also when they come and go.
 */
#ifndef NEIGHBOURS_H
#define NEIGHBOURS_H

#include <stdint.h>
#include <sys/types.h>

#include "record.h"

struct neighbours; /* of one thread at a time */

/* With the look before; @now_ns as all times here: CLOCK_MONOTONIC. NULL: no memory. */
struct neighbours *neighbours_new(const char *root, uint64_t now_ns);
struct neighbours *neighbours_free(struct neighbours *n); /* NULL is fine; returns NULL */

/* The look between: cheap. Processes that are new or became so lately are read, of the others a
 * tenth: one that got the number of another, or became another program late, is seen within ten
 * looks. */
void neighbours_look(struct neighbours *n, uint64_t now_ns);
/* The look after. @pid: the VM or the job, which is none of them (0: nobody), as is this program
 * itself. Asks systemd for its timers. */
void neighbours_end(struct neighbours *n, pid_t pid, uint64_t now_ns);

/* Of the time [from_ns, to_ns] between the looks, adds
 * "host.top.1" = "stress-ng (pid 123): 0.87 CPUs, 12 MiB/s written": those that used more than 5 %
 *   of a CPU between the first and the last look, the greatest five; kernel threads in brackets.
 *   Processes that began and ended in between are not seen here;
 * "host.ran.1" = "fstrim (pid 123) from +12.3 s, last seen at +14.0 s": known programs, and RAID
 * checks; the last may be "and 5 more, not all of them within this time"; "timer.1": timers.h.
 * Whose I/O this user may not see has none. -ENOMEM. */
int neighbours_facts(const struct neighbours *n, uint64_t from_ns, uint64_t to_ns,
		     struct facts *facts);

#endif
