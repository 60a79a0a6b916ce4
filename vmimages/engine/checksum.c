/* checksum.c - CRCs eight bytes at a time by tables ("slicing-by-8", Kounavis and Berry 2005).
 *
 * All CRCs here have at most 64 bits, so two forms do: least bit first in the low bits of a
 * 64-bit word, and most bit first in its high bits. */
#include "checksum.h"

#include <endian.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define SLICES  8
#define TOP_BIT (UINT64_C(1) << 63)

/* Polynomials without the highest power; those of the first form are mirrored. */
#define POLY_CRC32C UINT64_C(0x82f63b78)
#define POLY_CRC64  UINT64_C(0x95ac9329ac4bc9b5)
#define POLY_CRC16  UINT64_C(0xa001)
#define POLY_CRC32  (UINT64_C(0x04c11db7) << 32)
#define POLY_CRC7   (UINT64_C(0x09) << 57)

/* table[k][b]: what byte b adds to the remainder when k bytes follow it. */
typedef uint64_t slices[SLICES][256];

static slices crc32c_table, crc64_table, crc16_table, crc32_table, crc7_table;
static pthread_once_t is_made = PTHREAD_ONCE_INIT;

static void make_low(slices t, uint64_t poly)
{
	for (unsigned b = 0; b < 256; b++) {
		uint64_t c = b;

		for (int bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (c & 1 ? poly : 0);
		t[0][b] = c;
	}
	for (unsigned b = 0; b < 256; b++)
		for (int k = 1; k < SLICES; k++)
			t[k][b] = t[k - 1][b] >> 8 ^ t[0][t[k - 1][b] & 255];
}

static void make_high(slices t, uint64_t poly)
{
	for (unsigned b = 0; b < 256; b++) {
		uint64_t c = (uint64_t)b << 56;

		for (int bit = 0; bit < 8; bit++)
			c = c << 1 ^ (c & TOP_BIT ? poly : 0);
		t[0][b] = c;
	}
	for (unsigned b = 0; b < 256; b++)
		for (int k = 1; k < SLICES; k++)
			t[k][b] = t[k - 1][b] << 8 ^ t[0][t[k - 1][b] >> 56];
}

static void make_tables(void)
{
	make_low(crc32c_table, POLY_CRC32C);
	make_low(crc64_table, POLY_CRC64);
	make_low(crc16_table, POLY_CRC16);
	make_high(crc32_table, POLY_CRC32);
	make_high(crc7_table, POLY_CRC7);
}

static uint64_t load(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t crc_low(const slices t, uint64_t c, const uint8_t *p, size_t len)
{
	for (; len >= SLICES; len -= SLICES, p += SLICES) {
		c ^= le64toh(load(p));
		c = t[7][c & 255] ^ t[6][c >> 8 & 255] ^ t[5][c >> 16 & 255] ^ t[4][c >> 24 & 255] ^
		    t[3][c >> 32 & 255] ^ t[2][c >> 40 & 255] ^ t[1][c >> 48 & 255] ^ t[0][c >> 56];
	}
	while (len--)
		c = c >> 8 ^ t[0][(c ^ *p++) & 255];
	return c;
}

static uint64_t crc_high(const slices t, const uint8_t *p, size_t len)
{
	uint64_t c = 0;

	for (; len >= SLICES; len -= SLICES, p += SLICES) {
		c ^= be64toh(load(p));
		c = t[7][c >> 56] ^ t[6][c >> 48 & 255] ^ t[5][c >> 40 & 255] ^
		    t[4][c >> 32 & 255] ^ t[3][c >> 24 & 255] ^ t[2][c >> 16 & 255] ^
		    t[1][c >> 8 & 255] ^ t[0][c & 255];
	}
	while (len--)
		c = c << 8 ^ t[0][c >> 56 ^ *p++];
	return c;
}

uint32_t checksum_crc32c_table(const void *data, size_t len)
{
	pthread_once(&is_made, make_tables);
	return (uint32_t)crc_low(crc32c_table, UINT32_MAX, data, len);
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(const uint8_t *p, size_t len)
{
	uint64_t c = UINT32_MAX;

	for (; len >= 8; len -= 8, p += 8)
		c = __builtin_ia32_crc32di(c, load(p));
	while (len--)
		c = __builtin_ia32_crc32qi((uint32_t)c, *p++);
	return (uint32_t)c;
}

uint32_t checksum_crc32c(const void *data, size_t len)
{
	return __builtin_cpu_supports("sse4.2") ? crc32c_sse42(data, len)
						: checksum_crc32c_table(data, len);
}
#else
uint32_t checksum_crc32c(const void *data, size_t len)
{
	return checksum_crc32c_table(data, len);
}
#endif

uint64_t checksum_crc64(const void *data, size_t len)
{
	pthread_once(&is_made, make_tables);
	return crc_low(crc64_table, 0, data, len);
}

uint32_t checksum_crc32(const void *data, size_t len)
{
	pthread_once(&is_made, make_tables);
	return (uint32_t)(crc_high(crc32_table, data, len) >> 32);
}

uint16_t checksum_crc16(const void *data, size_t len)
{
	pthread_once(&is_made, make_tables);
	return (uint16_t)crc_low(crc16_table, 0, data, len);
}

uint8_t checksum_crc7(const void *data, size_t len)
{
	pthread_once(&is_made, make_tables);
	return (uint8_t)(crc_high(crc7_table, data, len) >> 57);
}

/* XXH32 as its specification has it (github.com/Cyan4973/xxHash, doc/xxhash_spec.md). */
#define XXH_PRIME1 2654435761u
#define XXH_PRIME2 2246822519u
#define XXH_PRIME3 3266489917u
#define XXH_PRIME4 668265263u
#define XXH_PRIME5 374761393u
#define XXH_SEED   1u /* fio's */

static uint32_t rotated(uint32_t v, int bits)
{
	return v << bits | v >> (32 - bits);
}

static uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static uint32_t xxh_stripes(const uint8_t **p, const uint8_t *end)
{
	uint32_t lane[4] = {XXH_SEED + XXH_PRIME1 + XXH_PRIME2, XXH_SEED + XXH_PRIME2, XXH_SEED,
			    XXH_SEED - XXH_PRIME1};

	for (; end - *p >= 16; *p += 16)
		for (int i = 0; i < 4; i++)
			lane[i] =
				rotated(lane[i] + load32(*p + 4 * i) * XXH_PRIME2, 13) * XXH_PRIME1;
	return rotated(lane[0], 1) + rotated(lane[1], 7) + rotated(lane[2], 12) +
	       rotated(lane[3], 18);
}

uint32_t checksum_xxh32(const void *data, size_t len)
{
	const uint8_t *p = data, *end = p + len;
	uint32_t h = len >= 16 ? xxh_stripes(&p, end) : XXH_SEED + XXH_PRIME5;

	h += (uint32_t)len;
	for (; end - p >= 4; p += 4)
		h = rotated(h + load32(p) * XXH_PRIME3, 17) * XXH_PRIME4;
	for (; p < end; p++)
		h = rotated(h + *p * XXH_PRIME5, 11) * XXH_PRIME1;
	h = (h ^ h >> 15) * XXH_PRIME2;
	h = (h ^ h >> 13) * XXH_PRIME3;
	return h ^ h >> 16;
}
