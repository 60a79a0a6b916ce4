/* verify_text.c - a mismatch as one line for people. */
#include <inttypes.h>
#include <stdio.h>

#include "verify_block.h"

#define SUM_SHOWN    16 /* bytes of a checksum; enough to tell two apart */
#define SUM_TEXT_MAX (2 * SUM_SHOWN + sizeof("...."))

static const char *const field_names[] = {
	[VERIFY_PART_MAGIC] = "magic",    [VERIFY_PART_LENGTH] = "length",
	[VERIFY_PART_SEED] = "seed",      [VERIFY_PART_OFFSET] = "offset",
	[VERIFY_PART_HEADER_CRC] = "crc",
};

/* From byte @from on: long ones may have the same start. */
static const char *sum_text(const uint8_t *sum, size_t from, size_t len, char out[SUM_TEXT_MAX])
{
	size_t end = len - from < SUM_SHOWN ? len : from + SUM_SHOWN;
	char *at = out + sprintf(out, "%s", from ? ".." : "");

	for (size_t i = from; i < end; i++)
		at += sprintf(at, "%02x", sum[i]);
	if (end < len)
		sprintf(at, "..");
	return out;
}

static size_t sum_shown_from(const struct verify_mismatch *m)
{
	size_t i = 0;

	while (m->sum_len > SUM_SHOWN && m->want_sum[i] == m->got_sum[i])
		i++;
	return i;
}

static void header_text(const struct verify_mismatch *m, char *out)
{
	/* lengths and offsets are counted, the others are bit patterns */
	const char *fmt = m->part == VERIFY_PART_LENGTH || m->part == VERIFY_PART_OFFSET
				  ? "verify: header of the block at %" PRIu64 ": %s is %" PRIu64
				    ", not %" PRIu64
				  : "verify: header of the block at %" PRIu64 ": %s is 0x%" PRIx64
				    ", not 0x%" PRIx64;

	snprintf(out, VERIFY_TEXT_MAX, fmt, m->interval_at, field_names[m->part], m->got, m->want);
}

static void sum_line(const struct verify_mismatch *m, char *out)
{
	char want[SUM_TEXT_MAX], got[SUM_TEXT_MAX];
	size_t from = sum_shown_from(m);
	int n = snprintf(out, VERIFY_TEXT_MAX,
			 "verify: %s of the %u bytes at %" PRIu64
			 ": the block says %s, its data %s",
			 job_verify_names[m->type], m->interval_len, m->interval_at,
			 sum_text(m->want_sum, from, m->sum_len, want),
			 sum_text(m->got_sum, from, m->sum_len, got));

	if (m->is_exact)
		snprintf(out + n, VERIFY_TEXT_MAX - (size_t)n,
			 "; first wrong byte at %" PRIu64 ": 0x%02" PRIx64 ", not 0x%02" PRIx64,
			 m->at, m->got, m->want);
}

char *verify_mismatch_text(const struct verify_mismatch *m, char out[VERIFY_TEXT_MAX])
{
	if (m->part == VERIFY_PART_CHECKSUM)
		sum_line(m, out);
	else if (m->part == VERIFY_PART_DATA)
		snprintf(out, VERIFY_TEXT_MAX,
			 "verify: data of the %u bytes at %" PRIu64 ": byte at %" PRIu64
			 " is 0x%02" PRIx64 ", not 0x%02" PRIx64,
			 m->interval_len, m->interval_at, m->at, m->got, m->want);
	else
		header_text(m, out);
	return out;
}
