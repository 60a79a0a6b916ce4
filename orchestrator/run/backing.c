#include "backing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "engine.h"
#include "fs.h"
#include "hypervisor.h"
#include "plan.h"
#include "qemuimg.h"
#include "units.h"

#define SPARE_BYTES (64 * MiB) /* left free for logs, metadata and the store */
#define TICK_NS     (200 * NS_PER_MS)

#define WINDOW_BYTES (256 * MiB) /* whose pages are looked at at once */

static const char *const img_prealloc[PREALLOCS] = {"off", "metadata", "falloc", "full"};

char *backing_prefix(char out[64])
{
	snprintf(out, 64, "blklab-%ld-%" PRIu64 "-", (long)getpid(), hv_process_start(getpid()));
	return out;
}

bool backing_is_stale(const char *name)
{
	long pid;
	uint64_t start;
	int end = 0;

	if (sscanf(name, "blklab-%ld-%" SCNu64 "-%n", &pid, &start, &end) < 2 || !end || pid <= 0)
		return false;
	return hv_process_start((pid_t)pid) != start;
}

static char *source_path(const char *dir)
{
	char prefix[64];

	return bl_strf("%s/%ssource.raw", dir, backing_prefix(prefix));
}

static bool is_stopped(const struct backing_request *req)
{
	return req->stop && *req->stop;
}

/* --- fill, in a thread so that a stop and the progress are seen --- */

struct fill {
	const char *path;
	uint64_t size_bytes, seed;
	_Atomic uint64_t done_bytes;
	_Atomic bool stop, has_ended;
	int result;
	struct bl_err err;
};

static void *fill_main(void *arg)
{
	struct fill *f = arg;

	f->result = engine_fill(f->path, f->size_bytes, f->seed, &f->done_bytes, &f->stop, &f->err);
	f->has_ended = true;
	return NULL;
}

static void pause_ns(uint64_t ns)
{
	nanosleep(&(struct timespec){.tv_sec = (time_t)(ns / NS_PER_S),
				     .tv_nsec = (long)(ns % NS_PER_S)},
		  NULL);
}

static int fill_raw(const struct backing_request *req, const char *path, struct bl_err *err)
{
	struct fill f = {.path = path, .size_bytes = req->size_bytes, .seed = req->seed};
	uint64_t next_tick = bl_now_ns() + TICK_NS;
	pthread_t thread;

	if (pthread_create(&thread, NULL, fill_main, &f) != 0)
		return bl_fail(err, -EAGAIN, "cannot start a thread to fill '%s'", path);
	while (!f.has_ended) {
		pause_ns(5 * NS_PER_MS);
		if (is_stopped(req))
			f.stop = true;
		if (bl_now_ns() < next_tick)
			continue;
		next_tick += TICK_NS;
		if (req->tick)
			req->tick(req->ctx, f.done_bytes, req->size_bytes);
	}
	pthread_join(thread, NULL);
	if (is_stopped(req))
		return bl_fail(err, -EINTR, "stopped while filling '%s'", path);
	if (f.result == -ENOSPC)
		return bl_fail(err, -ENOSPC,
			       "'%s' ran out of space after %" PRIu64 " of %" PRIu64 " bytes", path,
			       (uint64_t)f.done_bytes, req->size_bytes);
	if (f.result < 0)
		return bl_fail(err, f.result, "cannot fill '%s': %s", path, bl_err_text(&f.err));
	return 0;
}

/* --- images --- */

static void image_options(const struct backing_request *req, char *out, size_t len)
{
	int n = snprintf(out, len, "preallocation=%s", img_prealloc[req->preallocation]);

	if (req->format == FORMAT_QCOW2 && req->cluster_size)
		snprintf(out + n, len - (size_t)n, ",cluster_size=%" PRIu64, req->cluster_size);
}

static int create_image(const struct backing_request *req, const char *path, struct bl_err *err)
{
	char options[128], size[32];
	const char *argv[] = {
		"qemu-img", "create", "-q", "-f", req->format == FORMAT_RAW ? "raw" : "qcow2",
		"-o",       options,  path, size, NULL};

	if (req->format == FORMAT_RAW && req->preallocation == PREALLOC_METADATA)
		return bl_fail(err, -ENOTSUP,
			       "preallocation 'metadata' with format 'raw': a raw image has none; "
			       "use off, falloc or full");
	image_options(req, options, sizeof options);
	snprintf(size, sizeof size, "%" PRIu64, req->size_bytes);
	return qemuimg_run(argv, NULL, req->stop, NULL, NULL, err);
}

/* What the kept source holds: "SEED SIZE" in a file beside it, written last. */
static bool is_source_marked(const struct backing_request *req, const char *mark)
{
	char want[64], have[64];

	snprintf(want, sizeof want, "%" PRIu64 " %" PRIu64, req->seed, req->size_bytes);
	return bl_read_line(mark, have, sizeof have) == 0 && strcmp(have, want) == 0;
}

static bool has_source(const struct backing_request *req)
{
	BL_CLEANUP(bl_freep) char *path = source_path(req->dir);
	BL_CLEANUP(bl_freep) char *mark = path ? bl_strf("%s.seed", path) : NULL;

	return mark && is_source_marked(req, mark);
}

/* A filled raw file of this seed and size, made on first use and kept. */
static int source_get(const struct backing_request *req, char **ret_path, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = source_path(req->dir);
	BL_CLEANUP(bl_freep) char *mark = NULL;
	char text[64];
	int r;

	mark = path ? bl_strf("%s.seed", path) : NULL;
	if (!mark)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (is_source_marked(req, mark)) {
		*ret_path = BL_STEAL(path);
		return 0;
	}
	unlink(mark);
	unlink(path);
	r = close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) < 0 ? -errno : 0;
	if (r == 0 && truncate(path, (off_t)req->size_bytes) < 0)
		r = -errno;
	if (r < 0)
		return bl_fail(err, r, "cannot make '%s': %s", path, strerror(-r));
	r = fill_raw(req, path, err);
	snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64, req->seed, req->size_bytes);
	if (r == 0)
		r = bl_write_file(mark, text, strlen(text), err);
	if (r < 0) {
		unlink(path);
		return r;
	}
	*ret_path = BL_STEAL(path);
	return 0;
}

static void convert_tick(void *ctx)
{
	const struct backing_request *req = ctx;

	if (req->tick) /* it does not say how far it is */
		req->tick(req->ctx, 0, req->size_bytes);
}

/* Past the page cache where the file system can; tmpfs can't before Linux 6.6. */
static const char *convert_cache(const char *source)
{
	BL_CLEANUP(bl_closep) int fd = open(source, O_RDONLY | O_DIRECT | O_CLOEXEC);

	return fd >= 0 ? "none" : "writeback";
}

/* -S 0: nothing is left out as a hole. In order (no -W), so that the clusters lie in the
 * file as they lie in the disk, the same every time. */
static int convert_to_qcow2(const struct backing_request *req, const char *path, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *source = NULL;
	char options[128];
	int r = source_get(req, &source, err);
	const char *cache = r == 0 ? convert_cache(source) : NULL;
	const char *argv[] = {"qemu-img", "convert", "-q",    "-f",   "raw", "-O",
			      "qcow2",    "-S",      "0",     "-t",   cache, "-T",
			      cache,      "-o",      options, source, path,  NULL};

	if (r < 0)
		return r;
	image_options(req, options, sizeof options);
	return qemuimg_run(argv, NULL, req->stop, convert_tick, (void *)(uintptr_t)req, err);
}

/* --- allocation, cache --- */

int backing_allocation(const char *path, enum cell_format format, struct facts *facts,
		       struct bl_err *err)
{
	struct stat st;
	uint64_t mapped;
	int r;

	if (stat(path, &st) < 0)
		return bl_fail(err, -errno, "cannot look at '%s': %s", path, strerror(errno));
	r = qemuimg_mapped_bytes(path, format, &mapped, err);
	if (r < 0)
		return r;
	if (!S_ISBLK(st.st_mode))
		r = facts_addf(facts, "backing.allocated_bytes", "%" PRIu64,
			       (uint64_t)st.st_blocks * 512);
	if (r == 0)
		r = facts_addf(facts, "backing.mapped_bytes", "%" PRIu64, mapped);
	return r < 0 ? bl_fail(err, r, "out of memory") : 0;
}

/* Of a file or a block device. */
static int size_of(int fd, const struct stat *st, uint64_t *ret)
{
	*ret = (uint64_t)st->st_size;
	return S_ISBLK(st->st_mode) && ioctl(fd, BLKGETSIZE64, ret) < 0 ? -errno : 0;
}

/* In windows: a whole disk has as many pages as would take a gigabyte to tell of. */
static int cached_bytes(int fd, uint64_t size, uint64_t *ret)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), most = WINDOW_BYTES / page;
	BL_CLEANUP(bl_freep) unsigned char *in_core = malloc(most);
	int r = in_core ? 0 : -ENOMEM;

	*ret = 0;
	for (uint64_t at = 0; at < size && r == 0; at += WINDOW_BYTES) {
		size_t len = size - at < WINDOW_BYTES ? (size_t)(size - at) : WINDOW_BYTES;
		void *map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, (off_t)at);

		if (map == MAP_FAILED)
			return -errno;
		r = mincore(map, len, in_core) < 0 ? -errno : 0;
		munmap(map, len);
		for (size_t i = 0; r == 0 && i < (len + page - 1) / page; i++)
			*ret += (in_core[i] & 1) * page;
	}
	return r;
}

int backing_drop_cache(const struct backing *b, struct facts *facts, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = open(b->path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint64_t cached = 0, size = 0;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0 || size_of(fd, &st, &size) < 0)
		return bl_fail(err, -errno, "cannot open '%s': %s", b->path, strerror(errno));
	if (fsync(fd) < 0)
		return bl_fail(err, -errno, "cannot write back '%s': %s", b->path, strerror(errno));
	if (b->is_block && size > b->image_bytes)
		size = b->image_bytes; /* what lies behind is nobody's */
	r = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (r != 0)
		return bl_fail(err, -r, "cannot drop the cache of '%s': %s", b->path, strerror(r));
	r = cached_bytes(fd, size, &cached);
	if (r < 0)
		return bl_fail(err, r, "cannot tell what of '%s' is cached: %s", b->path,
			       strerror(-r));
	r = facts_addf(facts, "backing.cached_bytes", "%" PRIu64, cached);
	return r < 0 ? bl_fail(err, r, "out of memory") : 0;
}

/* --- making one --- */

/* What an image may take; on a block device the lab's claim lies behind. A qcow2 that fills up
 * leaves gaps: each time its refcount table grows, up to what one L2 table covers, and the old
 * table. That is most when it grows for the first time, with a file of cluster^3 / 16 bytes: 2 /
 * cluster of it. Seen with QEMU 7.2: 0.31 % of 9 MiB and 0.02 % of 1 GiB at 512 bytes, 0.19 % of
 * 64 MiB at 1 KiB, none at 4 KiB and more. */
static uint64_t image_bytes(const struct backing_request *req)
{
	if (req->format != FORMAT_QCOW2)
		return req->size_bytes;
	return plan_qcow2_bytes(req->size_bytes, req->cluster_size) + req->size_bytes / 200;
}

/* Who fills, and is there room? */
static int plan_fill(const struct backing_request *req, enum backing_fill *ret, struct bl_err *err)
{
	uint64_t need = image_bytes(req) + SPARE_BYTES + req->reserve_bytes, available;
	uint64_t with_source = need + (has_source(req) ? 0 : req->size_bytes);
	char a[BL_UNIT_TEXT_MAX], b[BL_UNIT_TEXT_MAX];
	int r = bl_free_bytes(req->dir, &available, err);

	if (r < 0)
		return r;
	*ret = req->fill;
	if (req->precondition == PRECONDITION_NONE)
		*ret = BACKING_FILL_AUTO;
	else if (req->fill != BACKING_FILL_GUEST && req->format == FORMAT_QCOW2 &&
		 (req->fill == BACKING_FILL_HOST || available >= with_source)) {
		*ret = BACKING_FILL_HOST;
		need = with_source;
	} else if (req->fill == BACKING_FILL_AUTO)
		*ret = req->format == FORMAT_RAW ? BACKING_FILL_HOST : BACKING_FILL_GUEST;
	if (available < need)
		return bl_fail(err, -ENOSPC,
			       "'%s' has %" PRIu64 " bytes free (%s); %s needs %" PRIu64 " (%s)",
			       req->dir, available, bl_format_size(a, available),
			       req->reserve_bytes ? "this disk with those that share its boot"
						  : "a disk of this size",
			       need, bl_format_size(b, need));
	return 0;
}

/* On a block device there is room by nature, and none for a copy to convert from. */
static int plan_fill_node(const struct backing_request *req, enum backing_fill *ret,
			  struct bl_err *err)
{
	uint64_t need = image_bytes(req);
	char a[BL_UNIT_TEXT_MAX], b[BL_UNIT_TEXT_MAX];

	if (req->node_bytes < need)
		return bl_fail(err, -ENOSPC,
			       "'%s' has %" PRIu64
			       " bytes to use (%s); a disk of this size needs %" PRIu64
			       " (%s): make backing: size smaller",
			       req->node, req->node_bytes, bl_format_size(a, req->node_bytes), need,
			       bl_format_size(b, need));
	if (req->precondition == PRECONDITION_NONE)
		*ret = BACKING_FILL_AUTO;
	else if (req->format == FORMAT_QCOW2)
		*ret = BACKING_FILL_GUEST;
	else if (req->fill == BACKING_FILL_AUTO)
		*ret = BACKING_FILL_HOST;
	return 0;
}

static int make_image(const struct backing_request *req, enum backing_fill fill, const char *path,
		      struct bl_err *err)
{
	int r;

	if (req->node && req->format == FORMAT_RAW)
		return fill == BACKING_FILL_HOST && !req->is_filled ? fill_raw(req, path, err) : 0;

	if (fill == BACKING_FILL_HOST && req->format == FORMAT_QCOW2)
		return convert_to_qcow2(req, path, err);
	r = create_image(req, path, err);
	if (r == 0 && fill == BACKING_FILL_HOST)
		r = fill_raw(req, path, err);
	return r;
}

static int add_facts(const struct backing_request *req, enum backing_fill fill, const char *path,
		     uint64_t took_ns, struct facts *facts, struct bl_err *err)
{
	static const char *const by[] = {
		"none: reads may meet unallocated blocks",
		"host: random data from the seed, before the start",
		"guest: random data from the seed, through the disk under test",
	};
	bool is_kept = fill == BACKING_FILL_HOST && req->node && req->is_filled;
	int r = facts_add(facts, "backing.format", cell_format_names[req->format]);

	if (r == 0)
		r = facts_addf(facts, "backing.size_bytes", "%" PRIu64, req->size_bytes);
	if (r == 0)
		r = facts_add(facts, "backing.fill",
			      is_kept ? "kept: an earlier trial of this run filled the device"
				      : by[fill]);
	if (r == 0 && fill == BACKING_FILL_HOST && !is_kept)
		r = facts_addf(facts, "backing.fill_ns", "%" PRIu64, took_ns);
	if (r < 0)
		return bl_fail(err, r, "out of memory");
	if (fill == BACKING_FILL_GUEST || (req->node && req->format == FORMAT_RAW))
		return 0;
	return backing_allocation(path, req->format, facts, err);
}

static char *image_path(const struct backing_request *req)
{
	char prefix[64];

	return req->node ? strdup(req->node)
			 : bl_strf("%s/%s%s.%s", req->dir, backing_prefix(prefix), req->name,
				   cell_format_names[req->format]);
}

static int plan(const struct backing_request *req, uint64_t *ret_disk_bytes,
		enum backing_fill *ret_fill, struct bl_err *err)
{
	int r = req->node ? engine_target_size(req->node, ret_disk_bytes, err)
			  : bl_mkdir_p(req->dir, err);

	*ret_fill = req->fill;
	if (r == 0)
		r = req->node ? plan_fill_node(req, ret_fill, err) : plan_fill(req, ret_fill, err);
	if (req->format == FORMAT_QCOW2 || !req->node)
		*ret_disk_bytes = req->size_bytes;
	return r;
}

int backing_make(const struct backing_request *req, struct backing *ret, struct facts *facts,
		 struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = image_path(req);
	enum backing_fill fill = req->fill;
	uint64_t start = bl_now_ns(), disk_bytes = 0;
	int r = path ? plan(req, &disk_bytes, &fill, err) : bl_fail(err, -ENOMEM, "out of memory");

	if (r < 0)
		return r;
	r = make_image(req, fill, path, err);
	if (r == 0)
		r = add_facts(req, fill, path, bl_now_ns() - start, facts, err);
	if (r < 0) {
		if (!req->node)
			unlink(path);
		return bl_wrap(err, r, "backing disk");
	}
	ret->path = BL_STEAL(path);
	ret->size_bytes = req->size_bytes;
	ret->disk_bytes = disk_bytes;
	ret->image_bytes = image_bytes(req);
	ret->is_block = req->node != NULL;
	ret->guest_must_fill = fill == BACKING_FILL_GUEST;
	return 0;
}

void backing_remove(struct backing *b)
{
	if (b->path && !b->is_block)
		unlink(b->path);
	free(b->path);
	*b = (struct backing){0};
}

void backing_forget_source(const char *dir)
{
	BL_CLEANUP(bl_freep) char *path = source_path(dir);
	BL_CLEANUP(bl_freep) char *mark = path ? bl_strf("%s.seed", path) : NULL;

	if (!mark)
		return;
	unlink(mark);
	unlink(path);
}

/* What is still mounted was not given back: what lies in it is not for removing. */
static bool is_mounted(const char *dir, const char *path)
{
	struct stat above, here;

	return stat(dir, &above) < 0 || lstat(path, &here) < 0 || above.st_dev != here.st_dev;
}

int backing_remove_stale(const char *dir, void (*each)(void *ctx, const char *name), void *ctx,
			 struct bl_err *err)
{
	DIR *d = opendir(dir);
	int n = 0;

	if (!d && errno == ENOENT)
		return 0;
	if (!d)
		return bl_fail(err, -errno, "cannot list '%s': %s", dir, strerror(errno));
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		BL_CLEANUP(bl_freep) char *path = NULL;

		if (!backing_is_stale(e->d_name))
			continue;
		path = bl_strf("%s/%s", dir, e->d_name);
		if (!path || is_mounted(dir, path) || bl_remove_tree(path, NULL) < 0)
			continue;
		n++;
		if (each)
			each(ctx, e->d_name);
	}
	closedir(d);
	return n;
}
