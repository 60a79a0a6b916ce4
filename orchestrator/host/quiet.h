/* quiet.h - is this host quiet enough to measure on, and if not, who is busy? */
#ifndef QUIET_H
#define QUIET_H

#include "doctor.h"

/* Appends to @out what would spoil a measurement now, "; " between: load, stalls of the last
 * minute, other virtual machines (the doctor's thresholds), and who used most of a CPU while this
 * looked, for @look_ns. What @out gets is empty when the host is quiet. Blocks for @look_ns.
 * -ENOMEM.
 */
int host_busy(const struct doctor_options *opt, uint64_t look_ns, struct bl_buf *out);

#endif
