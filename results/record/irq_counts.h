/* irq_counts.h - which CPU took how many interrupts of a device, as a job's facts keep it.
 *
 * "irq.guest.nvme0q1" = "0:1234 3:55": CPU:count over the job's window, one fact for each interrupt
 * of the disk's PCI function; "irq.host.*" likewise. Texts of a guest are foreign.
 */
#ifndef IRQ_COUNTS_H
#define IRQ_COUNTS_H

#include "record.h"

#define IRQ_CPUS_MAX 4096

/* "nvme0q1", borrowed, when @f counts an interrupt on @side ("guest" or "host"); else NULL. */
const char *irq_line_name(const struct fact *f, const char *side);

/* The next CPU of *at, which goes on past it. false: no more, or no such text; *at stays. */
bool irq_next_count(const char **at, unsigned *ret_cpu, uint64_t *ret_n);

/* Adds a fact's counts to those of all IRQ_CPUS_MAX. */
void irq_add_counts(const char *text, uint64_t *per_cpu);

#endif
