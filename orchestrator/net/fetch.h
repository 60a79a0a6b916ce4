/* fetch.h - the one door to libcurl: get a file once, keep it by its checksum. */
#ifndef FETCH_H
#define FETCH_H

#include <signal.h>
#include <stdint.h>

#include "err.h"

/* Called now and then with bytes so far and in all (0: not known). */
typedef void (*fetch_progress_fn)(void *ctx, const char *url, uint64_t done_bytes,
				  uint64_t total_bytes);

struct fetch_request {
	const char *url;       /* http, https or file */
	const char *sha256;    /* 64 hex digits; required: a cache is only as good as its key */
	const char *cache_dir; /* made when missing; the file is CACHE/SHA256/NAME */
	fetch_progress_fn progress; /* may be NULL */
	void *ctx;
	uint64_t stall_limit_ns;     /* give up after so long without a byte; 0: 30 s */
	volatile sig_atomic_t *stop; /* seen within 100 ms; may be NULL */
};

/* *ret_path is new (free()). A cached file whose checksum holds is not fetched again.
 * -EBADMSG: the checksum differs (both are named, the file is removed);
 * -EIO: network; -EINTR: stopped, nothing is left; -ETIMEDOUT; -ENOSPC; -EINVAL: the URL or the
 * checksum is not one. */
int fetch_file(const struct fetch_request *req, char **ret_path, struct bl_err *err);

/* SHA-256 of a file as 64 hex digits and NUL. */
int fetch_sha256(const char *path, char out[65], struct bl_err *err);

#endif
