/* disk_facts.h - the real device under a cell: who it is, its health before and after, its
 * hand-over.
 *
 * From the facts "device.*" and "handover.*" of the cell's trials and from the run's hand-over
 * records. Texts borrow the view's data, which is foreign: escape on the way out.
 */
#ifndef REPORT_DISK_FACTS_H
#define REPORT_DISK_FACTS_H

#include "view.h"

/* "Model X, serial S5XX, firmware EXF7; namespace 1, 512 B + 0 B metadata, 200 GiB; PCI
 * 0000:5e:00.0, IOMMU group 12, NUMA node 0". false: nothing is known, @out is as it was. */
bool disk_identity(const struct view *v, uint32_t cell, struct bl_buf *out);

struct health_row {
	const char *label;          /* "media and data integrity errors" */
	char before[48], after[48]; /* with unit, plain; "": not known */
	bool is_changed;
	bool is_trouble; /* changed, and should not have */
};
#define HEALTH_ROWS_MAX 48
struct disk_health {
	struct health_row rows[HEALTH_ROWS_MAX];
	size_t n;
	uint32_t first, last; /* repeats: before the first, after the last */
	const char *from;     /* "host" or "guest"; NULL: not said */
};
/* Over the cell's trials: before the first that was asked, after the last. n 0: never asked. */
void disk_health(const struct view *v, uint32_t cell, struct disk_health *ret);

/* A trial's hand-over to vfio-pci, with how long it took by the trial's facts. */
struct disk_handover {
	const struct handover_record *record;
	double given_ns, return_ns; /* 0: not known */
};
/* false: @t took no device from its driver; one that it mounted is no hand-over. */
bool disk_handover(const struct run_data *d, const struct trial_record *t,
		   struct disk_handover *ret);

#endif
