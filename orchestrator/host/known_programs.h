/* known_programs.h - programs that are known to spoil measurements (trim, scrub, backup, package
 * manager), and checks of RAIDs, while they run. Only neighbours.c needs this.
 */
#ifndef KNOWN_PROGRAMS_H
#define KNOWN_PROGRAMS_H

#include <stdint.h>

#include "record.h"

struct known_programs; /* of one thread at a time */

/* With the first look. @now_ns as all times here: CLOCK_MONOTONIC. NULL: no memory. */
struct known_programs *known_programs_new(const char *root, uint64_t now_ns);
struct known_programs *known_programs_free(struct known_programs *k); /* NULL is fine; returns NULL
								       */
/* As neighbours_look(). */
void known_programs_look(struct known_programs *k, uint64_t now_ns);
/* "host.ran.1", ... as neighbours_facts(). -ENOMEM. */
int known_programs_facts(const struct known_programs *k, uint64_t from_ns, uint64_t to_ns,
			 struct facts *facts);

#endif
