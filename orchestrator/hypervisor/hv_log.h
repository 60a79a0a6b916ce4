/* hv_log.h - the log that libvirt's embedded driver keeps of each domain: ROOT/log/qemu/NAME.log.
 */
#ifndef HV_LOG_H
#define HV_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* The last line of QEMU's own (not libvirt's), without its time, printable; false: it said nothing.
 */
bool lv_log_last_line(const char *root, const char *name, char *out, size_t len);
/* @name NULL: those of all our domains; only when none of them runs. */
void lv_log_remove(const char *root, const char *name);

#endif
