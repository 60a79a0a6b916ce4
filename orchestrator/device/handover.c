#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "tree.h"
#include "units.h"

#define POLL_NS (20 * NS_PER_MS)
#define PCI_DIR "/sys/bus/pci/devices"

static size_t count_names(const char *list)
{
	size_t n = 0;

	for (const char *at = list; *at; at += strcspn(at, " "), at += *at == ' ')
		n++;
	return n;
}

/* Names say nothing: a controller may come back with another number, and a namespace, too, when
 * something (udev, for a moment) had the old disk open: what was nvme1n1 is nvme1n2 then. */
static bool has_all(const char *list, const char *wanted)
{
	return count_names(list) >= count_names(wanted);
}

int handover_wait_back(const char *root, const char *pci, const char *driver,
		       const char *namespaces, uint64_t limit_ns, char **ret_namespaces,
		       struct bl_err *err)
{
	const struct timespec nap = {.tv_nsec = POLL_NS};
	BL_CLEANUP(bl_freep) char *now = NULL;
	uint64_t end_ns = bl_now_ns() + limit_ns;
	char at[64], limit[BL_UNIT_TEXT_MAX];
	int r;

	for (;;) {
		r = device_pci_driver(root, pci, at, sizeof at);
		if (r < 0)
			return bl_fail(
				err, r,
				"'%s' is gone from the bus; look at the kernel log (dmesg) and "
				"try: echo 1 > /sys/bus/pci/rescan",
				pci);
		free(now);
		now = device_namespaces(root, pci);
		if (!now)
			return bl_fail(err, -errno, "'%s': can't tell its namespaces: %s", pci,
				       strerror(errno));
		if (strcmp(at, driver) == 0 && has_all(now, namespaces ? namespaces : ""))
			break;
		if (bl_now_ns() >= end_ns)
			return bl_fail(err, -ETIMEDOUT,
				       "'%s' is not back after %s: its driver is %s (before: %s), "
				       "its namespaces are %s (before: %s); look at the kernel log "
				       "(dmesg)",
				       pci, bl_format_ns(limit, limit_ns), at[0] ? at : "none",
				       driver, now[0] ? now : "none",
				       namespaces && namespaces[0] ? namespaces : "none");
		nanosleep(&nap, NULL);
	}
	if (ret_namespaces)
		*ret_namespaces = BL_STEAL(now);
	return 0;
}

/* One line into a file of sysfs, in one write. */
static int sys_write(const char *root, const char *text, const char *path, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *full = bl_strf("%s%s", root ? root : "", path);
	BL_CLEANUP(bl_closep) int fd = full ? open(full, O_WRONLY | O_CLOEXEC) : -1;
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (n == (ssize_t)strlen(text))
		return 0;
	return bl_fail(err, errno ? -errno : -EIO, "cannot write '%.*s' to %s: %s",
		       (int)strcspn(text, "\n"), text, path, strerror(errno ? errno : EIO));
}

static int leave_vfio(const char *root, const char *pci, struct bl_err *err)
{
	long user = handover_user(root, pci);

	/* Unbinding waits until the last user closes the group: it would hang here. */
	if (user > 0)
		return bl_fail(
			err, -EBUSY,
			"'%s' is still used by process %ld, and vfio-pci keeps it until that "
			"ends; stop it, then give the device back",
			pci, user);
	if (user < 0)
		return bl_fail(err, (int)user,
			       "'%s': can't tell whether a process still uses it, and unbinding "
			       "it would wait for that without an end: %s; run as root (in a "
			       "container with CAP_SYS_PTRACE, too)",
			       pci, strerror((int)-user));
	return sys_write(root, pci, "/sys/bus/pci/drivers/vfio-pci/unbind", err);
}

/* To @driver by name; when that refuses (its own match says no), by the bus's own choice. */
static int enter_driver(const char *root, const char *pci, const char *driver, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *bind = bl_strf("/sys/bus/pci/drivers/%s/bind", driver);
	struct bl_err first = BL_ERR_INIT;
	char at[64];
	int r = bind ? sys_write(root, pci, bind, &first) : -ENOMEM;

	if (r < 0)
		sys_write(root, pci, "/sys/bus/pci/drivers_probe", NULL);
	device_pci_driver(root, pci, at, sizeof at);
	if (strcmp(at, driver) == 0)
		return 0;
	return bl_fail(err, -EIO,
		       "'%s' can't be given back to '%s': %s; it is at %s now: echo %s > "
		       "/sys/bus/pci/drivers_probe, or restart the host",
		       pci, driver, r < 0 ? bl_err_text(&first) : "the driver did not take it",
		       at[0] ? at : "no driver", pci);
}

int handover_return(const char *root, const char *pci, const char *driver, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *override = bl_strf(PCI_DIR "/%s/driver_override", pci);
	char at[64];
	int r = device_pci_driver(root, pci, at, sizeof at);

	if (r < 0)
		return bl_fail(err, r,
			       "'%s' is not on the bus; look at the kernel log (dmesg) and try: "
			       "echo 1 > /sys/bus/pci/rescan",
			       pci);
	if (strcmp(at, driver) == 0)
		return 0;
	if (at[0] && strcmp(at, "vfio-pci") != 0)
		return bl_fail(
			err, -EBUSY,
			"'%s' is bound to '%s', neither to vfio-pci nor to '%s': somebody else "
			"moved it, so it is left there; move it by hand if that is wrong",
			pci, at, driver);
	if (at[0])
		r = leave_vfio(root, pci, err);
	/* Else the next probe would go to vfio-pci again. An empty line clears it
	 * (Documentation/ABI/testing/sysfs-bus-pci). */
	if (r == 0 && override && tree_exists(root, "%s", override))
		r = sys_write(root, "\n", override, err);
	return r < 0 ? r : enter_driver(root, pci, driver, err);
}

static void note_name(void *ctx, const char *name)
{
	snprintf(ctx, 64, "%.63s", name);
}

struct user_scan {
	char group[128], cdev[128];
	long pid;
};

static bool match_file(void *ctx, long pid, const char *link, const char *target)
{
	struct user_scan *s = ctx;

	(void)link;
	if (target[0] && (strcmp(target, s->group) == 0 || strcmp(target, s->cdev) == 0))
		s->pid = pid;
	return s->pid == 0;
}

long handover_user(const char *root, const char *pci)
{
	struct user_scan s = {.pid = 0};
	char group[64], dir[96], cdev[64] = "";
	int n = 0;

	if (!pci[0])
		return 0;
	if (tree_link(root, group, sizeof group, PCI_DIR "/%s/iommu_group", pci) == 0)
		snprintf(s.group, sizeof s.group, "/dev/vfio/%s", group);
	snprintf(dir, sizeof dir, PCI_DIR "/%.15s/vfio-dev", pci);
	tree_names(root, dir, note_name, cdev); /* Linux 6.6 and later, iommufd */
	if (cdev[0])
		snprintf(s.cdev, sizeof s.cdev, "/dev/vfio/devices/%s", cdev);
	if (s.group[0] || s.cdev[0])
		n = tree_open_files(root, match_file, &s);
	return s.pid ? s.pid : n < 0 ? n : n > 0 ? -EACCES : 0;
}

char *handover_remedy(const char *pci, char out[HANDOVER_REMEDY_MAX])
{
	snprintf(out, HANDOVER_REMEDY_MAX,
		 "blklab recover, when a killed run had it; by hand: echo %.15s > "
		 "/sys/bus/pci/drivers/vfio-pci/unbind; echo > "
		 "/sys/bus/pci/devices/%.15s/driver_override; echo %.15s > "
		 "/sys/bus/pci/drivers_probe",
		 pci, pci, pci);
	return out;
}
