/* throttle.h - a limit on the I/O of a disk, as QEMU applies it.
 *
 * Text: "off", "500iops" (requests a second) or "20MiB/s" (bytes a second); reads and writes count
 * together.
 */
#ifndef THROTTLE_H
#define THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

#define THROTTLE_ACCEPTS "off, requests a second as 500iops, or bytes a second as 20MiB/s"

struct throttle {
	uint64_t iops;    /* requests a second; 0: no limit */
	uint64_t bytes_s; /* bytes a second; 0: no limit. At most one of the two is set */
};

bool throttle_is_on(const struct throttle *t);

/* -EINVAL: quotes the value, says what is accepted; *ret is untouched. Limits are 1iops to
 * 1000000000iops and 1KiB/s to 1TiB/s; libvirt and QEMU take any that fit. */
int throttle_parse(const char *text, struct throttle *ret, struct bl_err *err);
/* Parses to the same again. */
void throttle_to_text(const struct throttle *t, struct bl_buf *out);

#endif
