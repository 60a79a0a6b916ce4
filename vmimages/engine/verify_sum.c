/* verify_sum.c - the stored checksums. Numbers lie on the disk least byte first.
 *
 * md5, sha1 and sha3 are the usual digests (sha1's words least byte first). sha256 and sha512 are
 * what fio 3.33 does store, which was found by decoding its blocks:
 * - sha256: 64 bytes, the last padded message block, whose length field is least byte first,
 *   and in its first eight bytes the low byte of each word of the state.
 * - sha512: 128 bytes without any hashing: the first 128 bytes of the data, overwritten from
 *   their start with the last (length % 128). */
#include "verify_sum.h"

#include <endian.h>
#include <string.h>

#include <nettle/md5.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <nettle/sha3.h>

#include "checksum.h"

static size_t put_le(uint8_t *out, uint64_t v, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(v >> (8 * i));
	return len;
}

static size_t make_crc64(const uint8_t *data, size_t len, uint8_t *out)
{
	return put_le(out, checksum_crc64(data, len), 8);
}

static size_t make_crc32(const uint8_t *data, size_t len, uint8_t *out)
{
	return put_le(out, checksum_crc32(data, len), 4);
}

static size_t make_crc32c(const uint8_t *data, size_t len, uint8_t *out)
{
	return put_le(out, checksum_crc32c(data, len), 4);
}

static size_t make_crc16(const uint8_t *data, size_t len, uint8_t *out)
{
	return put_le(out, checksum_crc16(data, len), 2);
}

static size_t make_crc7(const uint8_t *data, size_t len, uint8_t *out)
{
	return put_le(out, checksum_crc7(data, len), 1);
}

static size_t make_xxhash(const uint8_t *data, size_t len, uint8_t *out)
{
	return put_le(out, checksum_xxh32(data, len), 4);
}

static size_t make_md5(const uint8_t *data, size_t len, uint8_t *out)
{
	struct md5_ctx ctx;

	md5_init(&ctx);
	md5_update(&ctx, len, data);
	md5_digest(&ctx, MD5_DIGEST_SIZE, out);
	return MD5_DIGEST_SIZE;
}

static size_t make_sha1(const uint8_t *data, size_t len, uint8_t *out)
{
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx ctx;

	sha1_init(&ctx);
	sha1_update(&ctx, len, data);
	sha1_digest(&ctx, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		out[i] = digest[i ^ 3];
	return sizeof(digest);
}

static size_t make_sha256(const uint8_t *data, size_t len, uint8_t *out)
{
	size_t tail = len % SHA256_BLOCK_SIZE;
	size_t room = SHA256_BLOCK_SIZE - sizeof(uint64_t);
	uint8_t end[2 * SHA256_BLOCK_SIZE] = {0};
	size_t end_len = tail < room ? SHA256_BLOCK_SIZE : 2 * SHA256_BLOCK_SIZE;
	struct sha256_ctx ctx;

	memcpy(end, data + len - tail, tail);
	end[tail] = 0x80;
	put_le(end + end_len - sizeof(uint64_t), (uint64_t)len * 8, sizeof(uint64_t));
	sha256_init(&ctx);
	sha256_update(&ctx, len - tail, data);
	sha256_update(&ctx, end_len, end);
	memcpy(out, end + end_len - SHA256_BLOCK_SIZE, SHA256_BLOCK_SIZE);
	for (size_t i = 0; i < 8; i++)
		out[i] = (uint8_t)ctx.state[i];
	return SHA256_BLOCK_SIZE;
}

static size_t make_sha512(const uint8_t *data, size_t len, uint8_t *out)
{
	size_t tail = len % SHA512_BLOCK_SIZE;
	size_t head = len < SHA512_BLOCK_SIZE ? len : SHA512_BLOCK_SIZE;

	memset(out, 0, SHA512_BLOCK_SIZE);
	memcpy(out, data, head);
	memcpy(out, data + len - tail, tail);
	return head;
}

#define MAKE_SHA3(bits)                                                                            \
	static size_t make_sha3_##bits(const uint8_t *data, size_t len, uint8_t *out)              \
	{                                                                                          \
		struct sha3_##bits##_ctx ctx;                                                      \
                                                                                                   \
		sha3_##bits##_init(&ctx);                                                          \
		sha3_##bits##_update(&ctx, len, data);                                             \
		sha3_##bits##_digest(&ctx, (bits) / 8, out);                                       \
		return (bits) / 8;                                                                 \
	}
MAKE_SHA3(224)
MAKE_SHA3(256)
MAKE_SHA3(384)
MAKE_SHA3(512)

static const struct verify_sum rows[JOB_VERIFIES] = {
	[JOB_VERIFY_META] = {1, 0, NULL},
	[JOB_VERIFY_MD5] = {2, 16, make_md5},
	[JOB_VERIFY_CRC64] = {3, 8, make_crc64},
	[JOB_VERIFY_CRC32] = {4, 4, make_crc32},
	[JOB_VERIFY_CRC32C] = {5, 4, make_crc32c},
	[JOB_VERIFY_CRC32C_INTEL] = {5, 4, make_crc32c},
	[JOB_VERIFY_CRC16] = {7, 2, make_crc16},
	[JOB_VERIFY_CRC7] = {8, 1, make_crc7},
	[JOB_VERIFY_SHA256] = {9, 64, make_sha256},
	[JOB_VERIFY_SHA512] = {10, 128, make_sha512},
	[JOB_VERIFY_SHA3_224] = {11, 28, make_sha3_224},
	[JOB_VERIFY_SHA3_256] = {12, 32, make_sha3_256},
	[JOB_VERIFY_SHA3_384] = {13, 48, make_sha3_384},
	[JOB_VERIFY_SHA3_512] = {14, 64, make_sha3_512},
	[JOB_VERIFY_XXHASH] = {15, 4, make_xxhash},
	[JOB_VERIFY_SHA1] = {16, 20, make_sha1},
	[JOB_VERIFY_PATTERN_HDR] = {17, 0, NULL},
	/* none, pattern and null have no header */
};

const struct verify_sum *verify_sum_of(enum job_verify type)
{
	return &rows[type];
}
