/* environment.h - the parts of the environment snapshot that have files of their own. Private to
 * orchestrator/host/; host_environment() of doctor.h is the whole.
 */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include "hostfs.h"

/* The first line of @path as fact @key; @has_choice: of "always [madvise] never" the chosen word.
 * Nothing when it can't be read or is empty. -ENOMEM. */
int environment_file(const struct doctor_options *opt, struct facts *out, const char *key,
		     bool has_choice, const char *path);

/* What lies below the work folder: file system, layers and the disk ("disk.model",
 * "disk.firmware", "disk.serial", ...). Below RAID or a volume over several disks those of the
 * first, and of all "disk.members": "2 x SAMSUNG MZ7 firmware HXM7; ...", alike whatever the kernel
 * called them, and "disk.member_serials". -ENOMEM. */
int environment_disk(const struct doctor_options *opt, struct facts *out);

/* "package.qemu-system-x86" = "1:7.2+dfsg-7+deb12u16": what dpkg(1) says is installed of what runs
 * VMs. Nothing on hosts without it. -ENOMEM. */
int environment_packages(const struct doctor_options *opt, struct facts *out);

#endif
