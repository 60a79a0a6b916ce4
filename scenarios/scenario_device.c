/* scenario_device.c - the device that a scenario is about, and what its VM must be able to do. */
#define SCENARIO_INTERNAL
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "pci_address.h"
#include "scenario_priv.h"
#include "units.h"

#define SERIAL_BYTES_MAX                                                                           \
	63 /* NVMe has 20, SCSI's page 80h is longer; what is beyond is no serial */
#define NSID_MAX     UINT32_C(0xfffffffe) /* ffffffffh: all of them (NVMe base specification) */
#define ACCEPTS_PCI  "a PCI address such as \"0000:5e:00.0\""
#define ACCEPTS_PATH "the path of a block device such as /dev/sdb or /dev/disk/by-id/..."
#define ACCEPTS_NEED "yes or no"

/* --- values --- */

static const char *serial_fault(const char *serial)
{
	if (serial[0] == '\0')
		return "is empty";
	if (strlen(serial) > SERIAL_BYTES_MAX)
		return "has more than 63 characters";
	if (serial[0] == ' ' || serial[strlen(serial) - 1] == ' ')
		return "begins or ends with a blank";
	for (const char *p = serial; *p; p++)
		if (!isprint((unsigned char)*p))
			return "has a character that is not printable ASCII";
	return NULL;
}

static int set_text(char **field, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

/* --- the key device --- */

static int check_pci(struct reader *r, const char *key, const struct ynode *node)
{
	char pci[BL_PCI_TEXT_MAX], q[QUOTE_MAX];

	if (bl_pci_text(r->sc->device.pci, pci) < 0)
		return fail_at(r, key, node->at, "'%s' is not %s", text_quote(q, node->text),
			       ACCEPTS_PCI);
	return set_text(&r->sc->device.pci, pci) < 0 ? fail_memory(r) : 0;
}

static int check_path(struct reader *r, const char *key, const struct ynode *node)
{
	char q[QUOTE_MAX];

	if (r->sc->device.path[0] == '/')
		return 0;
	return fail_at(r, key, node->at, "'%s' is not %s", text_quote(q, node->text), ACCEPTS_PATH);
}

static int check_serial(struct reader *r, const char *key, const struct ynode *node)
{
	const char *fault = serial_fault(r->sc->device.serial);
	char q[QUOTE_MAX];

	if (!fault)
		return 0;
	return fail_at(r, key, node->at, "'%s' %s; accepted: what `blklab doctor` shows",
		       text_quote(q, node->text), fault);
}

#define FIELD(f) offsetof(struct scenario, f)

const struct key_row device_keys[] = {
	{.key = {"pci", "PCI address of the NVMe controller", ACCEPTS_PCI, false},
	 .kind = KEY_TEXT,
	 .at = FIELD(device.pci),
	 .read = check_pci},
	{.key = {"path", "the block device, where it is named by its path", ACCEPTS_PATH, false},
	 .kind = KEY_TEXT,
	 .at = FIELD(device.path),
	 .read = check_path},
	{.key = {"serial", "serial number: the disk that is there must have this one",
		 "up to 63 printable characters", true},
	 .kind = KEY_TEXT,
	 .at = FIELD(device.serial),
	 .read = check_serial},
	{.key = {"namespace", "which namespace of the controller",
		 "a whole number from 1 to 4294967294", false},
	 .kind = KEY_COUNT,
	 .at = FIELD(device.nsid),
	 .min = 1,
	 .max = NSID_MAX},
};
const size_t n_device_keys = BL_ARRAY_LEN(device_keys);

static struct text_pos key_pos(const struct ynode *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->keys[i]->text, key) == 0)
			return map->keys[i]->at;
	return map->at;
}

int read_device(struct reader *r, const char *key, const struct ynode *node)
{
	struct scenario_device *d = &r->sc->device;
	int code = read_mapping(r, key, node, device_keys, n_device_keys);

	if (code < 0)
		return code;
	d->at = node->at;
	if (!d->pci && !d->path)
		return fail_at(r, key, node->at,
			       "is named by its serial only; add pci (%s) or path (%s)",
			       ACCEPTS_PCI, ACCEPTS_PATH);
	if (d->pci && d->path)
		return fail_at(r, key, key_pos(node, "path"),
			       "has pci and path; one of them is accepted");
	if (d->path && d->nsid)
		return fail_at(r, key, key_pos(node, "namespace"),
			       "namespace goes with pci; the path '%.60s' is one namespace already",
			       d->path);
	if (d->pci && d->nsid == 0)
		d->nsid = 1;
	return 0;
}

void device_done(struct scenario_device *d)
{
	free(d->pci);
	free(d->path);
	free(d->serial);
	memset(d, 0, sizeof *d);
}

/* --- a device of the command line --- */

static int set_name(struct scenario_device *d, const char *device, struct bl_err *err)
{
	bool is_path = device[0] == '/', had_pci = d->pci != NULL;
	char pci[BL_PCI_TEXT_MAX];

	if (!is_path && bl_pci_text(device, pci) < 0)
		return bl_fail(err, -EINVAL,
			       "device: '%.60s' is neither " ACCEPTS_PCI " nor " ACCEPTS_PATH,
			       device);
	if (set_text(is_path ? &d->path : &d->pci, is_path ? device : pci) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	free(is_path ? d->pci : d->path);
	*(is_path ? &d->pci : &d->path) = NULL;
	d->nsid = is_path ? 0 : had_pci ? d->nsid : 1;
	return 0;
}

int scenario_set_device(struct scenario *s, const char *device, const char *serial,
			struct bl_err *err)
{
	struct scenario_device *d = &s->device;
	const char *fault = serial ? serial_fault(serial) : NULL;
	int r = 0;

	if (fault)
		return bl_fail(err, -EINVAL,
			       "serial: '%.60s' %s; accepted: what `blklab doctor` shows", serial,
			       fault);
	if (device)
		r = set_name(d, device, err);
	if (r < 0 || (!device && !serial))
		return r;
	if (serial && set_text(&d->serial, serial) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (!d->serial)
		return bl_fail(err, -EINVAL,
			       "device: '%.60s' is given without a serial; a disk is only taken "
			       "when it has the serial that was named: add --serial SERIAL",
			       device);
	if (!d->pci && !d->path)
		return bl_fail(
			err, -EINVAL,
			"serial: '%.60s' is given without a device; add --device with " ACCEPTS_PCI
			" or " ACCEPTS_PATH,
			serial);
	return 0;
}

/* --- the key needs --- */

static int read_need(struct reader *r, const char *key, const struct ynode *node)
{
	const char *text = scalar(r, key, node, ACCEPTS_NEED);
	char q[QUOTE_MAX];

	if (!text)
		return -EINVAL;
	if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
		return fail_at(r, key, node->at, "'%s' is not an answer; accepted: " ACCEPTS_NEED,
			       text_quote(q, text));
	for (size_t i = 0; i < n_needs_keys; i++)
		if (strcmp(needs_keys[i].key.name, key) == 0)
			r->sc->needs[i] = strcmp(text, "yes") == 0 ? NEED_YES : NEED_NO;
	return 0;
}

#define NEED_KEY(name, help)                                                                       \
	{                                                                                          \
		.key = {name, help, ACCEPTS_NEED, false}, .read = read_need                        \
	}

const struct key_row needs_keys[] = {
	[NEEDS_LIVE_MIGRATION] =
		NEED_KEY("live_migration", "the VM must move between hosts while it runs"),
	[NEEDS_SNAPSHOTS] =
		NEED_KEY("snapshots", "the host must take snapshots or backups of the disk"),
	[NEEDS_SHARED_DEVICE] =
		NEED_KEY("shared_device", "other VMs or the host must use the same device"),
	[NEEDS_LATENCY_CRITICAL] = NEED_KEY(
		"latency_critical", "what the VM does is held up by the latency of its disk"),
	[NEEDS_DEVICE_FAULTS_HANDLED] =
		NEED_KEY("device_faults_handled",
			 "a failing device is dealt with above the VM (replicas, failover)"),
};
const size_t n_needs_keys = BL_ARRAY_LEN(needs_keys);
_Static_assert(BL_ARRAY_LEN(needs_keys) == NEED_ROWS, "a key for each need");

const char *need_name(enum need_row need)
{
	return needs_keys[need].key.name;
}

int read_needs(struct reader *r, const char *key, const struct ynode *node)
{
	return read_mapping(r, key, node, needs_keys, n_needs_keys);
}
