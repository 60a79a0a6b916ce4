#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "cleanup.h"
#include "fs.h"
#include "interrupts.h"
#include "tree.h"

/* Facts that are one file of the disk's folder in /sys/block. */
static const struct {
	const char *name, *file;
} plain[] = {
	{"model", "device/model"},
	{"firmware", "device/firmware_rev"}, /* nvme */
	{"write_cache", "queue/write_cache"},
	{"fua", "queue/fua"},
	{"discard_max_bytes", "queue/discard_max_bytes"},
	{"discard_granularity_bytes", "queue/discard_granularity"},
	{"logical_block_bytes", "queue/logical_block_size"},
	{"physical_block_bytes", "queue/physical_block_size"},
	{"rotational", "queue/rotational"},
	{"nr_requests", "queue/nr_requests"},
	{"max_sectors_kb", "queue/max_sectors_kb"},
	{"queue_depth", "device/queue_depth"},
};

/* Absent rather than wrong: text that is not UTF-8 is left out too. */
static void add(json_t *facts, const char *name, const char *value)
{
	if (value[0])
		json_object_set_new(facts, name, json_string(value));
}

/* The driver of the controller: the nearest device above the disk that has one. The disk itself
 * comes first only where it is the controller (virtio-blk); a SCSI disk's own driver is "sd". */
static int controller_driver(const char *name, char *out, size_t len)
{
	BL_CLEANUP(bl_freep) char *link = bl_strf("/sys/block/%s/device", name);
	char path[PATH_MAX], subsystem[64], *slash;

	if (!link || !realpath(link, path))
		return -errno;
	if (tree_link("", subsystem, sizeof subsystem, "%s/subsystem", path) == 0 &&
	    !strcmp(subsystem, "scsi"))
		*strrchr(path, '/') = '\0';
	while (!strncmp(path, "/sys/devices/", 13)) {
		if (tree_link("", out, len, "%s/driver", path) == 0)
			return 0;
		slash = strrchr(path, '/');
		*slash = '\0';
	}
	return -ENOENT;
}

/* A multipath nvme disk hangs on its subsystem; the controllers are links below that. */
static int nvme_driver(const char *name, char *out, size_t len)
{
	unsigned controller;

	if (sscanf(name, "nvme%un", &controller) != 1)
		return -ENOENT;
	return tree_link("", out, len, "/sys/class/nvme/nvme%u/device/driver", controller);
}

/* Folders in /sys/block/NAME/mq: one each hardware queue. */
static int count_queues(const char *name)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("/sys/block/%s/mq", name);
	DIR *d = path ? opendir(path) : NULL;
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

/* "mq-deadline [none]" -> "none" */
static void add_scheduler(json_t *facts, const char *name)
{
	char line[256], *open, *close;

	if (sysfs_read(line, sizeof line, "/sys/block/%s/queue/scheduler", name) < 0)
		return;
	open = strchr(line, '[');
	close = open ? strchr(open, ']') : NULL;
	if (close)
		*close = '\0';
	add(facts, "scheduler", close ? open + 1 : line);
}

/* The PCI function of the disk, and the vectors that its driver got. */
static void add_pci(json_t *facts, const char *name)
{
	char pci[32], vectors[16];
	unsigned n;

	irq_pci_of_block("", name, pci, sizeof pci);
	if (!pci[0])
		return;
	add(facts, "pci", pci);
	n = irq_msix_vectors("", pci);
	snprintf(vectors, sizeof vectors, "%u", n);
	if (n)
		add(facts, "msix_vectors", vectors);
}

json_t *disk_facts(const char *device)
{
	const char *name = device + strlen("/dev/");
	json_t *facts = json_object();
	char value[256];
	int queues;

	if (controller_driver(name, value, sizeof value) == 0 ||
	    nvme_driver(name, value, sizeof value) == 0)
		add(facts, "driver", value);
	if (disk_serial(name, value) == 0)
		add(facts, "serial", value);
	for (size_t i = 0; i < BL_ARRAY_LEN(plain); i++)
		if (sysfs_read(value, sizeof value, "/sys/block/%s/%s", name, plain[i].file) == 0)
			add(facts, plain[i].name, value);
	add_scheduler(facts, name);
	add_pci(facts, name);
	queues = count_queues(name);
	snprintf(value, sizeof value, "%d", queues);
	if (queues > 0)
		add(facts, "queues", value);
	return facts;
}
