/* Checksums against published values, blocks against those that fio 3.33 wrote. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checksum.h"
#include "cleanup.h"
#include "units.h"
#include "verify_block.h"

#define BS 512

/* Check values of "123456789": the catalogue of parametrised CRC algorithms (reveng), there
 * CRC-32/ISCSI and CRC-32/CKSUM inverted at the end, CRC-64/REDIS, CRC-16/ARC, CRC-7/MMC; XXH32
 * with seed 1 by libxxhash 0.8.1. */
START_TEST(checksums_have_their_published_values)
{
	static const char digits[] = "123456789";
	static const char longer[] = "0123456789abcdef0123456789abcdefXYZ";

	ck_assert_uint_eq(checksum_crc32c(digits, 9), (uint32_t)~0xe3069283u);
	ck_assert_uint_eq(checksum_crc32c_table(digits, 9), (uint32_t)~0xe3069283u);
	ck_assert_uint_eq(checksum_crc32(digits, 9), (uint32_t)~0x765e7680u);
	ck_assert_uint_eq(checksum_crc64(digits, 9), UINT64_C(0xe9c6d914c4b8d9ca));
	ck_assert_uint_eq(checksum_crc16(digits, 9), 0xbb3d);
	ck_assert_uint_eq(checksum_crc7(digits, 9), 0x75);
	ck_assert_uint_eq(checksum_xxh32(digits, 0), 0x0b2cb792);
	ck_assert_uint_eq(checksum_xxh32(digits, 9), 0xf261918c);
	ck_assert_uint_eq(checksum_xxh32(longer, strlen(longer)), 0x09d0d057);
}
END_TEST

START_TEST(the_instruction_and_the_table_agree_at_every_length)
{
	uint8_t data[64];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 37 + 11);
	for (size_t at = 0; at < 8; at++)
		for (size_t len = 0; len <= sizeof(data) - at; len++)
			ck_assert_uint_eq(checksum_crc32c(data + at, len),
					  checksum_crc32c_table(data + at, len));
}
END_TEST

/* fio --name=a --rw=write --bs=512 --size=1024 --do_verify=0 --verify=...: the second block. */
#define FIO_SEED UINT64_C(0x88bb0a8cf6db562e)
#define FIO_HEADER                                                                                 \
	"caac0500000200002e56dbf68c0abb8800020000000000000000000015a0c2060100010034702858"

static const struct {
	enum job_verify type;
	const char *sum;
} by_fio[] = {
	{JOB_VERIFY_META, ""},
	{JOB_VERIFY_MD5, "50bb2b5e478f76ea9ee72379a1a5f887"},
	{JOB_VERIFY_CRC64, "8eade97cc6afe2a8"},
	{JOB_VERIFY_CRC32, "aa060d14"},
	{JOB_VERIFY_CRC32C, "3e5f8a96"},
	{JOB_VERIFY_CRC32C_INTEL, "3e5f8a96"},
	{JOB_VERIFY_CRC16, "74fe"},
	{JOB_VERIFY_CRC7, "1a"},
	{JOB_VERIFY_XXHASH, "a7c6a037"},
	{JOB_VERIFY_SHA1, "0da4e0f3692bb4faa6892bc27396f885c6ea0836"},
	{JOB_VERIFY_SHA256, "23895d5604add6219e557966ae70727bb28e1f00786669788000000000000000"
			    "000000000000000000000000000000000000000000000000c00c000000000000"},
	{JOB_VERIFY_SHA512, "b4bba5694bf289ee8e99781e71ebce6542551e88bcdd58541e353ac0c40efa87"
			    "3c6a7480891df40f5a9fae404e2cee97960923c1d749e2a78a1cd3cce47a7b7e"
			    "1439a699c9f5f6fc9e557966ae70727bb28e1f00786669786e57589a8fa4b7d5"
			    "dcaeb0341f496fab4a0609cfaeed268126b5b903ce36962cfa8b9bb40e5459bd"},
	{JOB_VERIFY_SHA3_224, "97464568d2ed1520be117ebf2b0bcdc78bff8006f8a7399d12722387"},
	{JOB_VERIFY_SHA3_256, "a5849ae6def99e0bb775e199f98ebe63d39e37b6d7fe721d3903fb5b401ce967"},
	{JOB_VERIFY_SHA3_384, "f8367dab6b6fb09df5c8b69b939abe9e8b25d89a758484dda731083e36bd9826"
			      "6bcf5868f961314d4cb4350547ba66d8"},
	{JOB_VERIFY_SHA3_512, "4aa28f1172eac7c154a2bf344f35c0568a49fa543362d1dccf1d7589d418eaa7"
			      "dab429dd3aeb3b53a2bd4fae1442bf3cc315cf1097bc9ff3da259554a2098d33"},
};

static const char *hex(const uint8_t *bytes, size_t len, char *out)
{
	out[0] = '\0';
	for (size_t i = 0; i < len; i++)
		sprintf(out + 2 * i, "%02x", bytes[i]);
	return out;
}

START_TEST(a_block_is_the_one_fio_wrote)
{
	struct verify_plan p = {.type = by_fio[_i].type};
	struct verify_stamp s = {
		.offset = BS, .seed = FIO_SEED, .time_ns = 113418261, .clone = 1, .number = 1};
	char text[2 * VERIFY_SUM_MAX + 1];
	uint8_t block[BS];

	verify_data(&p, block, BS, BS, s.seed);
	verify_stamp(&p, block, BS, &s);
	if (p.type == JOB_VERIFY_CRC32C)
		ck_assert_str_eq(hex(block, VERIFY_HEADER_SIZE, text), FIO_HEADER);
	ck_assert_str_eq(hex(block + VERIFY_HEADER_SIZE, strlen(by_fio[_i].sum) / 2, text),
			 by_fio[_i].sum);
}
END_TEST

#define LEN 4096

static void make(const struct verify_plan *p, uint8_t *buf, uint64_t offset)
{
	struct verify_stamp s = {.offset = offset, .seed = 77, .clone = 1};

	verify_data(p, buf, LEN, offset, s.seed);
	verify_stamp(p, buf, LEN, &s);
}

static const struct verify_plan plans[] = {
	{.type = JOB_VERIFY_CRC32C, .is_strict = true},
	{.type = JOB_VERIFY_SHA512, .interval = 512, .is_strict = true},
	{.type = JOB_VERIFY_CRC7, .interval = 512, .header_at = 300, .is_strict = true},
	{.type = JOB_VERIFY_MD5, .header_at = LEN - 56, .is_strict = true},
	{.type = JOB_VERIFY_META, .interval = 1024, .is_strict = true},
	{.type = JOB_VERIFY_SHA256,
	 .interval = 512,
	 .header_at = 104,
	 .is_strict = true,
	 .pattern = {.len = 11, .n_offsets = 1, .offset_at = {2}, .bytes = "ab\0\0\0\0\0\0\0\0z"}},
	{.type = JOB_VERIFY_PATTERN_HDR, .pattern = {.len = 3, .bytes = "abc"}},
	{.type = JOB_VERIFY_PATTERN, .pattern = {.len = 5, .bytes = "12345"}},
};

/* Each byte but those of the header that only its own CRC guards, and their CRC. */
START_TEST(each_damaged_byte_is_found_where_it_is)
{
	const struct verify_plan *p = &plans[_i];
	uint64_t offset = 3 * LEN;
	struct verify_mismatch m;
	uint8_t buf[LEN];
	size_t n_exact = 0;

	make(p, buf, offset);
	ck_assert_int_eq(verify_check(p, buf, LEN, offset, NULL, &m), 0);
	for (size_t i = 0; i < LEN; i++) {
		buf[i] ^= 0x10;
		ck_assert_int_eq(verify_check(p, buf, LEN, offset, NULL, &m), -EILSEQ);
		if (m.is_exact)
			ck_assert_uint_eq(m.at, offset + i);
		else
			ck_assert(i - (size_t)(m.at - offset) < BS || m.at == offset);
		n_exact += m.is_exact;
		buf[i] ^= 0x10;
	}
	/* 26 of each header: type, seed, time, clone, number, crc; and a short sum's first byte */
	ck_assert_uint_ge(n_exact, LEN - 8 * (26 + 1));
	ck_assert_int_eq(verify_check(p, buf, LEN, offset, NULL, &m), 0);
}
END_TEST

START_TEST(a_mismatch_says_what_was_wanted_and_what_was_there)
{
	struct verify_plan p = {.type = JOB_VERIFY_CRC16};
	struct verify_mismatch m;
	char text[VERIFY_TEXT_MAX];
	uint8_t buf[LEN];
	uint64_t seed = 78;

	make(&p, buf, 8192);
	ck_assert_int_eq(verify_check(&p, buf, LEN, 4096, NULL, &m), -EILSEQ);
	ck_assert_str_eq(verify_mismatch_text(&m, text),
			 "verify: header of the block at 4096: offset is 8192, not 4096");
	ck_assert_int_eq(verify_check(&p, buf, LEN, 8192, &seed, &m), -EILSEQ);
	ck_assert_str_eq(verify_mismatch_text(&m, text),
			 "verify: header of the block at 8192: seed is 0x4d, not 0x4e");
	buf[1000] ^= 1;
	ck_assert_int_eq(verify_check(&p, buf, LEN, 8192, NULL, &m), -EILSEQ);
	ck_assert_int_eq(m.part, VERIFY_PART_CHECKSUM);
	ck_assert_uint_eq(m.at, 9192);
	ck_assert_ptr_nonnull(
		strstr(verify_mismatch_text(&m, text), "; first wrong byte at 9192: 0x"));
	memset(buf + 42, 0xaa, LEN - 42); /* not the seed's data: the place can't be told */
	ck_assert_int_eq(verify_check(&p, buf, LEN, 8192, NULL, &m), -EILSEQ);
	ck_assert(!m.is_exact && m.at == 8192 && m.sum_len == 2);
	ck_assert_ptr_null(strstr(verify_mismatch_text(&m, text), "first wrong byte"));
}
END_TEST

START_TEST(data_between_what_sha512_stores_is_seen_by_strict_only)
{
	struct verify_plan p = {.type = JOB_VERIFY_SHA512};
	struct verify_mismatch m;
	uint8_t buf[LEN];

	make(&p, buf, 0);
	buf[2000] ^= 1;
	ck_assert_int_eq(verify_check(&p, buf, LEN, 0, NULL, &m), 0);
	p.is_strict = true;
	ck_assert_int_eq(verify_check(&p, buf, LEN, 0, NULL, &m), -EILSEQ);
	ck_assert(m.part == VERIFY_PART_DATA && m.is_exact && m.at == 2000);
}
END_TEST

static const struct {
	struct verify_plan plan;
	uint64_t len;
	const char *says;
} refused[] = {
	{{.type = JOB_VERIFY_PATTERN}, 512, "verify: 'pattern' needs a verify_pattern"},
	{{.type = JOB_VERIFY_SHA512, .interval = 128},
	 512,
	 "verify: 'sha512' needs 168 bytes and data behind them in each interval, which has 128"},
	{{.type = JOB_VERIFY_MD5, .header_at = 40},
	 512,
	 "verify_offset: the 56 bytes of 'md5' fit at 0, or from 56 to 456, not at 40"},
	{{.type = JOB_VERIFY_MD5, .header_at = 457},
	 512,
	 "verify_offset: the 56 bytes of 'md5' fit at 0, or from 56 to 456, not at 457"},
};

START_TEST(a_plan_that_does_not_fit_is_refused)
{
	struct verify_plan fits = {.type = JOB_VERIFY_MD5, .interval = 100, .header_at = 456};
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(verify_plan_check(&refused[_i].plan, refused[_i].len, &err), -EINVAL);
	ck_assert_str_eq(err.text, refused[_i].says);
	ck_assert_int_eq(verify_plan_check(&fits, 512, NULL), 0); /* 100 is no divisor */
}
END_TEST

START_TEST(null_and_none_find_nothing_and_write_nothing)
{
	static const enum job_verify types[] = {JOB_VERIFY_NULL, JOB_VERIFY_NONE};
	struct verify_mismatch m;
	uint8_t buf[LEN], kept[LEN];

	for (size_t i = 0; i < BL_ARRAY_LEN(types); i++) {
		struct verify_plan p = {.type = types[i]};
		struct verify_stamp s = {.seed = 1};

		memset(buf, 0x5a, LEN);
		memset(kept, 0x5a, LEN);
		verify_stamp(&p, buf, LEN, &s);
		ck_assert_int_eq(memcmp(buf, kept, LEN), 0);
		ck_assert_int_eq(verify_check(&p, buf, LEN, 0, NULL, &m), 0);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("verify_block");
	TCase *t = tcase_create("verify_block");
	SRunner *run;
	int failed;

	tcase_add_test(t, checksums_have_their_published_values);
	tcase_add_test(t, the_instruction_and_the_table_agree_at_every_length);
	tcase_add_loop_test(t, a_block_is_the_one_fio_wrote, 0, BL_ARRAY_LEN(by_fio));
	tcase_add_loop_test(t, each_damaged_byte_is_found_where_it_is, 0, BL_ARRAY_LEN(plans));
	tcase_add_test(t, a_mismatch_says_what_was_wanted_and_what_was_there);
	tcase_add_test(t, data_between_what_sha512_stores_is_seen_by_strict_only);
	tcase_add_loop_test(t, a_plan_that_does_not_fit_is_refused, 0, BL_ARRAY_LEN(refused));
	tcase_add_test(t, null_and_none_find_nothing_and_write_nothing);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_NORMAL);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed != 0;
}
