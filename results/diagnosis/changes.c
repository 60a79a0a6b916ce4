#include "changes.h"

#include <stdio.h>
#include <string.h>

#include "cleanup.h"

const char *const change_proposals[] = {
	"iothreads=1",  "bus=virtio-blk", "bus=virtio-scsi",    "cache=none",
	"aio=native",   "queues=auto",    "format=raw",         "cluster_size=auto",
	"throttle=off", "discard=ignore", "preallocation=full",
};
const size_t n_change_proposals = BL_ARRAY_LEN(change_proposals);

/* "" where the axis has no meaning, or is not known. */
static const char *value_of(const struct cell_record *c, const char *axis)
{
	const char *value = facts_get(&c->axes, axis);

	return value ? value : "";
}

static bool has(const struct cell_record *c, const char *axis, const char *value)
{
	return !strcmp(value_of(c, axis), value);
}

/* Which axes mean something on which bus and storage is the scenario's to say (scenarios/cell.h); a
 * test asks it about each of these. */

static bool is_in_qemu(const struct cell_record *c)
{
	return !has(c, "bus", "host") && !has(c, "bus", "vfio");
}

/* QEMU opens a file or block device for it. */
static bool is_opened(const struct cell_record *c)
{
	return is_in_qemu(c) && !has(c, "bus", "nvme-userspace") && !has(c, "storage", "nbd");
}

static bool takes_iothread(const struct cell_record *c)
{
	return has(c, "bus", "virtio-blk") || has(c, "bus", "virtio-scsi") ||
	       has(c, "bus", "nvme-userspace");
}

/* With another bus QEMU's own NVMe driver would give way to the host's, and the disk to an image.
 */
static bool takes_bus(const struct cell_record *c)
{
	return is_in_qemu(c) && !has(c, "bus", "nvme-userspace");
}

static bool takes_queues(const struct cell_record *c)
{
	return is_in_qemu(c) && !has(c, "bus", "sata");
}

static bool is_direct(const struct cell_record *c)
{
	return is_opened(c) && (has(c, "cache", "none") || has(c, "cache", "directsync"));
}

static bool is_qcow2(const struct cell_record *c)
{
	return is_opened(c) && has(c, "format", "qcow2");
}

/* Metadata is of qcow2; on a device nothing is allocated for raw. */
static const char *raw_for(const struct cell_record *c)
{
	return has(c, "preallocation", "metadata") && !has(c, "storage", "device")
		       ? "format=raw,preallocation=off"
		       : "format=raw";
}

/* A device has its space already: of qcow2 only the tables can be made before. */
static const char *preallocation_for(const struct cell_record *c)
{
	return has(c, "storage", "device") ? "preallocation=metadata" : "preallocation=full";
}

static const struct fit {
	const char *axis;
	bool (*has_meaning)(const struct cell_record *c);
	const char *(*instead)(const struct cell_record *c); /* NULL: as it was proposed */
} fits[] = {
	{"iothreads", takes_iothread, NULL}, {"bus", takes_bus, NULL},
	{"cache", is_opened, NULL},          {"aio", is_direct, NULL},
	{"queues", takes_queues, NULL},      {"format", is_qcow2, raw_for},
	{"cluster_size", is_qcow2, NULL},    {"throttle", is_in_qemu, NULL},
	{"discard", is_in_qemu, NULL},       {"preallocation", is_qcow2, preallocation_for},
};

/* Is the first axis of @change so already? */
static bool is_so(const struct cell_record *c, const char *axis, const char *change)
{
	const char *value = change + strlen(axis) + 1, *is = value_of(c, axis);
	size_t n = strcspn(value, ",");

	return strlen(is) == n && !strncmp(is, value, n);
}

bool change_for_cell(const struct cell_record *c, const char *proposal, char ret[CHANGE_MAX])
{
	*ret = '\0';
	for (size_t i = 0; i < BL_ARRAY_LEN(fits); i++) {
		size_t n = strlen(fits[i].axis);

		if (strncmp(proposal, fits[i].axis, n) != 0 || proposal[n] != '=')
			continue;
		if (!fits[i].has_meaning(c))
			return false;
		if (fits[i].instead)
			proposal = fits[i].instead(c);
		if (is_so(c, fits[i].axis, proposal))
			return false;
		snprintf(ret, CHANGE_MAX, "%s", proposal);
		return true;
	}
	return false;
}

/* ---- libvirt ---- */

/* Of virtio-scsi the controller has what of virtio-blk the disk has. */
#define OF_DISK       "of the disk "
#define OF_CONTROLLER "of its controller "

bool change_in_libvirt(const struct cell_record *c, const char *change, struct bl_buf *out)
{
	static const struct {
		const char *change, *words;
		bool is_of_controller;
	} rows[] = {
		{"cache=none", "<driver cache='none'/>", false},
		{"aio=native", "<driver cache='none' io='native'/>", false},
		{"discard=ignore", "<driver discard='ignore'/>", false},
		{"throttle=off", "no <iotune>", false},
		{"bus=virtio-blk", "<target bus='virtio'/>", false},
		{"bus=virtio-scsi",
		 "<target bus='scsi'/>, and <controller type='scsi' model='virtio-scsi'/>", false},
		{"iothreads=1",
		 "<driver iothread='1'/>, and <iothreads>1</iothreads> of the domain", true},
	};
	const char *vcpus = facts_get(&c->axes, "vcpus"), *of = OF_DISK;
	bool is_scsi = has(c, "bus", "virtio-scsi");

	if (!strcmp(change, "queues=auto") && vcpus) {
		bl_buf_addf(out, "%s<driver queues='%s'/>", is_scsi ? OF_CONTROLLER : OF_DISK,
			    vcpus);
		return true;
	}
	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		if (strcmp(change, rows[i].change) != 0)
			continue;
		if (rows[i].is_of_controller && is_scsi)
			of = OF_CONTROLLER;
		bl_buf_addf(out, "%s%s", of, rows[i].words);
		return true;
	}
	return false;
}
