/* doctor_hypervisor.c - KVM, QEMU and libvirt: can VMs be run, and which axis values can't be. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "hostfs.h"

#define AREA "acceleration"

static int device(const struct doctor_options *opt, struct doctor_rows *out)
{
	static const char meaning[] = "without KVM every guest instruction is emulated by many of "
				      "the host: compare paths, not absolute times";
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/dev/kvm", opt->root ? opt->root : "");
	BL_CLEANUP(bl_closep) int fd = -1;

	if (!path)
		return -ENOMEM;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return doctor_add(out, AREA, "/dev/kvm", DOCTOR_OK,
				  "it opens; only a guest that boots proves that it works", NULL,
				  "opens");
	return doctor_add(out, AREA, "/dev/kvm", DOCTOR_WARN, meaning,
			  errno == ENOENT ? "switch on VT-x or AMD-V in the firmware (of the host "
					    "outside, in a VM), modprobe kvm_intel or kvm_amd"
					  : "usermod -aG kvm USER, then log in again",
			  "%s", strerror(errno));
}

static int proof(const struct doctor_hypervisor *hv, struct doctor_rows *out)
{
	static const char emulated[] =
		"guests run on an emulated CPU: software paths look more expensive than they are, "
		"so compare cells with each other and not with real hardware";

	if (!hv->accel)
		return doctor_add(out, AREA, "probe guest", DOCTOR_INFO,
				  "/dev/kvm may open and still not boot a kernel (nested "
				  "virtualization)",
				  "blklab doctor --probe boots one; blklab run does so by itself",
				  "not proven%s%s", hv->accel_how ? ": " : "",
				  hv->accel_how ? hv->accel_how : "");
	if (strcmp(hv->accel, "kvm") == 0)
		return doctor_add(out, AREA, "probe guest", DOCTOR_OK,
				  "a guest booted under KVM: its CPU is the host's", NULL,
				  "kvm%s%s", hv->accel_how ? ": " : "",
				  hv->accel_how ? hv->accel_how : "");
	return doctor_add(out, AREA, "probe guest", DOCTOR_WARN, emulated,
			  "run on a host whose KVM boots guests", "%s%s%s", hv->accel,
			  hv->accel_how ? ": " : "", hv->accel_how ? hv->accel_how : "");
}

/* What can be done about it, by what the reason was. */
static int add_fault(const struct doctor_hypervisor *hv, struct doctor_rows *out)
{
	static const char meaning[] = "the lab starts and asks every VM through it";

	switch (hv->fault_code) {
	case -EBUSY:
		return doctor_add(out, "hypervisor", "libvirt", DOCTOR_WARN,
				  "one process at a time runs VMs in a work folder; what libvirt "
				  "and QEMU can do was not asked",
				  "wait until it ends, or use another --work-dir", "%s", hv->fault);
	case -EACCES:
	case -EPERM:
	case -EROFS:
	case -ENOSPC:
	case -ENOTDIR:
		return doctor_add(out, "hypervisor", "libvirt", DOCTOR_BAD, meaning,
				  "a --work-dir that this user can write to and that has room",
				  "%s", hv->fault);
	default:
		return doctor_add(out, "hypervisor", "libvirt", DOCTOR_BAD, meaning,
				  "apt install libvirt-daemon-driver-qemu qemu-system-x86 "
				  "(Debian), or another --uri",
				  "%s", hv->fault);
	}
}

static int versions(const struct doctor_hypervisor *hv, struct doctor_rows *out)
{
	static const char meaning[] = "the block layer that is measured: runs under different "
				      "versions are different configurations";
	int r = 0;

	if (hv->fault)
		r |= add_fault(hv, out);
	else
		r |= doctor_add(out, "hypervisor", "libvirt", DOCTOR_OK, meaning, NULL, "%s (%s)",
				hv->libvirt_version ? hv->libvirt_version : "version not told",
				hv->uri ? hv->uri : "no URI");
	if (hv->qemu_version)
		r |= doctor_add(out, "hypervisor", "qemu", DOCTOR_OK, meaning, NULL, "%s",
				hv->qemu_version);
	else if (!hv->fault)
		r |= doctor_add(out, "hypervisor", "qemu", DOCTOR_BAD, meaning,
				"apt install qemu-system-x86", "no default emulator");
	return r;
}

/* Axis values that need a version. Sources: QEMU change log 5.0 (aio io_uring), 9.0
 * (iothread-vq-mapping of virtio-blk); libvirt news 6.3 (io='io_uring'). */
static const struct {
	const char *what, *remedy;
	double qemu, libvirt;
} needs[] = {
	{"aio: io_uring", "QEMU 5.0 and libvirt 6.3 or newer", 5.0, 6.3},
	{"iothreads: 2 and more on virtio-blk",
	 "QEMU 9.0 or newer; unpacked packages of it will do: the axis emulator", 9.0, 0},
};

static int axes(const struct doctor_hypervisor *hv, struct doctor_rows *out)
{
	double qemu = hv->qemu_version ? strtod(hv->qemu_version, NULL) : 0;
	double libvirt = hv->libvirt_version ? strtod(hv->libvirt_version, NULL) : 0;
	int r = 0;

	for (size_t i = 0; qemu > 0 && i < BL_ARRAY_LEN(needs); i++) {
		bool is_there = qemu >= needs[i].qemu && libvirt >= needs[i].libvirt;

		r |= doctor_add(
			out, "hypervisor", needs[i].what, is_there ? DOCTOR_OK : DOCTOR_INFO,
			is_there ? "cells with it can run"
				 : "cells with it are listed as impossible, with the reason",
			is_there ? NULL : needs[i].remedy,
			is_there ? "possible with QEMU %s, libvirt %s"
				 : "not with QEMU %s, libvirt %s",
			hv->qemu_version, hv->libvirt_version ? hv->libvirt_version : "?");
	}
	return r;
}

int doctor_hypervisor(const struct doctor_options *opt, const struct doctor_hypervisor *hv,
		      struct doctor_rows *out, struct bl_err *err)
{
	int r = device(opt, out) | proof(hv, out) | versions(hv, out) | axes(hv, out);

	return r < 0 ? bl_fail(err, r, "out of memory") : 0;
}
