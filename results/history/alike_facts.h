/* alike_facts.h - what one of several hosts has alone in its environment. Private to
 * results/history/.
 */
#ifndef ALIKE_FACTS_H
#define ALIKE_FACTS_H

#include "alike.h"

/* Facts of the fingerprint of each host's newest run, into @a->facts. -ENOMEM. */
int alike_add_facts(const struct alike_host *hosts, size_t n, struct alike *a);

#endif
