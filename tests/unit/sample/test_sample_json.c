/* A sample through JSON text and back; each lie a guest could tell is named. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "sample_json.h"

/* Through the text, as on the wire. */
static json_t *as_text_and_back(const struct sample *s)
{
	json_t *j = sample_to_json(s);
	char *text;

	ck_assert_ptr_nonnull(j);
	text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	ck_assert_ptr_nonnull(text);
	j = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(j);
	free(text);
	return j;
}

START_TEST(a_sample_survives_json)
{
	struct sample *a = make_sample("randread-4k", (uint64_t)_i, (unsigned)_i * 400), *b = NULL;
	struct bl_err err = BL_ERR_INIT;
	json_t *j;

	if (_i == 3) { /* the ends of the number range */
		lat_add(a->dir[IO_READ].lat, 0);
		lat_add(a->dir[IO_READ].clat, UINT64_MAX);
		a->dir[IO_READ].clat->sum_ns = UINT64_MAX;
		a->dir[IO_READ].ios++;
		a->start_ns = UINT64_MAX;
		a->n_errors = a->n_enters = UINT64_MAX;
		a->clock_cost_ns = 1e9;
		a->clock_drift_ppm = -1e6;
		a->error = 4095;
		strcpy(a->error_text, "nämlich \"so\"\n");
	}
	j = as_text_and_back(a);
	ck_assert_msg(sample_from_json(j, &b, &err) == 0, "%s", err.text);
	assert_same_sample(a, b);
	json_decref(j);
	sample_free(a);
	sample_free(b);
}
END_TEST

static const char *const later_members[] = {"clock_cost_ns", "clock_drift_ppm", "n_errors",
					    "n_enters"};

START_TEST(a_sample_of_an_older_agent_says_nothing_of_its_clock)
{
	struct sample *a = make_sample("j", 2, 40), *b = NULL;
	json_t *j = as_text_and_back(a);

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(json_object_del(j, later_members[i]), 0);
	ck_assert_int_eq(sample_from_json(j, &b, NULL), 0);
	a->clock_cost_ns = a->clock_drift_ppm = 0;
	a->n_errors = a->n_enters = 0;
	assert_same_sample(a, b);
	json_decref(j);
	j = as_text_and_back(a); /* what is not known is not there */
	for (int i = 0; i < 4; i++)
		ck_assert_ptr_null(json_object_get(j, later_members[i]));
	json_decref(j);
	sample_free(a);
	sample_free(b);
}
END_TEST

START_TEST(a_drift_that_is_no_number_does_not_lose_the_sample)
{
	struct sample *a = make_sample("j", 1, 5), *b = NULL;
	json_t *j;

	a->clock_drift_ppm = NAN;
	a->clock_cost_ns = INFINITY;
	j = as_text_and_back(a);
	ck_assert_int_eq(sample_from_json(j, &b, NULL), 0);
	ck_assert(b->clock_drift_ppm == 0 && b->clock_cost_ns == 0);
	json_decref(j);
	sample_free(a);
	sample_free(b);
}
END_TEST

START_TEST(a_text_that_is_not_utf8_does_not_lose_the_sample)
{
	struct sample *a = make_sample("j", 1, 5), *b = NULL;
	json_t *j;

	strcpy(a->error_text, "open /x\xff: no");
	j = as_text_and_back(a);
	ck_assert_int_eq(sample_from_json(j, &b, NULL), 0);
	ck_assert_str_eq(b->error_text, "open /x?: no");
	json_decref(j);
	sample_free(a);
	sample_free(b);
}
END_TEST

/* Set the member at the dotted path to the JSON text; "" removes it. */
static const struct {
	const char *path, *value, *says;
} lies[] = {
	{"job", "7", "sample: job: not a text below 128 bytes"},
	{"engine", "\"an engine of many words\"", "sample: engine: not a text below 16 bytes"},
	{"runtime_ns", "-1", "sample: runtime_ns: not a whole number from 0"},
	{"runtime_ns", "1.5", "sample: runtime_ns: not a whole number from 0"},
	{"runtime_ns", "\"18446744073709551616\"", "sample: runtime_ns: not a whole number from 0"},
	{"n_threads", "4294967296", "sample: n_threads: 4294967296 is above the most, 4294967295"},
	{"error", "4096", "sample: error: 4096 is above the most, 4095"},
	{"cpu_sys_ns", "", "sample: cpu_sys_ns: missing"},
	{"clock_cost_ns", "\"21\"", "sample: clock_cost_ns: not a number from 0 to 1000000000"},
	{"clock_cost_ns", "-0.5", "sample: clock_cost_ns: not a number from 0 to 1000000000"},
	{"clock_cost_ns", "1e10", "sample: clock_cost_ns: not a number from 0 to 1000000000"},
	{"clock_drift_ppm", "null",
	 "sample: clock_drift_ppm: not a number from -1000000 to 1000000"},
	{"clock_drift_ppm", "1000000.5",
	 "sample: clock_drift_ppm: not a number from -1000000 to 1000000"},
	{"n_errors", "-1", "sample: n_errors: not a whole number from 0"},
	{"n_enters", "1.5", "sample: n_enters: not a whole number from 0"},
	{"dir", "[]", "sample: dir: not an object"},
	{"dir.read", "3", "sample: dir: read: not an object"},
	{"dir.read.ios", "1", "sample: dir: read: ios: 1, but lat holds 3"},
	{"dir.read.lat", "true", "sample: dir: read: lat: not an object"},
	{"dir.read.lat.n", "4", "sample: dir: read: lat: hist: holds 3 values, n is 4"},
	{"dir.read.lat.n", "0", "sample: dir: read: lat: hist: holds 3 values, n is 0"},
	{"dir.read.lat.min_ns", "1",
	 "sample: dir: read: lat: min_ns: 1 is not in the first bucket"},
	{"dir.read.lat.max_ns", "1000000",
	 "sample: dir: read: lat: max_ns: 1000000 is not in the last bucket"},
	{"dir.read.lat.sum_ns", "299",
	 "sample: dir: read: lat: sum_ns: 299 is not between n min and n max"},
	{"dir.read.lat.sumsq_ns2", "-1", "sample: dir: read: lat: sumsq_ns2: not a number from 0"},
	{"dir.read.lat.sumsq_ns2", "\"x\"",
	 "sample: dir: read: lat: sumsq_ns2: not a number from 0"},
	{"dir.read.lat.hist", "\"AQ=\"",
	 "sample: dir: read: lat: hist: base64: 3 characters are not a multiple of four"},
	{"dir.read.lat.hist", "\"AQ==\"", "sample: dir: read: lat: hist: holds 0 values, n is 3"},
	{"dir.read.lat.hist", "\"!Q==\"", "sample: dir: read: lat: hist: base64: byte 0x21 at 0"},
	{"intervals", "", "sample: intervals: not a string"},
	{"intervals", "\"\"", "sample: intervals: not version 1"},
	{"interval_ns", "0", "sample: interval_ns: 0, but there are intervals"},
};

static struct sample *three_reads(void)
{
	struct sample *s = make_sample("j", 1, 2); /* 2: n_enters is not 0, and so there */

	for (int d = 0; d < IO_DIRS; d++) {
		free(s->dir[d].slat);
		free(s->dir[d].clat);
		free(s->dir[d].lat);
		free(s->dir[d].sched);
		s->dir[d] = (struct dir_sample){0};
	}
	s->dir[IO_READ].ios = 3;
	for (uint64_t ns = 100; ns <= 300; ns += 100)
		lat_add(sample_lat(&s->dir[IO_READ].lat), ns);
	return s;
}

START_TEST(a_lie_is_named)
{
	struct sample *a = three_reads(), *b = NULL;
	json_t *j = as_text_and_back(a), *at = j;
	struct bl_err err = BL_ERR_INIT;
	char path[64], *name = path, *dot;

	strcpy(path, lies[_i].path);
	while ((dot = strchr(name, '.'))) {
		*dot = '\0';
		at = json_object_get(at, name);
		ck_assert_ptr_nonnull(at);
		name = dot + 1;
	}
	ck_assert_ptr_nonnull(json_object_get(at, name));
	if (lies[_i].value[0])
		json_object_set_new(at, name, json_loads(lies[_i].value, JSON_DECODE_ANY, NULL));
	else
		json_object_del(at, name);
	ck_assert_int_eq(sample_from_json(j, &b, &err), -EBADMSG);
	ck_assert_str_eq(err.text, lies[_i].says);
	ck_assert_ptr_null(b);
	json_decref(j);
	sample_free(a);
}
END_TEST

/* RFC 4648, 10 */
static const char *const base64_vectors[][2] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
};

START_TEST(base64_gives_the_vectors_of_its_rfc)
{
	struct bl_buf b = BL_BUF_INIT;

	for (size_t i = 0; i < 7; i++) {
		base64_encode(base64_vectors[i][0], strlen(base64_vectors[i][0]), &b);
		ck_assert_str_eq(bl_buf_str(&b), base64_vectors[i][1]);
		bl_buf_done(&b);
		ck_assert_int_eq(
			base64_decode(base64_vectors[i][1], strlen(base64_vectors[i][1]), &b, NULL),
			0);
		ck_assert_str_eq(bl_buf_str(&b), base64_vectors[i][0]);
		bl_buf_done(&b);
	}
}
END_TEST

static const char *const not_base64[] = {"Zg=", "Z===", "Zg==Zg==", "Zh==", "Zm9=", "Zm 8", "=Zg="};

START_TEST(what_is_not_base64_is_refused)
{
	struct bl_buf b = BL_BUF_INIT;

	ck_assert_int_eq(base64_decode(not_base64[_i], strlen(not_base64[_i]), &b, NULL), -EBADMSG);
	bl_buf_done(&b);
}
END_TEST

TCase *json_cases(void)
{
	TCase *t = tcase_create("json");

	tcase_add_loop_test(t, a_sample_survives_json, 0, 5);
	tcase_add_test(t, a_sample_of_an_older_agent_says_nothing_of_its_clock);
	tcase_add_test(t, a_drift_that_is_no_number_does_not_lose_the_sample);
	tcase_add_test(t, a_text_that_is_not_utf8_does_not_lose_the_sample);
	tcase_add_loop_test(t, a_lie_is_named, 0, sizeof lies / sizeof lies[0]);
	tcase_add_test(t, base64_gives_the_vectors_of_its_rfc);
	tcase_add_loop_test(t, what_is_not_base64_is_refused, 0,
			    sizeof not_base64 / sizeof not_base64[0]);
	return t;
}
