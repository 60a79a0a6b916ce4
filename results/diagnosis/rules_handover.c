/* What was taken from the host and is not back. */
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "rules.h"

static struct where where_of(const struct run_data *d, const struct handover_record *h)
{
	for (size_t i = 0; i < d->n_trials; i++)
		if (!strcmp(d->trials[i].id, h->trial_id))
			return (struct where){.cell = d->trials[i].cell, .trial = i};
	return (struct where){.cell = NO_CELL, .trial = SIZE_MAX};
}

static char *remedy_of(const struct handover_record *h)
{
	if (h->kind == HANDOVER_MOUNT)
		return bl_strf(
			"`blklab recover` on that host with this store unmounts it, as the next "
			"`blklab run` does; by hand: umount %s",
			h->driver_before);
	return bl_strf("`blklab recover` on that host with this store gives it back, as the next "
		       "`blklab run` does; by hand: echo %s > "
		       "/sys/bus/pci/drivers/vfio-pci/unbind, echo > "
		       "/sys/bus/pci/devices/%s/driver_override, echo %s > "
		       "/sys/bus/pci/drivers_probe",
		       h->device, h->device, h->device);
}

void rules_of_handovers(struct diagnosis *g)
{
	for (size_t i = 0; i < g->d->n_handovers; i++) {
		const struct handover_record *h = &g->d->handovers[i];
		BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
		BL_CLEANUP(bl_freep) char *remedy = NULL;

		if (h->is_back || h->is_ended) /* there is nothing left to do */
			continue;
		remedy = remedy_of(h);
		bl_buf_addf(&said, "%s%s%s%s%s ", h->device, h->serial[0] ? " (serial " : "",
			    h->serial, h->serial[0] ? ")" : "",
			    h->kind == HANDOVER_MOUNT ? " was mounted on" : " left its driver");
		bl_buf_addf(&said, "%s and is not back: %s", h->driver_before,
			    h->outcome           ? h->outcome
			    : g->d->run.ended_ms ? "giving it back was never tried"
						 : "the run has not ended, or was killed");
		if (!remedy)
			g->failed = true;
		else /* a run that goes on may give it back yet */
			diagnosis_add(g, "device-not-returned",
				      h->outcome || g->d->run.ended_ms ? CONFIDENCE_CERTAIN
								       : CONFIDENCE_LIKELY,
				      where_of(g->d, h), &said, remedy);
	}
}
