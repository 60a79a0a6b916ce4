/* job_verify.h - the checks of written data that a job may ask for (fio's verify=).
 *
 * The names are those of `fio --cmdhelp=verify` 3.33, in its order. What each stores and
 * checks is the engine's: vmimages/engine/verify_block.h.
 */
#ifndef JOB_VERIFY_H
#define JOB_VERIFY_H

#include "job_pattern.h"

enum job_verify {
	JOB_VERIFY_NONE,
	JOB_VERIFY_MD5,
	JOB_VERIFY_CRC64,
	JOB_VERIFY_CRC32,
	JOB_VERIFY_CRC32C_INTEL, /* the same on the disk as crc32c */
	JOB_VERIFY_CRC32C,
	JOB_VERIFY_CRC16,
	JOB_VERIFY_CRC7,
	JOB_VERIFY_SHA1,
	JOB_VERIFY_SHA256,
	JOB_VERIFY_SHA512,
	JOB_VERIFY_SHA3_224,
	JOB_VERIFY_SHA3_256,
	JOB_VERIFY_SHA3_384,
	JOB_VERIFY_SHA3_512,
	JOB_VERIFY_XXHASH,
	JOB_VERIFY_META,
	JOB_VERIFY_PATTERN,
	JOB_VERIFY_NULL,
	JOB_VERIFY_PATTERN_HDR, /* fio 3.33 means this when it is given verify_pattern alone, but
				 * knows no name for it; the name is that of later versions */
	JOB_VERIFIES
};
extern const char *const job_verify_names[JOB_VERIFIES];

/* fio's bounds of verify_interval and verify_offset, in bytes. */
#define JOB_VERIFY_INTERVAL_MIN 80
#define JOB_VERIFY_OFFSET_MIN   40

#endif
