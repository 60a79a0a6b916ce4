/* interrupts_priv.h - the two halves of irq_read_pci(), for who reads the table again and again.
 * Only for orchestrator/sysinfo. */
#ifndef INTERRUPTS_PRIV_H
#define INTERRUPTS_PRIV_H

#include "interrupts.h"

struct irq_numbers {
	unsigned *at;
	size_t n;
};
/* As irq_read_pci() finds them. *ret is new. -ENOENT, -ENOMEM. */
int irq_numbers_of(const char *root, const char *pci, struct irq_numbers *ret);
void irq_numbers_done(struct irq_numbers *s);

/* The lines of @wanted in the bytes of /proc/interrupts, which are cut into words. *ret is new.
 * -EIO, -ENOENT: none of them; -ENOMEM. */
int irq_table_parse(char *text, const struct irq_numbers *wanted, struct irq_table *ret);

#endif
