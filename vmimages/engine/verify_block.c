#include "verify_block.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checksum.h"
#include "units.h"
#include "verify_data.h"

#define MAGIC 0xacca
/* Data that are not the seed's agree with a checksum below this length too often. */
#define SUM_PROVES 4

struct header {
	uint16_t magic, type;
	uint32_t len;
	uint64_t seed, offset;
	uint32_t sec, nsec;
	uint16_t clone, number;
	uint32_t crc;
} __attribute__((packed));
_Static_assert(sizeof(struct header) == VERIFY_HEADER_SIZE, "as on the disk");

/* One interval of a request, header first: put so by swap_header(). */
struct interval {
	const struct verify_plan *plan;
	const struct verify_sum *sum;
	uint8_t *at;
	size_t len, pos; /* bytes; @pos: from the request's start */
	size_t head_len; /* header and checksum */
	uint64_t offset; /* of the request */
};

static size_t interval_len(const struct verify_plan *p, size_t len)
{
	return p->interval && len % p->interval == 0 ? p->interval : len;
}

int verify_plan_check(const struct verify_plan *p, uint64_t len, struct bl_err *err)
{
	const struct verify_sum *sum = verify_sum_of(p->type);
	uint64_t part = interval_len(p, len);
	uint64_t head_len = VERIFY_HEADER_SIZE + sum->len;
	const char *name = job_verify_names[p->type];

	if (p->type == JOB_VERIFY_PATTERN && !p->pattern.len)
		return bl_fail(err, -EINVAL, "verify: 'pattern' needs a verify_pattern");
	if (!sum->disk_type)
		return 0;
	if (part <= head_len)
		return bl_fail(err, -EINVAL,
			       "verify: '%s' needs %" PRIu64 " bytes and data behind them in each "
			       "interval, which has %" PRIu64,
			       name, head_len, part);
	if (p->header_at && (p->header_at < head_len || p->header_at > part - head_len))
		return bl_fail(err, -EINVAL,
			       "verify_offset: the %" PRIu64 " bytes of '%s' fit at 0, or from "
			       "%" PRIu64 " to %" PRIu64 ", not at %u",
			       head_len, name, head_len, part - head_len, p->header_at);
	return 0;
}

static struct interval interval_of(const struct verify_plan *p, uint8_t *buf, size_t len,
				   size_t pos, uint64_t offset)
{
	const struct verify_sum *sum = verify_sum_of(p->type);

	return (struct interval){.plan = p,
				 .sum = sum,
				 .at = buf + pos,
				 .len = interval_len(p, len),
				 .pos = pos,
				 .head_len = VERIFY_HEADER_SIZE + sum->len,
				 .offset = offset};
}

/* From the disk's order to header first, and back. */
static void swap_header(const struct interval *v)
{
	uint8_t kept[VERIFY_HEADER_SIZE + VERIFY_SUM_MAX];

	if (!v->plan->header_at)
		return;
	memcpy(kept, v->at, v->head_len);
	memcpy(v->at, v->at + v->plan->header_at, v->head_len);
	memcpy(v->at + v->plan->header_at, kept, v->head_len);
}

/* Where byte @i of the interval, header first, is in the target. */
static uint64_t place_of(const struct interval *v, size_t i)
{
	size_t header_at = v->plan->header_at;

	if (i < v->head_len)
		i += header_at;
	else if (header_at && i >= header_at && i < header_at + v->head_len)
		i -= header_at;
	return v->offset + v->pos + i;
}

static size_t make_sum(const struct interval *v, const uint8_t *data, uint8_t *out)
{
	return v->sum->make ? v->sum->make(data, v->len - v->head_len, out) : 0;
}

static uint32_t header_crc(const struct header *h)
{
	return checksum_crc32c(h, offsetof(struct header, crc));
}

void verify_stamp(const struct verify_plan *p, void *buf, size_t len, const struct verify_stamp *s)
{
	size_t step = interval_len(p, len);

	if (!verify_sum_of(p->type)->disk_type)
		return;
	for (size_t pos = 0; pos < len; pos += step) {
		struct interval v = interval_of(p, buf, len, pos, s->offset);
		struct header h = {
			.magic = htole16(MAGIC),
			.type = htole16(v.sum->disk_type),
			.len = htole32((uint32_t)v.len),
			.seed = htole64(s->seed),
			.offset = htole64(s->offset + pos),
			.sec = htole32((uint32_t)(s->time_ns / NS_PER_S)),
			.nsec = htole32((uint32_t)(s->time_ns % NS_PER_S)),
			.clone = htole16(s->clone),
			.number = htole16(s->number),
		};

		h.crc = htole32(header_crc(&h));
		memcpy(v.at, &h, sizeof(h));
		make_sum(&v, v.at + v.head_len, v.at + sizeof(h));
		swap_header(&v);
	}
}

static void report(const struct interval *v, enum verify_part part, struct verify_mismatch *m)
{
	*m = (struct verify_mismatch){.part = part,
				      .type = v->plan->type,
				      .interval_at = v->offset + v->pos,
				      .interval_len = (uint32_t)v->len,
				      .at = v->offset + v->pos};
}

/* The fields in fio's order. */
static int check_header(const struct interval *v, const uint64_t *seed, struct verify_mismatch *m)
{
	struct header h;

	memcpy(&h, v->at, sizeof(h));
	const struct {
		enum verify_part part;
		size_t at;
		uint64_t want, got;
	} fields[] = {
		{VERIFY_PART_MAGIC, offsetof(struct header, magic), MAGIC, le16toh(h.magic)},
		{VERIFY_PART_LENGTH, offsetof(struct header, len), v->len, le32toh(h.len)},
		{VERIFY_PART_SEED, offsetof(struct header, seed), seed ? *seed : le64toh(h.seed),
		 le64toh(h.seed)},
		{VERIFY_PART_OFFSET, offsetof(struct header, offset), v->offset + v->pos,
		 le64toh(h.offset)},
		{VERIFY_PART_HEADER_CRC, 0, header_crc(&h), le32toh(h.crc)},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uint64_t wrong = fields[i].want ^ fields[i].got;

		if (!wrong)
			continue;
		report(v, fields[i].part, m);
		m->want = fields[i].want;
		m->got = fields[i].got;
		m->is_exact = fields[i].part != VERIFY_PART_HEADER_CRC;
		if (m->is_exact) /* the low byte lies first */
			m->at = place_of(v, fields[i].at + (size_t)__builtin_ctzll(wrong) / 8);
		return -EILSEQ;
	}
	return 0;
}

static struct verify_source source_of(const struct interval *v)
{
	uint64_t seed;

	memcpy(&seed, v->at + offsetof(struct header, seed), sizeof(seed));
	return (struct verify_source){.plan = v->plan, .offset = v->offset, .seed = le64toh(seed)};
}

static void report_byte(const struct interval *v, size_t i, uint8_t want, struct verify_mismatch *m)
{
	m->at = place_of(v, i);
	m->want = want;
	m->got = v->at[i];
	m->is_exact = true;
}

static int check_data(const struct interval *v, struct verify_mismatch *m)
{
	struct verify_source s = source_of(v);
	size_t len = v->len - v->head_len, i;
	uint8_t want;

	i = verify_source_diff(&s, v->pos + v->head_len, v->at + v->head_len, len, &want);
	if (i == len)
		return 0;
	report(v, VERIFY_PART_DATA, m);
	report_byte(v, v->head_len + i, want, m);
	return -EILSEQ;
}

/* Would the data of the source have the stored checksum? Then they are what was written. */
static bool is_sum_of_source(const struct interval *v, const struct verify_source *s)
{
	size_t len = v->len - v->head_len, n;
	uint8_t sum[VERIFY_SUM_MAX];
	uint8_t *data = malloc(len);
	bool is;

	if (!data)
		return false;
	verify_source_read(s, v->pos + v->head_len, data, len);
	n = make_sum(v, data, sum);
	is = !memcmp(sum, v->at + VERIFY_HEADER_SIZE, n);
	free(data);
	return is;
}

static void locate(const struct interval *v, struct verify_mismatch *m)
{
	struct verify_source s = source_of(v);
	size_t len = v->len - v->head_len, i;
	uint8_t want;

	i = verify_source_diff(&s, v->pos + v->head_len, v->at + v->head_len, len, &want);
	if (i == len) { /* the data are right, so the stored checksum is not */
		for (i = 0; m->want_sum[i] == m->got_sum[i];)
			i++;
		report_byte(v, VERIFY_HEADER_SIZE + i, m->got_sum[i], m);
	} else if ((v->sum->len >= SUM_PROVES || i > 0) && is_sum_of_source(v, &s)) {
		report_byte(v, v->head_len + i, want, m);
	}
}

static int check_sum(const struct interval *v, struct verify_mismatch *m)
{
	uint8_t sum[VERIFY_SUM_MAX];
	size_t n = make_sum(v, v->at + v->head_len, sum);

	if (!memcmp(sum, v->at + VERIFY_HEADER_SIZE, n))
		return 0;
	report(v, VERIFY_PART_CHECKSUM, m);
	m->sum_len = (uint16_t)n;
	memcpy(m->want_sum, v->at + VERIFY_HEADER_SIZE, n);
	memcpy(m->got_sum, sum, n);
	locate(v, m);
	return -EILSEQ;
}

static int check_interval(const struct interval *v, const uint64_t *seed, struct verify_mismatch *m)
{
	bool is_data_known = v->plan->is_strict || (!v->sum->make && v->plan->pattern.len);
	int rc = check_header(v, seed, m);

	if (rc == 0)
		rc = check_sum(v, m);
	if (rc == 0 && is_data_known)
		rc = check_data(v, m);
	return rc;
}

/* Type pattern: one interval without a header. */
static int check_pattern(const struct verify_plan *p, uint8_t *buf, size_t len, uint64_t offset,
			 struct verify_mismatch *m)
{
	struct verify_source s = {.plan = p, .offset = offset};
	uint8_t want;
	size_t i = verify_source_diff(&s, 0, buf, len, &want);

	if (i == len)
		return 0;
	*m = (struct verify_mismatch){.part = VERIFY_PART_DATA,
				      .type = p->type,
				      .interval_at = offset,
				      .interval_len = (uint32_t)len,
				      .at = offset + i,
				      .is_exact = true,
				      .want = want,
				      .got = buf[i]};
	return -EILSEQ;
}

int verify_check(const struct verify_plan *p, void *buf, size_t len, uint64_t offset,
		 const uint64_t *seed, struct verify_mismatch *ret)
{
	size_t step = interval_len(p, len);

	if (p->type == JOB_VERIFY_PATTERN)
		return check_pattern(p, buf, len, offset, ret);
	if (!verify_sum_of(p->type)->disk_type)
		return 0;
	for (size_t pos = 0; pos < len; pos += step) {
		struct interval v = interval_of(p, buf, len, pos, offset);
		int rc;

		swap_header(&v);
		rc = check_interval(&v, seed, ret);
		swap_header(&v);
		if (rc < 0)
			return rc;
	}
	return 0;
}
