#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "agent.h"
#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "nvme_info.h"

/* SCSI: INQUIRY (12h) with EVPD, page 80h "unit serial number" (SPC): 4 bytes of header, the length
 * in bytes 2 and 3, then ASCII. */
#define VPD_SERIAL 0x80
#define VPD_HEADER 4

static int vpd_text(const unsigned char *page, size_t have, char out[128])
{
	size_t len = have >= VPD_HEADER ? (size_t)(page[2] << 8 | page[3]) : 0;

	if (len > have - VPD_HEADER)
		len = have - VPD_HEADER;
	if (!len || have < VPD_HEADER || page[1] != VPD_SERIAL)
		return -ENOENT;
	if (len > 127)
		len = 127;
	memcpy(out, page + VPD_HEADER, len);
	out[len] = '\0';
	trim(out);
	return out[0] ? 0 : -ENOENT;
}

/* The page as the kernel kept it when the disk appeared. */
static int serial_from_kept_page(const char *name, char out[128])
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("/sys/block/%s/device/vpd_pg80", name);
	BL_CLEANUP(bl_closep) int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	unsigned char page[256];
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, page, sizeof page);
	return n > 0 ? vpd_text(page, (size_t)n, out) : -ENOENT;
}

/* ATA disks answer it too: libata makes the page from IDENTIFY. */
static int serial_by_inquiry(const char *name, char out[128])
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("/dev/%s", name);
	BL_CLEANUP(bl_closep) int fd = path ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
	unsigned char command[6] = {0x12, 1, VPD_SERIAL, 0, 252, 0}, sense[32], page[252] = {0};
	struct sg_io_hdr io = {
		.interface_id = 'S',
		.cmd_len = sizeof command,
		.cmdp = command,
		.mx_sb_len = sizeof sense,
		.sbp = sense,
		.dxfer_direction = SG_DXFER_FROM_DEV,
		.dxfer_len = sizeof page,
		.dxferp = page,
		.timeout = 2000, /* ms */
	};

	if (fd < 0 || ioctl(fd, SG_IO, &io) < 0)
		return -errno;
	if ((io.info & SG_INFO_OK_MASK) != SG_INFO_OK)
		return -EIO;
	return vpd_text(page, sizeof page - (size_t)io.resid, out);
}

int disk_serial(const char *name, char out[128])
{
	if (sysfs_read(out, 128, "/sys/block/%s/serial", name) == 0 && out[0])
		return 0; /* virtio-blk */
	if (sysfs_read(out, 128, "/sys/block/%s/device/serial", name) == 0 && out[0])
		return 0; /* nvme */
	if (!strncmp(name, "sd", 2) && serial_from_kept_page(name, out) == 0)
		return 0;
	return strncmp(name, "sd", 2) ? -ENOENT : serial_by_inquiry(name, out);
}

/* Is /sys/block/NAME a disk of its own with that serial number and a device node? Paths of an nvme
 * multipath disk have none. */
static bool is_wanted(const char *name, const char *serial)
{
	char have[128], hidden[8], node[DISK_NAME_MAX];

	if (name[0] == '.' || strlen(name) > DISK_NAME_MAX - 6)
		return false;
	if (sysfs_read(hidden, sizeof hidden, "/sys/block/%s/hidden", name) == 0 &&
	    !strcmp(hidden, "1"))
		return false;
	if (disk_serial(name, have) < 0 || strcmp(have, serial))
		return false;
	snprintf(node, sizeof node, "/dev/%.*s", DISK_NAME_MAX - 6, name);
	return bl_exists(node);
}

int disk_find(const char *serial, uint32_t nsid, char device[DISK_NAME_MAX])
{
	DIR *d = opendir("/sys/block");
	struct dirent *e;
	uint32_t best = 0;
	int r = -ENOENT;

	while (d && (e = readdir(d))) {
		uint32_t id = nvme_namespace_of("", e->d_name);

		if (!is_wanted(e->d_name, serial) || (nsid && id != nsid))
			continue;
		if (r == 0 && id >= best)
			continue;
		snprintf(device, DISK_NAME_MAX, "/dev/%.*s", DISK_NAME_MAX - 6, e->d_name);
		best = id;
		r = 0;
	}
	if (d)
		closedir(d);
	return r;
}

int disk_first_read(const char *device, uint64_t *ret_ns, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = open(device, O_RDONLY | O_DIRECT | O_CLOEXEC);
	char block[4096] __attribute__((aligned(4096)));
	ssize_t n = fd < 0 ? -1 : pread(fd, block, sizeof block, 0);

	if (n < 0)
		return bl_fail(err, -errno, "cannot read '%s': %s", device, strerror(errno));
	if (n != (ssize_t)sizeof block)
		return bl_fail(err, -EIO, "'%s' gave %zd of its first %zu bytes", device, n,
			       sizeof block);
	*ret_ns = bl_now_ns();
	return 0;
}
