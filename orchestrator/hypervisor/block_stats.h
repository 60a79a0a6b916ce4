/* block_stats.h - what QEMU counts of one disk: from a request's arrival in QEMU to its completion.
 *
 * query-blockstats as signals (results/series/signals.md, "qemu"). A disk is named by its "qdev",
 * as query-block has it: the id of the device, and for virtio-blk the QOM path of its backend (QEMU
 * 7.2 to 10: the id alone is refused there, "does not have a block device backend").
 */
#ifndef BLOCK_STATS_H
#define BLOCK_STATS_H

#include "hypervisor.h"
#include "series.h"

/* Histograms are asked for with ten bounds a decade, 1 us to 10 s: neighbours differ by 26 %. */
#define BLOCK_STATS_BOUNDS 71

/* The qdev of the disk whose device has the id or libvirt alias @alias, new. -ENOENT: QEMU's block
 * layer has no such disk (a PCI function that the guest has). Else as hv_vm_qmp(). */
int block_stats_find(struct hv_vm *vm, const char *alias, char **ret_qdev, struct bl_err *err);
/* Whether @qdev, as QEMU tells it, is the device @alias. */
bool block_stats_is(const char *qdev, const char *alias);

/* From now on QEMU keeps histograms of the disk's latencies, begun at zero. Changes the VM's
 * accounting: never for a VM that is not the lab's. */
int block_stats_set_histograms(struct hv_vm *vm, const char *qdev, struct bl_err *err);

/* One reading, as a new last moment of @set: when the answer came, for a main loop that is busy
 * makes the question wait, not the answer. -ENODATA: the reply has no such disk. */
int block_stats_read(struct hv_vm *vm, const char *qdev, struct series_set *set,
		     struct bl_err *err);
/* The same from a reply of query-blockstats, at the last moment of @set. What is not what QEMU
 * would say (no number, a negative one, bins that do not fit their bounds) is left out. */
int block_stats_put(const json_t *reply, const char *qdev, struct series_set *set);

/* False: devices of @bus (as "path.bus" has it) do not count what @signal is about, so that their 0
 * is no number. QEMU 7.2, seen on real VMs: virtio-blk counts no discards, nvme neither these nor
 * flushes. A later QEMU may: only a counter that never rose is to be doubted. */
bool block_stats_is_counted(const char *bus, const char *signal);
/* Takes such signals out of @set. */
void block_stats_drop_uncounted(struct series_set *set, const char *bus);

/* How long each iothread may poll before it sleeps, at the last moment of @set. */
int block_stats_read_iothreads(struct hv_vm *vm, struct series_set *set, struct bl_err *err);

#endif
