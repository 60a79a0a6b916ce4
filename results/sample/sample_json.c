#include "sample_json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cleanup.h"
#include "units.h"

/* The plain numbers of a sample, one row each; they feed both directions. */
static const struct {
	const char *name;
	size_t at;
	bool is_32bit;
} numbers[] = {
	{"start_ns", offsetof(struct sample, start_ns), false},
	{"runtime_ns", offsetof(struct sample, runtime_ns), false},
	{"n_threads", offsetof(struct sample, n_threads), true},
	{"cpu_user_ns", offsetof(struct sample, cpu_user_ns), false},
	{"cpu_sys_ns", offsetof(struct sample, cpu_sys_ns), false},
	{"ctx_voluntary", offsetof(struct sample, ctx_voluntary), false},
	{"ctx_involuntary", offsetof(struct sample, ctx_involuntary), false},
	{"interval_ns", offsetof(struct sample, interval_ns), false},
};

/* Numbers that came after the first agents: absent is 0, and 0 is absent. */
static const struct {
	const char *name;
	size_t at;
} later_numbers[] = {
	{"n_errors", offsetof(struct sample, n_errors)},
	{"n_enters", offsetof(struct sample, n_enters)},
};

/* The same with a fraction. A clock beyond these bounds has timed nothing: one that takes a
 * second to read, or that runs at twice its calibrated speed (at less than none it can't). */
static const struct {
	const char *name;
	size_t at;
	double min, max;
} later_reals[] = {
	{"clock_cost_ns", offsetof(struct sample, clock_cost_ns), 0, 1e9},
	{"clock_drift_ppm", offsetof(struct sample, clock_drift_ppm), -1e6, 1e6},
};

static const struct {
	const char *name;
	size_t at, size;
} texts[] = {
	{"job", offsetof(struct sample, job), sizeof((struct sample *)0)->job},
	{"engine", offsetof(struct sample, engine), sizeof((struct sample *)0)->engine},
	{"clock", offsetof(struct sample, clock), sizeof((struct sample *)0)->clock},
	{"error_text", offsetof(struct sample, error_text), sizeof((struct sample *)0)->error_text},
};

static const struct {
	const char *name;
	size_t at;
} kinds[] = {
	{"slat", offsetof(struct dir_sample, slat)},
	{"clat", offsetof(struct dir_sample, clat)},
	{"lat", offsetof(struct dir_sample, lat)},
	{"sched", offsetof(struct dir_sample, sched)},
};

static void json_freep(json_t **j)
{
	json_decref(*j);
}

/* ---- out ---- */

static json_t *from_u64(uint64_t v)
{
	char digits[24];

	if (v <= INT64_MAX)
		return json_integer((json_int_t)v);
	snprintf(digits, sizeof digits, "%" PRIu64, v);
	return json_string(digits);
}

/* A reason may quote a path that is not UTF-8, or be cut inside a character: such bytes
 * become '?', because a measured sample must never be lost over a text. */
static json_t *from_text(const char *text)
{
	json_t *j = json_string(text);
	char plain[256];
	size_t i;

	if (j)
		return j;
	for (i = 0; text[i] && i < sizeof plain - 1; i++)
		plain[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
	plain[i] = '\0';
	return json_string(plain);
}

/* Base64 of the bytes in @b, which is emptied. */
static json_t *from_bytes(struct bl_buf *b)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	json_t *j = NULL;

	base64_encode(b->data, b->len, &text);
	if (!bl_buf_failed(b) && !bl_buf_failed(&text))
		j = json_string(bl_buf_str(&text));
	bl_buf_done(b);
	return j;
}

static json_t *lat_to_json(const struct lat *l)
{
	struct bl_buf hist = BL_BUF_INIT;
	json_t *j = json_object();
	int r = 0;

	hist_encode(&l->hist, &hist);
	r |= json_object_set_new(j, "n", from_u64(l->n));
	r |= json_object_set_new(j, "min_ns", from_u64(l->min_ns));
	r |= json_object_set_new(j, "max_ns", from_u64(l->max_ns));
	r |= json_object_set_new(j, "sum_ns", from_u64(l->sum_ns));
	r |= json_object_set_new(j, "sumsq_ns2", json_real(l->sumsq_ns2));
	r |= json_object_set_new(j, "hist", from_bytes(&hist));
	if (r) {
		json_decref(j);
		return NULL;
	}
	return j;
}

static struct lat *const *lat_at(const struct dir_sample *d, size_t kind)
{
	return (struct lat *const *)((const char *)d + kinds[kind].at);
}

static bool is_silent(const struct dir_sample *d)
{
	for (size_t k = 0; k < BL_ARRAY_LEN(kinds); k++) {
		const struct lat *l = *lat_at(d, k);

		if (l && l->n)
			return false;
	}
	return !d->ios && !d->bytes;
}

static json_t *dir_to_json(const struct dir_sample *d)
{
	json_t *j = json_object();
	int r = 0;

	r |= json_object_set_new(j, "ios", from_u64(d->ios));
	r |= json_object_set_new(j, "bytes", from_u64(d->bytes));
	for (size_t k = 0; k < BL_ARRAY_LEN(kinds); k++) {
		const struct lat *l = *lat_at(d, k);

		if (l && l->n)
			r |= json_object_set_new(j, kinds[k].name, lat_to_json(l));
	}
	if (r) {
		json_decref(j);
		return NULL;
	}
	return j;
}

static int later_to_json(const struct sample *s, json_t *j)
{
	int r = 0;

	for (size_t i = 0; i < BL_ARRAY_LEN(later_numbers); i++) {
		uint64_t v = *(const uint64_t *)((const char *)s + later_numbers[i].at);

		if (v)
			r |= json_object_set_new(j, later_numbers[i].name, from_u64(v));
	}
	for (size_t i = 0; i < BL_ARRAY_LEN(later_reals); i++) {
		double v = *(const double *)((const char *)s + later_reals[i].at);

		if (isfinite(v) && v != 0)
			r |= json_object_set_new(j, later_reals[i].name, json_real(v));
	}
	return r;
}

json_t *sample_to_json(const struct sample *s)
{
	BL_CLEANUP(json_freep) json_t *j = json_object();
	struct bl_buf intervals = BL_BUF_INIT;
	json_t *dirs = json_object();
	int r = 0;

	for (size_t i = 0; i < BL_ARRAY_LEN(texts); i++)
		r |= json_object_set_new(j, texts[i].name,
					 from_text((const char *)s + texts[i].at));
	for (size_t i = 0; i < BL_ARRAY_LEN(numbers); i++) {
		const char *at = (const char *)s + numbers[i].at;

		r |= json_object_set_new(j, numbers[i].name,
					 from_u64(numbers[i].is_32bit ? *(const uint32_t *)at
								      : *(const uint64_t *)at));
	}
	r |= later_to_json(s, j);
	r |= json_object_set_new(j, "error", json_integer(s->error));
	for (int d = 0; d < IO_DIRS; d++)
		if (!is_silent(&s->dir[d]))
			r |= json_object_set_new(dirs, io_dir_names[d], dir_to_json(&s->dir[d]));
	r |= json_object_set_new(j, "dir", dirs);
	intervals_encode(s, &intervals);
	r |= json_object_set_new(j, "intervals", from_bytes(&intervals));
	return r ? NULL : BL_STEAL(j);
}

/* ---- in ---- */

static int get_u64(const json_t *j, const char *name, uint64_t max, uint64_t *ret,
		   struct bl_err *err)
{
	const json_t *v = json_object_get(j, name);
	uint64_t n;

	if (json_is_integer(v) && json_integer_value(v) >= 0)
		n = (uint64_t)json_integer_value(v);
	else if (!json_is_string(v) ||
		 bl_parse_u64(json_string_value(v), 0, UINT64_MAX, &n, NULL) < 0)
		return bl_fail(err, -EBADMSG, "%s: %s", name,
			       v ? "not a whole number from 0" : "missing");
	if (n > max)
		return bl_fail(err, -EBADMSG, "%s: %" PRIu64 " is above the most, %" PRIu64, name,
			       n, max);
	*ret = n;
	return 0;
}

static int get_bytes(const json_t *j, const char *name, struct bl_buf *out, struct bl_err *err)
{
	const json_t *v = json_object_get(j, name);
	int r;

	if (!json_is_string(v))
		return bl_fail(err, -EBADMSG, "%s: not a string", name);
	r = base64_decode(json_string_value(v), json_string_length(v), out, err);
	if (r < 0)
		return bl_wrap(err, r, "%s", name);
	return bl_buf_failed(out) ? bl_fail(err, -ENOMEM, "no memory for %s", name) : 0;
}

/* n, min, max and sum against the histogram, which was counted by the same hand. */
static int lat_check(const struct lat *l, struct bl_err *err)
{
	unsigned first = HIST_BUCKETS, last = 0;
	unsigned __int128 sum = l->sum_ns;
	uint64_t total = 0;

	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		if (!l->hist.count[i])
			continue;
		if (first == HIST_BUCKETS)
			first = i;
		last = i;
		if (__builtin_add_overflow(total, l->hist.count[i], &total))
			return bl_fail(err, -EBADMSG, "hist: holds more than 2^64 values");
	}
	if (!l->n || total != l->n)
		return bl_fail(err, -EBADMSG, "hist: holds %" PRIu64 " values, n is %" PRIu64,
			       total, l->n);
	if (l->min_ns > l->max_ns || hist_index(l->min_ns) != first)
		return bl_fail(err, -EBADMSG, "min_ns: %" PRIu64 " is not in the first bucket",
			       l->min_ns);
	if (hist_index(l->max_ns) != last)
		return bl_fail(err, -EBADMSG, "max_ns: %" PRIu64 " is not in the last bucket",
			       l->max_ns);
	if (sum < (unsigned __int128)l->min_ns * l->n || sum > (unsigned __int128)l->max_ns * l->n)
		return bl_fail(err, -EBADMSG, "sum_ns: %" PRIu64 " is not between n min and n max",
			       l->sum_ns);
	return 0;
}

static int lat_from_json(const json_t *j, struct lat *l, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf hist = BL_BUF_INIT;
	int r;

	if (!json_is_object(j))
		return bl_fail(err, -EBADMSG, "not an object");
	if ((r = get_u64(j, "n", UINT64_MAX, &l->n, err)) < 0 ||
	    (r = get_u64(j, "min_ns", UINT64_MAX, &l->min_ns, err)) < 0 ||
	    (r = get_u64(j, "max_ns", UINT64_MAX, &l->max_ns, err)) < 0 ||
	    (r = get_u64(j, "sum_ns", UINT64_MAX, &l->sum_ns, err)) < 0 ||
	    (r = get_bytes(j, "hist", &hist, err)) < 0)
		return r;
	l->sumsq_ns2 = json_number_value(json_object_get(j, "sumsq_ns2"));
	if (!json_is_number(json_object_get(j, "sumsq_ns2")) || !isfinite(l->sumsq_ns2) ||
	    l->sumsq_ns2 < 0)
		return bl_fail(err, -EBADMSG, "sumsq_ns2: not a number from 0");
	r = hist_decode(&l->hist, hist.data, hist.len, err);
	return r < 0 ? r : lat_check(l, err);
}

static int dir_from_json(const json_t *j, struct dir_sample *d, struct bl_err *err)
{
	int r;

	if (!json_is_object(j))
		return bl_fail(err, -EBADMSG, "not an object");
	if ((r = get_u64(j, "ios", UINT64_MAX, &d->ios, err)) < 0 ||
	    (r = get_u64(j, "bytes", UINT64_MAX, &d->bytes, err)) < 0)
		return r;
	for (size_t k = 0; k < BL_ARRAY_LEN(kinds); k++) {
		const json_t *v = json_object_get(j, kinds[k].name);
		struct lat **at = (struct lat **)lat_at(d, k);

		if (!v)
			continue;
		if (!sample_lat(at))
			return bl_fail(err, -ENOMEM, "no memory for a histogram");
		r = lat_from_json(v, *at, err);
		if (r < 0)
			return bl_wrap(err, r, "%s", kinds[k].name);
	}
	if (d->lat && d->lat->n != d->ios)
		return bl_fail(err, -EBADMSG, "ios: %" PRIu64 ", but lat holds %" PRIu64, d->ios,
			       d->lat->n);
	return 0;
}

static int texts_from_json(const json_t *j, struct sample *s, struct bl_err *err)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(texts); i++) {
		const json_t *v = json_object_get(j, texts[i].name);
		size_t len = json_string_length(v);

		if (!json_is_string(v) || len >= texts[i].size ||
		    memchr(json_string_value(v), 0, len))
			return bl_fail(err, -EBADMSG, "%s: not a text below %zu bytes",
				       texts[i].name, texts[i].size);
		memcpy((char *)s + texts[i].at, json_string_value(v), len + 1);
	}
	return 0;
}

static int numbers_from_json(const json_t *j, struct sample *s, struct bl_err *err)
{
	uint64_t v;
	int r;

	for (size_t i = 0; i < BL_ARRAY_LEN(numbers); i++) {
		char *at = (char *)s + numbers[i].at;

		r = get_u64(j, numbers[i].name, numbers[i].is_32bit ? UINT32_MAX : UINT64_MAX, &v,
			    err);
		if (r < 0)
			return r;
		if (numbers[i].is_32bit)
			*(uint32_t *)at = (uint32_t)v;
		else
			*(uint64_t *)at = v;
	}
	r = get_u64(j, "error", 4095, &v, err); /* the kernel's MAX_ERRNO */
	if (r < 0)
		return r;
	s->error = (int)v;
	return 0;
}

static int later_from_json(const json_t *j, struct sample *s, struct bl_err *err)
{
	int r;

	for (size_t i = 0; i < BL_ARRAY_LEN(later_numbers); i++) {
		const char *name = later_numbers[i].name;
		uint64_t *at = (uint64_t *)((char *)s + later_numbers[i].at);

		r = json_object_get(j, name) ? get_u64(j, name, UINT64_MAX, at, err) : 0;
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < BL_ARRAY_LEN(later_reals); i++) {
		const json_t *v = json_object_get(j, later_reals[i].name);
		double d = json_number_value(v), min = later_reals[i].min, max = later_reals[i].max;

		if (v && (!json_is_number(v) || !isfinite(d) || d < min || d > max))
			return bl_fail(err, -EBADMSG, "%s: not a number from %.0f to %.0f",
				       later_reals[i].name, min, max);
		*(double *)((char *)s + later_reals[i].at) = d;
	}
	return 0;
}

int sample_from_json(const json_t *j, struct sample **ret_sample, struct bl_err *err)
{
	BL_CLEANUP(sample_freep) struct sample *s = sample_new("");
	BL_CLEANUP(bl_buf_done) struct bl_buf intervals = BL_BUF_INIT;
	const json_t *dirs, *dir;
	int r;

	if (!s)
		return bl_fail(err, -ENOMEM, "no memory for a sample");
	if (!json_is_object(j))
		return bl_fail(err, -EBADMSG, "sample: not an object");
	if ((r = texts_from_json(j, s, err)) < 0 || (r = numbers_from_json(j, s, err)) < 0 ||
	    (r = later_from_json(j, s, err)) < 0)
		return bl_wrap(err, r, "sample");
	dirs = json_object_get(j, "dir");
	if (!json_is_object(dirs))
		return bl_fail(err, -EBADMSG, "sample: dir: not an object");
	for (int d = 0; d < IO_DIRS; d++) {
		dir = json_object_get(dirs, io_dir_names[d]);
		r = dir ? dir_from_json(dir, &s->dir[d], err) : 0;
		if (r < 0)
			return bl_wrap(err, r, "sample: dir: %s", io_dir_names[d]);
	}
	r = get_bytes(j, "intervals", &intervals, err);
	if (r == 0)
		r = intervals_decode(s, intervals.data, intervals.len, err);
	if (r < 0)
		return bl_wrap(err, r, "sample");
	if (s->n_intervals && !s->interval_ns)
		return bl_fail(err, -EBADMSG, "sample: interval_ns: 0, but there are intervals");
	*ret_sample = BL_STEAL(s);
	return 0;
}
