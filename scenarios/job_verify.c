#include "job_verify.h"

const char *const job_verify_names[JOB_VERIFIES] = {
	[JOB_VERIFY_NONE] = "0",
	[JOB_VERIFY_MD5] = "md5",
	[JOB_VERIFY_CRC64] = "crc64",
	[JOB_VERIFY_CRC32] = "crc32",
	[JOB_VERIFY_CRC32C_INTEL] = "crc32c-intel",
	[JOB_VERIFY_CRC32C] = "crc32c",
	[JOB_VERIFY_CRC16] = "crc16",
	[JOB_VERIFY_CRC7] = "crc7",
	[JOB_VERIFY_SHA1] = "sha1",
	[JOB_VERIFY_SHA256] = "sha256",
	[JOB_VERIFY_SHA512] = "sha512",
	[JOB_VERIFY_SHA3_224] = "sha3-224",
	[JOB_VERIFY_SHA3_256] = "sha3-256",
	[JOB_VERIFY_SHA3_384] = "sha3-384",
	[JOB_VERIFY_SHA3_512] = "sha3-512",
	[JOB_VERIFY_XXHASH] = "xxhash",
	[JOB_VERIFY_META] = "meta",
	[JOB_VERIFY_PATTERN] = "pattern",
	[JOB_VERIFY_NULL] = "null",
	[JOB_VERIFY_PATTERN_HDR] = "pattern_hdr",
};
