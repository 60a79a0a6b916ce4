/* doctor_areas.h - the parts of doctor_host(), one file each. Each adds rows; 0 or -ENOMEM. */
#ifndef DOCTOR_AREAS_H
#define DOCTOR_AREAS_H

#include "hostfs.h"

int doctor_cpu(const struct doctor_options *opt, struct doctor_rows *out);
int doctor_load(const struct doctor_options *opt, struct doctor_rows *out);
int doctor_memory(const struct doctor_options *opt, struct doctor_rows *out);
int doctor_disk(const struct doctor_options *opt, struct doctor_rows *out);
int doctor_passthrough(const struct doctor_options *opt, struct doctor_rows *out);
int doctor_timers(const struct doctor_options *opt, struct doctor_rows *out);

#endif
