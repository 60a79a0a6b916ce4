/* fill.c - random data that can be checked: word i of the target is a function of the
 * seed and of i, whoever wrote it. */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "rng.h"
#include "target.h"
#include "units.h"

#define BLOCK MiB

void engine_fill_block(void *block_1mib, uint64_t offset, uint64_t seed)
{
	uint64_t *word = block_1mib;
	uint64_t state = rng_mix(seed) + offset / sizeof(*word) * RNG_STEP;

	for (size_t i = 0; i < BLOCK / sizeof(*word); i++)
		word[i] = rng_next(&state);
}

static int write_all(int fd, const char *data, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		data += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

/* The parts of the 1 MiB blocks that lie in [from, to); whole blocks past the page
 * cache, the ragged ends through it. */
static int write_range(int fd, int direct_fd, char *block, const uint64_t range[2], uint64_t seed,
		       _Atomic uint64_t *done_bytes, _Atomic bool *stop, uint64_t *ret_at)
{
	for (uint64_t at = range[0]; at < range[1];) {
		uint64_t base = at / BLOCK * BLOCK;
		uint64_t end = base + BLOCK < range[1] ? base + BLOCK : range[1];
		bool is_whole = end - at == BLOCK && direct_fd >= 0;
		int rc;

		*ret_at = at;
		if (stop && atomic_load_explicit(stop, memory_order_relaxed))
			return -ECANCELED;
		engine_fill_block(block, base, seed);
		rc = write_all(is_whole ? direct_fd : fd, block + (at - base), end - at, at);
		if (rc == -EINVAL && is_whole) { /* takes O_DIRECT at open only */
			direct_fd = -1;
			continue;
		}
		if (rc < 0)
			return rc;
		if (done_bytes)
			atomic_fetch_add_explicit(done_bytes, end - at, memory_order_relaxed);
		at = end;
	}
	return 0;
}

int fill_range(const char *path, uint64_t from, uint64_t to, uint64_t seed,
	       _Atomic uint64_t *done_bytes, _Atomic bool *stop, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	BL_CLEANUP(bl_closep) int direct_fd = open(path, O_WRONLY | O_DIRECT | O_CLOEXEC);
	uint64_t at = from;
	void *block;
	int rc;

	if (fd < 0)
		return bl_fail(err, -errno, "'%s' can't be opened for writing: %s", path,
			       strerror(errno));
	block = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (block == MAP_FAILED)
		return bl_fail(err, -ENOMEM, "out of memory");
	rc = write_range(fd, direct_fd, block, (uint64_t[]){from, to}, seed, done_bytes, stop, &at);
	munmap(block, BLOCK);
	if (rc == -ECANCELED)
		return bl_fail(err, rc, "'%s': stopped at byte %llu of %llu", path,
			       (unsigned long long)at, (unsigned long long)to);
	if (rc < 0)
		return bl_fail(err, rc, "'%s': write at offset %llu: %s", path,
			       (unsigned long long)at, strerror(-rc));
	if (fsync(fd) < 0)
		return bl_fail(err, -errno, "'%s': fsync: %s", path, strerror(errno));
	return 0;
}

int engine_fill(const char *path, uint64_t size, uint64_t seed, _Atomic uint64_t *done_bytes,
		_Atomic bool *stop, struct bl_err *err)
{
	struct stat st;

	if (!strncmp(path, "/dev/", 5) && stat(path, &st) < 0)
		return bl_fail(err, -errno, "'%s': %s", path, strerror(errno));
	return fill_range(path, 0, size, seed, done_bytes, stop, err);
}
