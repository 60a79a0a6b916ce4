/* interrupts_priv.h - which interrupts are a function's, for who counts them again and again. Only
 * for orchestrator/sysinfo. */
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

#endif
