/* doctor_disk.c - the disk that will be measured: what lies under the work folder. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "doctor_areas.h"
#include "fs.h"
#include "units.h"

#define AREA "disk"

static const struct {
	const char *fs;
	enum doctor_level level;
	const char *meaning, *remedy;
} file_systems[] = {
	{"ext4", DOCTOR_OK, "rewrites stay in place and O_DIRECT reaches the disk", NULL},
	{"xfs", DOCTOR_OK, "rewrites stay in place and O_DIRECT reaches the disk", NULL},
	{"tmpfs", DOCTOR_WARN, "the backing would lie in memory: no disk is measured at all",
	 "--work-dir on the disk in question"},
	{"ramfs", DOCTOR_WARN, "the backing would lie in memory: no disk is measured at all",
	 "--work-dir on the disk in question"},
	{"overlay", DOCTOR_WARN,
	 "a container's layered file system: the disk is somewhere below, and first writes copy",
	 "--work-dir on a volume or a bind mount"},
	{"btrfs", DOCTOR_WARN,
	 "copy-on-write: every rewrite of the backing moves it, so a second trial meets another "
	 "layout than the first",
	 "a folder with chattr +C, or --work-dir on ext4, xfs or a block device"},
	{"zfs", DOCTOR_WARN,
	 "copy-on-write with its own cache (ARC): reads may come from memory even with "
	 "cache=none, and sync writes pay the intent log",
	 "--work-dir on ext4 or xfs, or measure a zvol knowingly"},
	{"bcachefs", DOCTOR_WARN, "copy-on-write: every rewrite of the backing moves it",
	 "--work-dir on ext4, xfs or a block device"},
	{"nfs", DOCTOR_WARN, "the network and a server are measured, not a disk of this host",
	 "--work-dir on a local disk"},
	{"nfs4", DOCTOR_WARN, "the network and a server are measured, not a disk of this host",
	 "--work-dir on a local disk"},
	{"cifs", DOCTOR_WARN, "the network and a server are measured, not a disk of this host",
	 "--work-dir on a local disk"},
	{"ceph", DOCTOR_WARN, "the network and a cluster are measured, not a disk of this host",
	 "--work-dir on a local disk"},
	{"9p", DOCTOR_WARN, "another machine's file system through a protocol with its own cache",
	 "--work-dir on a local disk"},
	{"virtiofs", DOCTOR_WARN,
	 "another machine's file system through a protocol with its own cache",
	 "--work-dir on a local disk"},
	{"fuse", DOCTOR_WARN, "every I/O visits a user-space process on the way to the disk",
	 "--work-dir on a local disk"},
};

static int file_system(const struct work_disk *w, struct doctor_rows *out)
{
	size_t i;

	for (i = 0; i < BL_ARRAY_LEN(file_systems); i++)
		if (strcmp(file_systems[i].fs, w->fs) == 0 ||
		    (strcmp(file_systems[i].fs, "fuse") == 0 && strncmp(w->fs, "fuse", 4) == 0))
			return doctor_add(out, AREA, "file system", file_systems[i].level,
					  file_systems[i].meaning, file_systems[i].remedy,
					  "%s on %s", w->fs, w->mount);
	if (!w->fs[0])
		return doctor_add(out, AREA, "file system", DOCTOR_WARN,
				  "what the backing lies on is not known", NULL, "%s", w->why);
	return doctor_add(out, AREA, "file system", DOCTOR_INFO,
			  "the lab has no experience with it", NULL, "%s on %s", w->fs, w->mount);
}

static int free_space(const struct doctor_options *opt, const struct work_disk *w,
		      struct doctor_rows *out)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s%s", opt->root ? opt->root : "", w->path);
	struct bl_err err = BL_ERR_INIT;
	char a[BL_UNIT_TEXT_MAX];
	uint64_t bytes;
	bool is_little;

	if (!path)
		return -ENOMEM;
	if (bl_free_bytes(path, &bytes, &err) < 0)
		return doctor_add(out, AREA, "free space", DOCTOR_WARN,
				  "a backing that does not fit ends the run", NULL, "%s",
				  bl_err_text(&err));
	is_little = bytes < 1 * GiB;
	return doctor_add(
		out, AREA, "free space", is_little ? DOCTOR_BAD : DOCTOR_OK,
		"backing disks are filled in full before they are read, and a nearly full "
		"SSD or thin pool writes slower",
		is_little ? "free at least 1 GiB, or --work-dir elsewhere" : NULL, "%s in %s",
		bl_format_size(a, bytes), w->path);
}

/* Try it: 4 KiB through O_DIRECT into a file that is gone when this returns. 0 or -errno. */
static int try_direct(const char *dir)
{
	BL_CLEANUP(bl_closep) int fd = -1;
	BL_CLEANUP(bl_freep) char *name = bl_strf("%s/.blklab-doctor-%d", dir, (int)getpid());
	void *block = NULL;
	int r = 0;

	if (!name || posix_memalign(&block, 4096, 4096) != 0)
		return -ENOMEM;
	memset(block, 0x5a, 4096);
	fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_DIRECT | O_CLOEXEC, 0600);
	if (fd < 0)
		r = -errno;
	else if (pwrite(fd, block, 4096, 0) != 4096 || pread(fd, block, 4096, 0) != 4096)
		r = errno ? -errno : -EIO;
	if (fd >= 0 || r == -EINVAL) /* some file systems make the file, then refuse the flag */
		unlink(name);
	free(block);
	return r;
}

static int direct_io(const struct doctor_options *opt, const struct work_disk *w,
		     struct doctor_rows *out)
{
	BL_CLEANUP(bl_freep) char *dir = bl_strf("%s%s", opt->root ? opt->root : "", w->path);
	static const char meaning[] =
		"cache=none and directsync need it; without it every cell goes through the host "
		"page cache, and reads measure memory";
	int r;

	if (!dir)
		return -ENOMEM;
	r = try_direct(dir);
	if (r == 0)
		return doctor_add(out, AREA, "O_DIRECT", DOCTOR_OK, meaning, NULL,
				  "works (4 KiB written and read in %s)", w->path);
	if (r == -EINVAL || r == -EOPNOTSUPP)
		return doctor_add(out, AREA, "O_DIRECT", DOCTOR_BAD, meaning,
				  "--work-dir on ext4, xfs or a block device", "refused by %s",
				  w->fs);
	return doctor_add(out, AREA, "O_DIRECT", DOCTOR_WARN, meaning,
			  "--work-dir where this user may write", "not tried in %s: %s", w->path,
			  strerror(-r));
}

static int layers(const struct work_disk *w, struct doctor_rows *out)
{
	int r;

	if (!w->chain[0])
		return doctor_add(
			out, AREA, "layers", DOCTOR_WARN,
			"which disk is measured is not known, so nothing can be said about "
			"its scheduler, cache or firmware",
			NULL, "%s", w->why);
	r = doctor_add(out, AREA, "layers", w->has_loop ? DOCTOR_WARN : DOCTOR_OK,
		       w->has_loop ? "a loop device adds a file system, a thread and a page cache "
				     "between the backing and the disk"
				   : "every layer between the backing and the disk spends latency; "
				     "compare hosts only when these agree",
		       w->has_loop ? "--work-dir on the disk itself" : NULL, "%s", w->chain);
	if (w->has_thin)
		r |= doctor_add(out, AREA, "thin pool", DOCTOR_WARN,
				"the first write of a block allocates it: slower, and in bursts",
				"a fully allocated volume for measuring", "in the path");
	return r;
}

static int raid_state(const struct doctor_options *opt, const struct work_disk *w,
		      struct doctor_rows *out)
{
	char action[32];
	bool is_busy;

	if (!w->has_raid || host_line(opt, action, sizeof action,
				      "/sys/class/block/%s/md/sync_action", w->raid) < 0)
		return 0;
	is_busy = strcmp(action, "idle") != 0;
	return doctor_add(out, AREA, "raid", is_busy ? DOCTOR_WARN : DOCTOR_OK,
			  "a rebuild or check reads and writes the same disks at full speed",
			  is_busy ? "wait until /proc/mdstat is quiet" : NULL, "%s is %s", w->raid,
			  action);
}

static int scheduler(const struct doctor_options *opt, const struct work_disk *w,
		     struct doctor_rows *out)
{
	char line[128], name[32];
	uint64_t spins = 0;
	bool is_wrong;

	if (host_line(opt, line, sizeof line, "/sys/block/%s/queue/scheduler", w->disk) < 0)
		return doctor_add(out, AREA, "i/o scheduler", DOCTOR_INFO,
				  "requests may be reordered on their way", NULL,
				  "not readable for %s", w->disk);
	bracketed(line, name, sizeof name);
	host_u64(opt, &spins, "/sys/block/%s/queue/rotational", w->disk);
	is_wrong = !spins && strcmp(name, "none") != 0 && strcmp(name, "mq-deadline") != 0;
	return doctor_add(out, AREA, "i/o scheduler", is_wrong ? DOCTOR_WARN : DOCTOR_OK,
			  "a scheduler holds requests back to be fair or to merge them; on a fast "
			  "disk that is latency nobody asked for, and bfq costs most",
			  is_wrong ? "echo none > /sys/block/DISK/queue/scheduler" : NULL,
			  "%s on %s (%s)", name, w->disk, spins ? "rotational" : "not rotational");
}

static int identity(const struct doctor_options *opt, const struct work_disk *w,
		    struct doctor_rows *out)
{
	char model[96] = "", firmware[64] = "", cache[32] = "";
	bool is_back;
	int r;

	host_line(opt, model, sizeof model, "/sys/block/%s/device/model", w->disk);
	if (host_line(opt, firmware, sizeof firmware, "/sys/block/%s/device/firmware_rev",
		      w->disk) < 0)
		host_line(opt, firmware, sizeof firmware, "/sys/block/%s/device/rev", w->disk);
	r = doctor_add(out, AREA, "device", DOCTOR_INFO,
		       "a firmware update changes tail latency as much as a new disk: results hold "
		       "for this model and revision",
		       NULL, "%s: %s, firmware %s", w->disk, model[0] ? model : "no model given",
		       firmware[0] ? firmware : "not given");
	if (host_line(opt, cache, sizeof cache, "/sys/block/%s/queue/write_cache", w->disk) < 0)
		return r;
	is_back = strcmp(cache, "write back") == 0;
	return r | doctor_add(out, AREA, "device write cache", DOCTOR_INFO,
			      is_back ? "writes are acknowledged from the device's volatile cache; "
					"each flush pays for them, so fsync latency is where the "
					"truth is"
				      : "flushes cost nothing: the device calls each write durable "
					"at once (power-loss protection, or a promise)",
			      NULL, "%s", cache);
}

static int power_saving(const struct doctor_options *opt, const struct work_disk *w,
			struct doctor_rows *out)
{
	uint64_t us;

	if (strncmp(w->disk, "nvme", 4) != 0 ||
	    host_u64(opt, &us, "/sys/module/nvme_core/parameters/default_ps_max_latency_us") < 0)
		return 0;
	return doctor_add(out, AREA, "nvme power saving", us ? DOCTOR_INFO : DOCTOR_OK,
			  "an idle controller sleeps and the next I/O waits for it: the first I/Os "
			  "of a job, and all of a job with a low rate",
			  us ? "nvme_core.default_ps_max_latency_us=0 on the kernel command line"
			     : NULL,
			  us ? "on, up to %llu us to wake" : "off", (unsigned long long)us);
}

static int mount_options(const struct work_disk *w, struct doctor_rows *out)
{
	BL_CLEANUP(bl_freep) char *padded = bl_strf(",%s,", w->options);

	if (!padded)
		return -ENOMEM;
	if (strstr(padded, ",discard,") || strstr(padded, ",discard=async,"))
		return doctor_add(out, AREA, "online discard", DOCTOR_WARN,
				  "deleting a backing file between trials sends trims to the disk; "
				  "the next trial meets them",
				  "mount without discard and trim by fstrim outside the runs",
				  "%s is mounted with discard", w->mount);
	return doctor_add(out, AREA, "online discard", DOCTOR_OK,
			  "no trims are sent when a backing file is deleted", NULL, "off on %s",
			  w->mount);
}

static int io_uring(const struct doctor_options *opt, struct doctor_rows *out)
{
	uint64_t v;

	if (host_u64(opt, &v, "/proc/sys/kernel/io_uring_disabled") < 0)
		return 0; /* a kernel before 6.6 has no such switch */
	return doctor_add(out, AREA, "io_uring", v ? DOCTOR_WARN : DOCTOR_OK,
			  "aio: io_uring cells and host jobs with ioengine=io_uring need it",
			  v ? "sysctl kernel.io_uring_disabled=0" : NULL, "%s",
			  v == 0   ? "allowed"
			  : v == 1 ? "only for one group (kernel.io_uring_disabled=1)"
				   : "switched off (kernel.io_uring_disabled=2)");
}

int doctor_disk(const struct doctor_options *opt, struct doctor_rows *out)
{
	struct work_disk w;
	int r;

	work_disk_find(opt, &w);
	r = free_space(opt, &w, out) | file_system(&w, out) | mount_options(&w, out) |
	    direct_io(opt, &w, out) | layers(&w, out) | raid_state(opt, &w, out);
	if (w.disk[0])
		r |= identity(opt, &w, out) | scheduler(opt, &w, out) | power_saving(opt, &w, out);
	return r | io_uring(opt, out);
}
