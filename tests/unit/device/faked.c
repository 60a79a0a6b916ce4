#include "faked.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fresh_dir.h"
#include "fs.h"
#include "units.h"

char faked_root[64];

static char *full_path(const char *path)
{
	char *full = bl_strf("%s%s", faked_root, path);
	BL_CLEANUP(bl_freep) char *dir = strdup(full);

	*strrchr(dir, '/') = '\0';
	ck_assert_int_eq(bl_mkdir_p(dir, NULL), 0);
	return full;
}

void faked_put_bytes(const char *path, const void *data, size_t len)
{
	BL_CLEANUP(bl_freep) char *full = full_path(path);
	FILE *f = fopen(full, "w");

	ck_assert_msg(f != NULL, "%s", full);
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

void faked_put(const char *path, const char *text)
{
	faked_put_bytes(path, text, strlen(text));
}

void faked_link(const char *path, const char *target)
{
	BL_CLEANUP(bl_freep) char *full = full_path(path);
	BL_CLEANUP(bl_freep) char *fresh = bl_strf("%s.fresh", full);

	/* Replaced in one step: another thread may be looking. */
	ck_assert_int_eq(symlink(target, fresh), 0);
	ck_assert_int_eq(rename(fresh, full), 0);
}

void faked_remove(const char *path)
{
	BL_CLEANUP(bl_freep) char *full = full_path(path);

	ck_assert_int_eq(bl_remove_tree(full, NULL), 0);
}

void faked_write_at(const char *node, const void *data, size_t len, off_t at)
{
	BL_CLEANUP(bl_freep) char *full = bl_strf("%s/dev/%s", faked_root, node);
	BL_CLEANUP(bl_closep) int fd = open(full, O_WRONLY | O_CLOEXEC);

	ck_assert_int_eq(pwrite(fd, data, len, at), (ssize_t)len);
}

static void image(const char *name, uint64_t bytes)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("/dev/%s", name);
	BL_CLEANUP(bl_freep) char *full = full_path(path);

	faked_put(path, "");
	ck_assert_int_eq(truncate(full, (off_t)bytes), 0);
}

void faked_empty(void)
{
	fresh_dir(faked_root);
}

void faked_make(void)
{
	faked_empty();
	faked_put("/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n");
	faked_put("/proc/self/mountinfo",
		  "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n");
	faked_put("/sys/devices/pci0000:00/0000:00:1f.2/ata1/block/sda/dev", "8:0\n");
	faked_put("/sys/devices/pci0000:00/0000:00:1f.2/ata1/block/sda/size", "32768\n");
	faked_put("/sys/devices/pci0000:00/0000:00:1f.2/ata1/block/sda/sda1/partition", "1\n");
	faked_link("/sys/class/block/sda", "../../devices/pci0000:00/0000:00:1f.2/ata1/block/sda");
	faked_link("/sys/class/block/sda1",
		   "../../devices/pci0000:00/0000:00:1f.2/ata1/block/sda/sda1");
	faked_link("/sys/dev/block/8:1",
		   "../../devices/pci0000:00/0000:00:1f.2/ata1/block/sda/sda1");
}

void faked_drop(void)
{
	ck_assert_int_eq(bl_remove_tree(faked_root, NULL), 0);
}

void faked_driver(const char *pci, const char *driver)
{
	BL_CLEANUP(bl_freep) char *link = bl_strf("/sys/bus/pci/devices/%s/driver", pci);
	BL_CLEANUP(bl_freep) char *to = bl_strf("../../../bus/pci/drivers/%s", driver);

	faked_remove(link);
	if (driver[0])
		faked_link(link, to);
}

void faked_pci(const char *pci, const char *class, const char *driver, int group)
{
	BL_CLEANUP(bl_freep) char *of_class = bl_strf("/sys/devices/pci0000:00/%s/class", pci);
	BL_CLEANUP(bl_freep) char *on_bus = bl_strf("/sys/bus/pci/devices/%s", pci);
	BL_CLEANUP(bl_freep) char *place = bl_strf("../../../devices/pci0000:00/%s", pci);
	BL_CLEANUP(bl_freep)
	char *of_group = bl_strf("/sys/devices/pci0000:00/%s/iommu_group", pci);
	BL_CLEANUP(bl_freep) char *group_dir = bl_strf("../../../kernel/iommu_groups/%d", group);
	BL_CLEANUP(bl_freep)
	char *member = bl_strf("/sys/kernel/iommu_groups/%d/devices/%s", group, pci);
	BL_CLEANUP(bl_freep) char *back = bl_strf("../../../../devices/pci0000:00/%s", pci);

	faked_put(of_class, class);
	faked_link(on_bus, place);
	faked_driver(pci, driver);
	if (group < 0)
		return;
	faked_link(of_group, group_dir);
	faked_link(member, back);
}

static char *nvme_dir(const char *pci, unsigned n)
{
	return bl_strf("/sys/devices/pci0000:00/%s/nvme/nvme%u", pci, n);
}

static void put_below(const char *dir, const char *what, const char *text)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s", dir, what);

	faked_put(path, text);
}

void faked_nvme(const char *pci, unsigned n, const char *serial, int group)
{
	BL_CLEANUP(bl_freep) char *dir = nvme_dir(pci, n);
	BL_CLEANUP(bl_freep) char *class = bl_strf("/sys/class/nvme/nvme%u", n);
	BL_CLEANUP(bl_freep) char *to = bl_strf("../..%s", dir + strlen("/sys"));
	BL_CLEANUP(bl_freep) char *device = bl_strf("%s/device", dir);
	BL_CLEANUP(bl_freep) char *back = bl_strf("../../../%s", pci);
	BL_CLEANUP(bl_freep) char *padded = bl_strf("%-20s\n", serial);

	faked_pci(pci, "0x010802\n", "nvme", group);
	put_below(dir, "serial", padded);
	put_below(dir, "model", "TEST SSD 1000                           \n");
	put_below(dir, "firmware_rev", "FW42    \n");
	put_below(dir, "hwmon0/name", "nvme\n");
	faked_link(device, back);
	faked_link(class, to);
}

/* Attributes that every block device has. */
static void block(const char *dir, const char *name, const char *number, uint64_t bytes)
{
	BL_CLEANUP(bl_freep) char *class = bl_strf("/sys/class/block/%s", name);
	BL_CLEANUP(bl_freep) char *dev = bl_strf("/sys/dev/block/%s", number);
	BL_CLEANUP(bl_freep) char *to = bl_strf("../..%s", dir + strlen("/sys"));
	BL_CLEANUP(bl_freep) char *line = bl_strf("%s\n", number);
	BL_CLEANUP(bl_freep) char *sectors = bl_strf("%llu\n", (unsigned long long)bytes / 512);

	put_below(dir, "dev", line);
	put_below(dir, "ro", "0\n");
	put_below(dir, "size", sectors);
	put_below(dir, "queue/logical_block_size", "512\n");
	put_below(dir, "holders/.keep", "");
	faked_link(class, to);
	faked_link(dev, to);
	image(name, bytes);
}

void faked_namespace(const char *pci, unsigned n, unsigned nsid, unsigned minor)
{
	BL_CLEANUP(bl_freep) char *controller = nvme_dir(pci, n);
	BL_CLEANUP(bl_freep) char *name = bl_strf("nvme%un%u", n, nsid);
	BL_CLEANUP(bl_freep) char *dir = bl_strf("%s/%s", controller, name);
	BL_CLEANUP(bl_freep) char *number = bl_strf("259:%u", minor);
	BL_CLEANUP(bl_freep) char *id = bl_strf("%u\n", nsid);
	BL_CLEANUP(bl_freep) char *device = bl_strf("%s/device", dir);

	block(dir, name, number, 16 * MiB);
	put_below(dir, "nsid", id);
	faked_link(device, "..");
}

void faked_partition(const char *pci, unsigned n, unsigned nsid, unsigned part, unsigned minor)
{
	BL_CLEANUP(bl_freep) char *controller = nvme_dir(pci, n);
	BL_CLEANUP(bl_freep) char *name = bl_strf("nvme%un%up%u", n, nsid, part);
	BL_CLEANUP(bl_freep) char *dir = bl_strf("%s/nvme%un%u/%s", controller, n, nsid, name);
	BL_CLEANUP(bl_freep) char *number = bl_strf("259:%u", minor);

	block(dir, name, number, 512 * KiB);
	put_below(dir, "partition", "1\n");
}

void faked_disk(const char *name, const char *serial, const char *number)
{
	BL_CLEANUP(bl_freep) char *dir = bl_strf("/sys/devices/platform/%s", name);

	block(dir, name, number, 16 * MiB);
	if (serial[0])
		put_below(dir, "serial", serial);
}

void faked_one_disk(void)
{
	faked_make();
	faked_nvme(PCI, 0, SERIAL, 12);
	faked_namespace(PCI, 0, 1, 0);
	faked_put("/sys/bus/pci/drivers/vfio-pci/bind", "");
	faked_put("/proc/sys/kernel/osrelease", "6.1.0-test\n");
}
