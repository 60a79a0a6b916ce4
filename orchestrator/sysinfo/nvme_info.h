/* nvme_info.h - what an NVMe controller says of itself, by libnvme.
 *
 * The one door to libnvme; the same code on the host and, linked statically, in the guest.
 * What could not be told is absent. Values are unpadded printable ASCII, numbers are decimal.
 * (Source of every layout: NVM Express base specification, revision 1.4; sections named below.)
 */
#ifndef NVME_INFO_H
#define NVME_INFO_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

typedef void nvme_fact_fn(void *ctx, const char *key, const char *value);

/* Identify of the controller @node ("/dev/nvme0") and namespace @nsid (0: none), as facts:
 * "model", "serial", "firmware", "nvme_version" ("1.4"), "controller_id", "serves_as" ("I/O
 * controller"; from 1.4 on), "max_transfer_bytes" (absent: no limit; taken that its smallest page
 * is 4 KiB, which only its registers tell), "volatile_write_cache" (there is one: yes, no),
 * "volatile_write_cache_enabled", "io_queues_max" (queue pairs that it allocated: number of queues
 * feature); of the namespace: "namespace" ("1"), "size_bytes", "capacity_bytes",
 * "utilization_bytes", "lba_format" ("512 B + 0 B metadata").
 * Negative errno, and facts that were told before stand: it can't be opened (-EACCES, -ENOENT...),
 * -EIO: the controller refused Identify (its status is in @err). */
int nvme_identity(const char *node, uint32_t nsid, nvme_fact_fn *fact, void *ctx,
		  struct bl_err *err);

/* SMART / health log (02h) and error information log (01h), as facts: "smart.critical_warning"
 * (bits as hex), "smart.temperature_c", "smart.available_spare_pct", "smart.spare_threshold_pct",
 * "smart.used_pct", "smart.data_read_bytes", "smart.data_written_bytes" (512,000 per unit),
 * "smart.read_commands", "smart.write_commands", "smart.busy_min", "smart.power_cycles",
 * "smart.power_on_h", "smart.unsafe_shutdowns", "smart.media_errors", "smart.error_log_entries",
 * "smart.warning_temp_min", "smart.critical_temp_min", "smart.thermal_1_transitions",
 * "smart.thermal_1_s", and _2; "errors.entries" (valid ones in the error log, of at most 64 that
 * are read), "errors.last_status" of the newest ("0x4002 (Invalid Field in Command)"). The logs are
 * read so that no event waiting in them is taken away from the kernel. Errors as nvme_identity(); a
 * controller without an error log is no error. */
int nvme_health(const char *node, nvme_fact_fn *fact, void *ctx, struct bl_err *err);

/* The controller of a block device: "nvme0" of "nvme0n1" (with several paths, the first of them);
 * "" for a disk that is no NVMe. @root: "", or a folder with a faked /sys. */
void nvme_controller_of(const char *root, const char *block, char *out, size_t len);

/* The namespace id of a block device; 0: it has none. */
uint32_t nvme_namespace_of(const char *root, const char *block);

/* The bytes of the above as facts. Nothing is read beyond the sizes given. */
#define NVME_IDENTIFY_BYTES    4096
#define NVME_HEALTH_BYTES      512
#define NVME_ERROR_ENTRY_BYTES 64

/* @identify: Identify with CNS 01h (5.15.2.2). */
void nvme_controller_decode(const void *identify, nvme_fact_fn *fact, void *ctx);
/* @identify: Identify with CNS 00h (5.15.2.1). */
void nvme_namespace_decode(const void *identify, uint32_t nsid, nvme_fact_fn *fact, void *ctx);
/* @log: log page 02h (5.14.1.2). */
void nvme_health_decode(const void *log, nvme_fact_fn *fact, void *ctx);
/* @log: @n_entries of log page 01h (5.14.1.1), the newest first. */
void nvme_errors_decode(const void *log, size_t n_entries, nvme_fact_fn *fact, void *ctx);

#endif
