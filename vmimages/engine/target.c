#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "engine.h"
#include "rng.h"

/* Size of an open file or block device; a character device has none: 0. */
static int size_of(int fd, const char *path, uint64_t *ret_bytes, mode_t *ret_mode,
		   struct bl_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return bl_fail(err, -errno, "'%s': %s", path, strerror(errno));
	*ret_mode = st.st_mode & S_IFMT;
	*ret_bytes = 0;
	if (S_ISREG(st.st_mode))
		*ret_bytes = (uint64_t)st.st_size;
	else if (S_ISBLK(st.st_mode) && ioctl(fd, BLKGETSIZE64, ret_bytes) < 0)
		return bl_fail(err, -errno, "'%s': its size can't be read: %s", path,
			       strerror(errno));
	else if (!S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode))
		return bl_fail(err, -EINVAL, "'%s' is not a file or a device", path);
	return 0;
}

int engine_target_size(const char *path, uint64_t *ret_bytes, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint64_t bytes;
	mode_t mode;
	int rc;

	if (fd < 0)
		return bl_fail(err, -errno, "'%s': %s", path, strerror(errno));
	rc = size_of(fd, path, &bytes, &mode, err);
	if (rc < 0)
		return rc;
	if (S_ISCHR(mode))
		return bl_fail(err, -EINVAL,
			       "'%s' is a character device without a size; a file or a block "
			       "device is accepted",
			       path);
	*ret_bytes = bytes;
	return 0;
}

/* @total * @pct / 100 without overflow. */
static uint64_t part(uint64_t total, uint32_t pct)
{
	return total / 100 * pct + total % 100 * pct / 100;
}

/* The smallest request of the job. */
static uint64_t least_bs(const struct job *j)
{
	uint64_t least = UINT64_MAX;

	for (unsigned d = 0; d < JOB_DDIRS; d++) {
		bool is_used = d == 0 ? job_reads(j) : d == 1 ? job_writes(j) : job_trims(j);

		if (is_used && job_bs_min(j, d) < least)
			least = job_bs_min(j, d);
	}
	return least == UINT64_MAX ? job_bs_min(j, 0) : least;
}

static uint64_t up(uint64_t v, uint64_t unit)
{
	return (v + unit - 1) / unit * unit;
}

/* filesize=: drawn between its bounds; 0: not given. */
static uint64_t drawn_filesize(const struct job *j, unsigned i)
{
	uint64_t state = rng_mix(j->randseed + i), unit = least_bs(j), size = j->filesize_min;

	if (size && j->filesize_max > size)
		size += rng_below(&state, j->filesize_max - size + 1) / unit * unit;
	return size;
}

/* What the job wants of one file of @whole bytes, 0: nothing in particular. fio: filesize= has
 * its region end there, else size= is dealt out to the files, the first ones taking what is left
 * over. */
static uint64_t wanted_size(const struct job *j, const struct plan_files *f, unsigned i,
			    uint64_t whole)
{
	uint64_t offset = f->at[i].offset, unit = least_bs(j), size = j->size / f->per_clone;

	if (j->size_pct)
		return part(whole, j->size_pct) / unit * unit;
	if (j->filesize_min)
		return whole > offset ? whole - offset : 0;
	if (f->per_clone == 1)
		return size;
	size = size / unit * unit;
	return size + (i % f->per_clone < (j->size - size * f->per_clone) / unit ? unit : 0);
}

/* The region, as fio has it: a percent offset is rounded up and a percent size down
 * to blocks; what lies beyond the end is cut, unless the target can grow. */
static int find_region(const struct job *j, struct plan_files *f, unsigned i, bool can_grow,
		       struct bl_err *err)
{
	struct plan_file *p = &f->at[i];
	uint64_t unit = j->offset_align ? j->offset_align : least_bs(j), wanted;
	uint64_t whole = p->bytes, drawn = drawn_filesize(j, i);
	const char *path = p->path ? p->path : "null";

	if (drawn && (can_grow || drawn < whole))
		whole = drawn;
	p->offset = j->offset_pct ? up(part(whole, j->offset_pct), unit) : j->offset;
	if (j->offset_align)
		p->offset = up(p->offset, unit);
	f->offset_increment = j->offset_increment_pct
				      ? up(part(whole, j->offset_increment_pct), unit)
				      : j->offset_increment;
	wanted = wanted_size(j, f, i, whole);
	p->size = wanted;
	if (p->offset >= p->bytes && !(can_grow && wanted) && !j->fill_device)
		return bl_fail(err, p->bytes ? -ERANGE : -EINVAL,
			       "'%s': offset %llu is not below %s, %llu bytes%s", path,
			       (unsigned long long)p->offset,
			       p->is_limited ? "where its jobs must end" : "its size",
			       (unsigned long long)p->bytes, p->bytes ? "" : "; give size=");
	if (!can_grow || !wanted) {
		if (!p->size || p->size > p->bytes - p->offset)
			p->size = p->bytes > p->offset ? p->bytes - p->offset : 0;
	}
	if (j->fill_device && can_grow && !wanted)
		p->size = (uint64_t)1 << 50; /* until ENOSPC */
	if (p->size < least_bs(j))
		return bl_fail(err, -ERANGE,
			       "'%s': its region of %llu bytes is below one block, bs=%llu", path,
			       (unsigned long long)p->size, (unsigned long long)least_bs(j));
	return 0;
}

/* The size is the job's, not that of what is there. */
static bool gives_size(const struct job *j)
{
	return j->size || j->filesize_min || j->fill_device;
}

/* The last byte that a job says it wants, of all clones of the file: -ERANGE when that is behind
 * the limit, though the end of a smaller target would only have cut it. */
static int check_limit(const struct job *j, const struct plan_files *f, unsigned i, uint64_t limit,
		       struct bl_err *err)
{
	const struct plan_file *p = &f->at[i];
	uint64_t wanted = j->size ? wanted_size(j, f, i, p->bytes) : 0;
	uint64_t size = wanted > p->size ? wanted : p->size, step = 0;

	if (j->file_append)
		return bl_fail(err, -EINVAL,
			       "'%s': file_append writes behind the end, and jobs must end at byte "
			       "%llu of it; give an offset instead",
			       p->path, (unsigned long long)limit);
	if (f->is_shared && gives_size(j))
		step = f->offset_increment * (j->numjobs - 1);
	if (p->offset <= limit && step <= limit - p->offset && size <= limit - p->offset - step)
		return 0;
	return bl_fail(
		err, -ERANGE,
		"'%s': offset %llu and size %llu%s end behind byte %llu, where the target of "
		"these jobs ends; what lies there is not theirs: make them smaller",
		p->path, (unsigned long long)(p->offset + step), (unsigned long long)size,
		step ? " of the last clone" : "", (unsigned long long)limit);
}

/* Space without data, in the way fallocate= asks for. */
static int reserve(const struct job *j, const char *path, int fd, uint64_t have, uint64_t need,
		   struct bl_err *err)
{
	int rc = 0;

	if (j->fill_device || j->file_append)
		return 0;
	if (j->fallocate == JOB_FALLOCATE_NATIVE)
		rc = fallocate(fd, 0, (off_t)have, (off_t)(need - have));
	else if (j->fallocate == JOB_FALLOCATE_KEEP)
		rc = fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)have, (off_t)(need - have));
	else if (j->fallocate == JOB_FALLOCATE_POSIX)
		rc = (errno = posix_fallocate(fd, (off_t)have, (off_t)(need - have))) ? -1 : 0;
	else if (j->fallocate == JOB_FALLOCATE_TRUNCATE)
		rc = ftruncate(fd, (off_t)need);
	if (rc < 0 && errno == EOPNOTSUPP)
		rc = ftruncate(fd, (off_t)need);
	if (rc < 0)
		return bl_fail(err, -errno, "'%s' can't grow to %llu bytes: %s", path,
			       (unsigned long long)need, strerror(errno));
	return 0;
}

static int grow(const struct job *j, const struct plan_files *f, unsigned i, int fd,
		const struct target_asks *asks, struct bl_err *err)
{
	const struct plan_file *p = &f->at[i];
	uint64_t need = p->offset + p->size;

	if (!gives_size(j)) /* clones are cut at the end of what there is */
		return 0;
	if (f->is_shared)
		need += f->offset_increment * (j->numjobs - 1);
	if (need <= p->bytes || j->create_on_open)
		return 0;
	if (j->verify_only)
		return bl_fail(err, -ERANGE,
			       "'%s' has %llu of the %llu bytes that are to be checked", p->path,
			       (unsigned long long)p->bytes, (unsigned long long)need);
	if (asks->is_readonly)
		return bl_fail(err, -EPERM,
			       "'%s' has %llu of the %llu bytes that the job reads, and is not "
			       "lengthened under --readonly",
			       p->path, (unsigned long long)p->bytes, (unsigned long long)need);
	if ((job_reads(j) && !job_writes(j)) || j->overwrite ||
	    job_is_mixed(j)) /* reading a hole would measure nothing */
		return fill_range(p->path, p->bytes, need, j->randseed, NULL, asks->stop, err);
	return reserve(j, p->path, fd, p->bytes, need, err);
}

static void drop_cache(int fd, mode_t mode)
{
	if (S_ISBLK(mode)) {
		(void)ioctl(fd, BLKFLSBUF, 0); /* needs CAP_SYS_ADMIN; without it, as fio, warm */
		return;
	}
	if (!S_ISREG(mode))
		return;
	(void)fdatasync(fd); /* dirty pages can't be dropped */
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

void target_drop_cache(const struct file *f)
{
	if (f->fd >= 0)
		drop_cache(f->fd, f->plan->mode);
}

/* Every byte into the page cache; for pre_read=1. */
static void read_all(int fd, uint64_t bytes, const _Atomic bool *stop)
{
	char buf[65536];

	for (uint64_t at = 0; at < bytes && !(stop && atomic_load(stop)); at += sizeof(buf))
		if (pread(fd, buf, sizeof(buf), (off_t)at) <= 0)
			return;
}

static int make_folders(const char *path, struct bl_err *err)
{
	char dir[JOB_PATH_MAX];

	snprintf(dir, sizeof(dir), "%s", path);
	for (char *s = strchr(dir + 1, '/'); s; s = strchr(s + 1, '/')) {
		*s = 0;
		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			return bl_fail(err, -errno, "'%s': %s", dir, strerror(errno));
		*s = '/';
	}
	return 0;
}

/* Made only where a file belongs: a mistyped device must not become one. */
static bool is_among_devices(const char *path)
{
	BL_CLEANUP(bl_freep) char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;
	struct stat dev, st;

	if (!slash || slash == folder)
		return false;
	*slash = 0;
	return stat("/dev", &dev) == 0 && stat(folder, &st) == 0 && st.st_dev == dev.st_dev;
}

static int open_or_make(const struct job *j, const char *path, const struct target_asks *asks,
			struct bl_err *err)
{
	bool has_size = gives_size(j);
	int flags = O_CLOEXEC | O_NONBLOCK | (job_alters(j) ? O_RDWR : O_RDONLY);
	int fd = open(path, flags);

	if (fd < 0 && errno == ENOENT && has_size && j->allow_file_create &&
	    !is_among_devices(path)) {
		if (asks->is_readonly)
			return bl_fail(err, -EPERM,
				       "'%s' does not exist, and is not made under --readonly",
				       path);
		if (make_folders(path, err) < 0)
			return err->code;
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	} else if (fd < 0 && errno == ENOENT) {
		return bl_fail(err, has_size ? -ENOENT : -EINVAL,
			       "'%s' does not exist; an existing file or device is accepted, or a "
			       "file with size= in bytes",
			       path);
	}
	if (fd < 0)
		return bl_fail(err, -errno, "'%s' can't be opened for %s: %s", path,
			       job_alters(j) ? "writing" : "reading", strerror(errno));
	return fd;
}

static int prepare_file(const struct job *j, struct plan_files *f, unsigned i,
			const struct target_asks *asks, struct bl_err *err)
{
	struct plan_file *p = &f->at[i];
	BL_CLEANUP(bl_closep) int fd = open_or_make(j, p->path, asks, err);
	int rc;

	if (fd < 0)
		return fd;
	rc = size_of(fd, p->path, &p->bytes, &p->mode, err);
	if (rc < 0)
		return rc;
	p->is_limited = asks->limit_bytes && p->bytes > asks->limit_bytes;
	if (p->is_limited)
		p->bytes = asks->limit_bytes;
	rc = find_region(j, f, i, !S_ISBLK(p->mode), err);
	if (rc == 0 && asks->limit_bytes)
		rc = check_limit(j, f, i, asks->limit_bytes, err);
	if (rc < 0)
		return rc;
	if (S_ISREG(p->mode))
		rc = grow(j, f, i, fd, asks, err);
	if (rc < 0)
		return rc;
	if (j->pre_read)
		read_all(fd, p->bytes, asks->stop);
	else if (j->invalidate)
		drop_cache(fd, p->mode);
	return 0;
}

static int prepare_nothing(const struct job *j, struct plan_files *f, struct bl_err *err)
{
	for (unsigned i = 0; i < f->n; i++) {
		int rc;

		f->at[i].bytes = j->offset + (j->size ? j->size : j->filesize_max);
		rc = find_region(j, f, i, true, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int name_files(const struct job *j, const char *target, struct plan_files *f,
		      struct bl_err *err)
{
	for (unsigned i = 0; i < f->n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf path = BL_BUF_INIT;
		int rc = 0;

		if (job_engine_is_null(j->engine))
			continue;
		if (job_uses_target(j) && target && *target)
			bl_buf_adds(&path, target);
		else
			rc = job_file(j, target_subjob(j, i / f->per_clone), i % f->per_clone,
				      &path);
		if (rc < 0)
			return bl_fail(err, rc, "the name of file %u is too long", i);
		f->at[i].path = bl_buf_failed(&path) ? NULL : bl_buf_take(&path);
		if (!f->at[i].path)
			return bl_fail(err, -ENOMEM, "out of memory");
	}
	return 0;
}

int target_prepare(const struct job *j, const struct target_asks *asks, struct plan_files *ret,
		   struct bl_err *err)
{
	const char *target = asks->target;
	struct plan_files f = {.per_clone = job_uses_target(j) ? 1 : job_files(j)};
	int rc;

	if (job_uses_target(j) && !gives_size(j) && !(target && *target) &&
	    !job_engine_is_null(j->engine))
		return bl_fail(err, -EINVAL,
			       "no filename= and no disk under test; size= makes a file of the "
			       "job's own");
	f.is_shared = j->filename[0] || job_engine_is_null(j->engine) ||
		      (job_uses_target(j) && target && *target);
	f.n = f.per_clone * (f.is_shared ? 1 : j->numjobs);
	f.at = calloc(f.n, sizeof(*f.at));
	if (!f.at)
		return bl_fail(err, -ENOMEM, "out of memory");
	rc = name_files(j, target, &f, err);
	if (rc == 0 && job_engine_is_null(j->engine))
		rc = prepare_nothing(j, &f, err);
	else
		for (unsigned i = 0; i < f.n && rc == 0; i++)
			rc = prepare_file(j, &f, i, asks, err);
	if (rc < 0)
		target_done(&f);
	else
		*ret = f;
	return rc < 0 ? rc : 0;
}

void target_done(struct plan_files *f)
{
	for (unsigned i = 0; i < f->n; i++)
		free(f->at[i].path);
	free(f->at);
	*f = (struct plan_files){0};
}

static int open_flags(const struct job *j)
{
	int flags = O_CLOEXEC | (j->direct ? O_DIRECT : 0);

	if (j->sync == JOB_SYNC_SYNC)
		flags |= O_SYNC;
	else if (j->sync == JOB_SYNC_DSYNC)
		flags |= O_DSYNC;
	if (!job_alters(j))
		return flags | O_RDONLY;
	return flags | (job_reads(j) || j->verify || job_trims(j) ? O_RDWR : O_WRONLY);
}

/* fadvise_hint: how far the kernel reads ahead. */
static void advise(const struct job *j, int fd)
{
	bool is_random = j->fadvise_hint == JOB_FADVISE_RANDOM ||
			 (j->fadvise_hint == JOB_FADVISE_PATTERN && job_is_random(j));

	if (j->fadvise_hint != JOB_FADVISE_NONE)
		(void)posix_fadvise(fd, 0, 0,
				    is_random ? POSIX_FADV_RANDOM : POSIX_FADV_SEQUENTIAL);
}

int target_open(const struct job *j, const struct plan_files *f, uint32_t clone, unsigned i,
		struct file *ret, struct bl_err *err)
{
	const struct plan_file *p = &f->at[f->is_shared ? i : clone * f->per_clone + i];
	struct file file = {.plan = p, .fd = -1, .offset = p->offset, .size = p->size};

	if (f->is_shared)
		file.offset += target_subjob(j, clone) * f->offset_increment;
	if (p->path && (S_ISBLK(p->mode) || (S_ISREG(p->mode) && !gives_size(j)))) {
		if (file.offset >= p->bytes)
			return bl_fail(err, -ERANGE,
				       "'%s': clone %u starts at %llu, beyond its %llu bytes",
				       p->path, clone, (unsigned long long)file.offset,
				       (unsigned long long)p->bytes);
		if (file.size > p->bytes - file.offset)
			file.size = p->bytes - file.offset;
	}
	if (!p->path) {
		*ret = file;
		return 0;
	}
	file.fd = open(p->path, open_flags(j));
	if (file.fd < 0 && errno == EINVAL && j->direct)
		return bl_fail(err, -EINVAL,
			       "'%s' does not take direct=1; use direct=0 or another file system",
			       p->path);
	if (file.fd < 0)
		return bl_fail(err, -errno, "'%s': %s", p->path, strerror(errno));
	advise(j, file.fd);
	*ret = file;
	return 0;
}

int target_close(const struct job *j, struct file *f)
{
	int rc = 0;

	if (f->fd >= 0 && j->fsync_on_close && fsync(f->fd) < 0)
		rc = -errno;
	bl_closep(&f->fd);
	f->fd = -1;
	return rc;
}

void target_unlink(const struct job *j, const struct plan_files *f)
{
	for (unsigned i = 0; j->unlink && i < f->n; i++)
		if (f->at[i].path && S_ISREG(f->at[i].mode))
			unlink(f->at[i].path);
}

uint64_t target_bytes(const struct job *j, const struct file *files, unsigned n)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += files[i].size;
	return j->size && j->size < sum ? j->size : sum;
}
