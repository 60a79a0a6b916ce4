/* A file written or checked by the engine's verify and buffer modules, for verify_beside_fio.py.
 *
 *   verify_file write|check|fill FILE KEY=VALUE...
 * Status 0: done, or all is right; 1: "AT EXACT TEXT" of the first mismatch on standard output; 2.
 * speed: what each of them does a second, in GB. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "buffers.h"
#include "checksum.h"
#include "cleanup.h"
#include "rng.h"
#include "units.h"
#include "verify_block.h"

struct request {
	uint64_t size, bs;
	struct verify_plan verify;
	struct buffer_plan buffer;
};

static void die(const char *what)
{
	fprintf(stderr, "verify_file: %s\n", what);
	exit(2);
}

static enum job_verify type_of(const char *name)
{
	for (int i = 0; i < JOB_VERIFIES; i++)
		if (!strcmp(job_verify_names[i], name))
			return (enum job_verify)i;
	die(name);
	return JOB_VERIFY_NONE;
}

static void set_pattern(struct request *r, const char *text, bool takes_offset)
{
	struct bl_err err = BL_ERR_INIT;

	if (job_pattern_parse(text, takes_offset,
			      takes_offset ? &r->verify.pattern : &r->buffer.pattern, &err) < 0)
		die(err.text);
}

static void set(struct request *r, const char *key, const char *value)
{
	const struct {
		const char *key;
		uint32_t *at;
	} numbers[] = {
		{"interval", &r->verify.interval},     {"header_at", &r->verify.header_at},
		{"compress", &r->buffer.compress_pct}, {"chunk", &r->buffer.compress_chunk},
		{"dedupe", &r->buffer.dedupe_pct},
	};

	for (size_t i = 0; i < BL_ARRAY_LEN(numbers); i++)
		if (!strcmp(key, numbers[i].key)) {
			*numbers[i].at = (uint32_t)strtoul(value, NULL, 10);
			return;
		}
	if (!strcmp(key, "size"))
		r->size = strtoull(value, NULL, 10);
	else if (!strcmp(key, "bs"))
		r->bs = strtoull(value, NULL, 10);
	else if (!strcmp(key, "type"))
		r->verify.type = type_of(value);
	else if (!strcmp(key, "strict"))
		r->verify.is_strict = *value == '1';
	else if (!strcmp(key, "scramble"))
		r->buffer.scramble = *value == '1';
	else if (!strcmp(key, "refill"))
		r->buffer.refill = *value == '1';
	else if (!strcmp(key, "pattern"))
		set_pattern(r, value, true);
	else if (!strcmp(key, "buffer_pattern"))
		set_pattern(r, value, false);
	else
		die(key);
}

static void write_file(const struct request *r, int fd, uint8_t *buf)
{
	for (uint64_t at = 0; at < r->size; at += r->bs) {
		struct verify_stamp s = {.offset = at,
					 .seed = r->verify.pattern.len ? 0 : rng_mix(at + 1),
					 .time_ns = 5 * NS_PER_S + at,
					 .clone = 1,
					 .number = (uint16_t)(at / r->bs)};

		verify_data(&r->verify, buf, r->bs, at, s.seed);
		verify_stamp(&r->verify, buf, r->bs, &s);
		if (pwrite(fd, buf, r->bs, (off_t)at) != (ssize_t)r->bs)
			die("short write");
	}
}

static int check_file(const struct request *r, int fd, uint8_t *buf)
{
	uint8_t *kept = malloc(r->bs);
	struct verify_mismatch m;
	char text[VERIFY_TEXT_MAX];

	for (uint64_t at = 0; at < r->size; at += r->bs) {
		int rc;

		if (pread(fd, buf, r->bs, (off_t)at) != (ssize_t)r->bs)
			die("short read");
		memcpy(kept, buf, r->bs);
		rc = verify_check(&r->verify, buf, r->bs, at, NULL, &m);
		if (memcmp(kept, buf, r->bs) != 0)
			die("the check changed the buffer");
		if (rc < 0) {
			printf("%" PRIu64 " %d %s\n", m.at, m.is_exact,
			       verify_mismatch_text(&m, text));
			return 1;
		}
	}
	free(kept);
	return 0;
}

static void fill_file(const struct request *r, int fd, uint8_t *buf)
{
	enum buffer_work work = buffers_work(&r->buffer);
	struct buffer_rng rng = buffers_rng(1);

	buffers_fill(&r->buffer, &rng, buf, r->bs);
	for (uint64_t at = 0; at < r->size; at += r->bs) {
		if (work == BUFFER_SCRAMBLE)
			buffers_scramble(buf, r->bs, at, 1000 + at);
		if (pwrite(fd, buf, r->bs, (off_t)at) != (ssize_t)r->bs)
			die("short write");
		if (work == BUFFER_REFILL)
			buffers_fill(&r->buffer, &rng, buf, r->bs);
	}
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void speed_line(const char *what, double seconds, size_t bytes)
{
	printf("%-24s %7.2f GB/s\n", what, (double)bytes / seconds / 1e9);
}

/* Best of five rounds, as others may run beside. */
#define SPEED(what, call)                                                                          \
	do {                                                                                       \
		double best = 1e9;                                                                 \
		for (int round = 0; round < 5; round++) {                                          \
			double start = now_s();                                                    \
			for (int i = 0; i < 400; i++)                                              \
				call;                                                              \
			best = now_s() - start < best ? now_s() - start : best;                    \
		}                                                                                  \
		speed_line(what, best, 400 * r->bs);                                               \
	} while (0)

static void speed(struct request *r, uint8_t *buf)
{
	static const struct buffer_plan refill = {.refill = true},
					half = {.compress_pct = 50, .compress_chunk = 512};
	struct buffer_rng rng = buffers_rng(1);
	struct verify_stamp s = {.seed = 7};

	SPEED("refill", buffers_fill(&refill, &rng, buf, r->bs));
	SPEED("compress 50", buffers_fill(&half, &rng, buf, r->bs));
	SPEED("scramble", buffers_scramble(buf, r->bs, (uint64_t)i, 1));
	SPEED("verify_data", verify_data(&r->verify, buf, r->bs, 0, 7));
	for (int t = 0; t < JOB_VERIFIES; t++) {
		char name[40];

		r->verify.type = (enum job_verify)t;
		snprintf(name, sizeof(name), "stamp %s", job_verify_names[t]);
		SPEED(name, verify_stamp(&r->verify, buf, r->bs, &s));
	}
	SPEED("crc32c by table", s.seed += checksum_crc32c_table(buf, r->bs));
}

int main(int argc, char **argv)
{
	struct request r = {.size = 1 << 20,
			    .bs = 4096,
			    .buffer.scramble = true,
			    .buffer.compress_chunk = BUFFER_CHUNK_DEFAULT};
	struct bl_err err = BL_ERR_INIT;
	BL_CLEANUP(bl_freep) uint8_t *buf = NULL;
	BL_CLEANUP(bl_closep) int fd = -1;
	int status = 0;

	if (argc < 3)
		die("write|check|fill FILE KEY=VALUE...");
	for (int i = 3; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!value)
			die(argv[i]);
		*value = '\0';
		set(&r, argv[i], value + 1);
	}
	if (verify_plan_check(&r.verify, r.bs, &err) < 0)
		die(err.text);
	buf = malloc(r.bs);
	if (!strcmp(argv[1], "speed")) {
		speed(&r, buf);
		return 0;
	}
	fd = open(argv[2], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || !buf)
		die(argv[2]);
	if (!strcmp(argv[1], "write"))
		write_file(&r, fd, buf);
	else if (!strcmp(argv[1], "check"))
		status = check_file(&r, fd, buf);
	else
		fill_file(&r, fd, buf);
	return status;
}
