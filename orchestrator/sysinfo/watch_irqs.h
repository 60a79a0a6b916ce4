/* watch_irqs.h - the interrupts of one PCI function, counted again and again; for watch_system.c.
 *
 * From /sys/kernel/irq/N (Documentation/ABI/testing/sysfs-kernel-irq, Linux 4.9): a read there
 * costs what that interrupt costs, one of /proc/interrupts what all of the machine cost.
 */
#ifndef WATCH_IRQS_H
#define WATCH_IRQS_H

#include "kept_file.h"
#include "series.h"

struct watched_irq;
/* {0} watches nothing yet. */
struct irq_watch {
	char pci[32];
	unsigned turn;
	struct watched_irq *irqs;
	size_t n;
};

/* As system_watch_irqs(). @text: room to read into. */
void irq_watch_put(struct irq_watch *w, const char *root, const char *pci, struct kept_text *text,
		   struct series_set *set);
void irq_watch_done(struct irq_watch *w);

#endif
