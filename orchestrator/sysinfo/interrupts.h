/* interrupts.h - /proc/interrupts of one device, per interrupt and CPU.
 *
 * Read before and after; the difference says how many interrupts each of the device's
 * queues gave to each CPU. @root is "" on a real machine, else a folder with a faked /proc and
 * /sys.
 */
#ifndef INTERRUPTS_H
#define INTERRUPTS_H

#include <stddef.h>
#include <stdint.h>

#define IRQ_NAME_MAX 64

struct irq_line {
	unsigned irq;
	/* The last column, printable ASCII: "nvme0q1", "vfio-msix[0](0000:5e:00.0)",
	 * "virtio1-req.0"; "irq 28" when nobody has asked for that interrupt. */
	char name[IRQ_NAME_MAX];
	uint64_t *counts; /* [n_cpus of irq_table], by column */
};
struct irq_table {
	unsigned *cpus; /* the CPU number of each column (offline CPUs have none) */
	size_t n_cpus;
	struct irq_line *lines;
	size_t n_lines;
};

/* Only interrupts of the PCI function @pci: those listed in ROOT/sys/bus/pci/devices/PCI/msi_irqs,
 * or its "irq" when it has none. 0: *ret is new, end it with irq_table_done(). -ENOENT: no such
 * function or no interrupts; -EIO: /proc/interrupts can't be read or understood; -ENOMEM. */
int irq_read_pci(const char *root, const char *pci, struct irq_table *ret);
void irq_table_done(struct irq_table *t);

/* For each name in @after that has counted since @before: @each(ctx, "nvme0q1", "0:1234 3:55"),
 * CPU:count of the CPUs that had any, ascending. Lines of one name are added up. A line that is not
 * in @before, or had counted more there, counts from 0; so does a CPU. 0 or -ENOMEM. */
int irq_each_delta(const struct irq_table *before, const struct irq_table *after,
		   void (*each)(void *ctx, const char *name, const char *counts), void *ctx);

/* How many MSI-X vectors the function @pci has allocated: entries of its msi_irqs that are "msix".
 */
unsigned irq_msix_vectors(const char *root, const char *pci);

/* The PCI function behind a block device ("nvme0n1", "vda", "sda"), nearest to it; "" none.
 * Of an NVMe disk with several paths, that of the first controller. */
void irq_pci_of_block(const char *root, const char *block, char *out, size_t len);

#endif
