#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fio_bins.h"
#include "fio_document.h"

static void decrefp(json_t **j)
{
	json_decref(*j);
}

/* ---- numbers ---- */

/* A count of at most 2^63 - 1; absent is 0. false: it is no such number. */
static bool count_of(const json_t *o, const char *key, uint64_t *ret)
{
	const json_t *j = json_object_get(o, key);

	*ret = 0;
	if (!j)
		return true;
	if (json_is_integer(j) && json_integer_value(j) >= 0) {
		*ret = (uint64_t)json_integer_value(j);
		return true;
	}
	if (!json_is_real(j) || !(json_real_value(j) >= 0 && json_real_value(j) < 9e18))
		return false;
	*ret = (uint64_t)(json_real_value(j) + 0.5);
	return true;
}

static bool real_of(const json_t *o, const char *key, double *ret)
{
	const json_t *j = json_object_get(o, key);

	*ret = j ? json_number_value(j) : 0;
	return !j || (json_is_number(j) && isfinite(*ret) && *ret >= 0);
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* ---- one latency ---- */

static int parse_bins(const json_t *bins, struct lat *l, const char *where, struct bl_err *err)
{
	uint64_t ns, n, total = 0;
	const char *key;
	char *end;
	json_t *j;

	json_object_foreach ((json_t *)bins, key, j) {
		ns = strtoull(key, &end, 10);
		if (*end || !json_is_integer(j) || json_integer_value(j) < 0)
			return bl_fail(err, -EBADMSG,
				       "%s.bins: '%.40s' is not a time in ns with its "
				       "count",
				       where, key);
		n = (uint64_t)json_integer_value(j);
		if (n > l->n - total) /* not added first: a sum may wrap */
			return bl_fail(err, -EBADMSG,
				       "%s: its bins hold more values than the %" PRIu64
				       " that its N says",
				       where, l->n);
		fio_bin_add(&l->hist, ns, n);
		total += n;
	}
	if (total != l->n)
		return bl_fail(err, -EBADMSG,
			       "%s: its bins hold %" PRIu64 " values, its N says %" PRIu64, where,
			       total, l->n);
	return 0;
}

/* @o: {min, max, mean, stddev, N[, bins]}. Absent when N is 0. */
static int parse_lat(const json_t *o, struct lat **ret, const char *where, struct bl_err *err)
{
	double mean, stddev;
	struct lat *l;
	uint64_t n, min, max;

	if (!count_of(o, "N", &n) || !count_of(o, "min", &min) || !count_of(o, "max", &max) ||
	    !real_of(o, "mean", &mean) || !real_of(o, "stddev", &stddev) || min > max ||
	    mean * (double)n > 9e18)
		return bl_fail(err, -EBADMSG,
			       "%s: N, min, max, mean or stddev is not such a number", where);
	if (!n)
		return 0;
	l = sample_lat(ret);
	if (!l)
		return bl_fail(err, -ENOMEM, "no memory for a latency");
	l->n = n;
	l->min_ns = min;
	l->max_ns = max;
	l->sum_ns = (uint64_t)llround(mean * (double)n);
	l->sumsq_ns2 = stddev * stddev * (double)(n - 1) + mean * mean * (double)n;
	return json_object_size(json_object_get(o, "bins"))
		       ? parse_bins(json_object_get(o, "bins"), l, where, err)
		       : 0;
}

/* ---- one direction ---- */

/* The value of "99.900000": the key is a number, written in whatever way. */
static const json_t *percentile_of(const json_t *percentiles, double p)
{
	const char *key;
	json_t *j;

	json_object_foreach ((json_t *)percentiles, key, j) {
		if (fabs(strtod(key, NULL) - p) < 1e-7 && json_is_integer(j) &&
		    json_integer_value(j) >= 0)
			return j;
	}
	return NULL;
}

static int tell_percentiles(const json_t *lat, const char *dir, struct job_result *j,
			    struct bl_err *err)
{
	static const struct {
		double p;
		const char *name;
	} rows[] = {{50, "p50"}, {90, "p90"},     {95, "p95"},
		    {99, "p99"}, {99.9, "p99_9"}, {99.99, "p99_99"}};
	const json_t *all = json_object_get(lat, "percentile"), *v;
	char key[48];

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		v = percentile_of(all, rows[i].p);
		snprintf(key, sizeof key, "told.%s.%s_ns", dir, rows[i].name);
		if (v &&
		    facts_addf(&j->facts, key, "%" JSON_INTEGER_FORMAT, json_integer_value(v)) < 0)
			return bl_fail(err, -ENOMEM, "no memory for facts");
	}
	return 0;
}

static bool has_bins(const json_t *lat)
{
	return json_object_size(json_object_get(lat, "bins")) > 0;
}

static bool has_percentiles(const json_t *lat)
{
	return has_bins(lat) || json_object_size(json_object_get(lat, "percentile")) > 0;
}

static void note_ruler(struct fio_document *d, enum fio_ruler is, bool is_histogram)
{
	d->has_histograms &= is != FIO_NO_PERCENTILES && is_histogram;
	d->ruler |= is; /* bits: FIO_BOTH is both */
}
_Static_assert((FIO_CLAT | FIO_LAT) == FIO_BOTH, "rulers are bits");

static int parse_direction(const json_t *o, int dir, struct job_result *j, struct fio_document *d,
			   const char *name, struct bl_err *err)
{
	const json_t *lat = json_object_get(o, "lat_ns"), *clat = json_object_get(o, "clat_ns");
	struct dir_sample *m = &j->sample->dir[dir];
	uint64_t runtime_ms;
	char where[3][160];
	const json_t *of;
	int r;

	for (int i = 0; i < 3; i++)
		snprintf(where[i], sizeof where[0], "job '%.80s': %s.%s", name, io_dir_names[dir],
			 i == 0   ? "slat_ns"
			 : i == 1 ? "clat_ns"
				  : "lat_ns");
	if (!count_of(o, "total_ios", &m->ios) || !count_of(o, "io_bytes", &m->bytes) ||
	    !count_of(o, "runtime", &runtime_ms) || runtime_ms > UINT64_MAX / 1000000)
		return bl_fail(err, -EBADMSG,
			       "job '%.80s': %s: total_ios, io_bytes or runtime is no count", name,
			       io_dir_names[dir]);
	if (runtime_ms * 1000000 > j->sample->runtime_ns)
		j->sample->runtime_ns = runtime_ms * 1000000;
	if (!m->ios)
		return 0;
	if (!lat && !clat && dir != IO_SYNC)
		return bl_fail(err, -EBADMSG,
			       "job '%.80s': no clat_ns: fio 2 counted in us and is not read; use "
			       "fio 3",
			       name);
	if ((r = parse_lat(json_object_get(o, "slat_ns"), &m->slat, where[0], err)) < 0 ||
	    (r = parse_lat(clat, &m->clat, where[1], err)) < 0 ||
	    (r = parse_lat(lat, &m->lat, where[2], err)) < 0)
		return r;
	of = has_percentiles(lat) ? lat : clat;
	if (dir != IO_SYNC)
		note_ruler(d,
			   has_percentiles(of) ? of == lat ? FIO_LAT : FIO_CLAT
					       : FIO_NO_PERCENTILES,
			   has_bins(of));
	return has_bins(of) ? 0 : tell_percentiles(of, io_dir_names[dir], j, err);
}

/* ---- one job ---- */

/* fio's options as canonical job text; @global first, as fio reads them. */
static char *job_text(const json_t *global, const json_t *options, const char *name)
{
	const json_t *both[] = {global, options};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	const char *key;
	json_t *j;

	bl_buf_addf(&out, "[%s]\n", name);
	for (size_t i = 0; i < 2; i++) {
		json_object_foreach ((json_t *)both[i], key, j) {
			const char *value = json_string_value(j);

			if (strcmp(key, "name") == 0 || (i == 0 && json_object_get(options, key)))
				continue;
			bl_buf_addf(&out, value && *value ? "%s=%s\n" : "%s\n", key, value);
		}
	}
	return bl_buf_take(&out);
}

static const char *option_of(const json_t *global, const json_t *options, const char *key)
{
	const char *own = text_of(options, key);

	return *own ? own : text_of(global, key);
}

static int parse_counters(const json_t *o, struct sample *m, struct job_result *j,
			  struct bl_err *err)
{
	double usr, sys;
	uint64_t ctx, job_ms;

	if (!real_of(o, "usr_cpu", &usr) || !real_of(o, "sys_cpu", &sys) ||
	    !count_of(o, "ctx", &ctx) || !count_of(o, "job_runtime", &job_ms) || usr > 1e6 ||
	    sys > 1e6 || job_ms > UINT64_MAX / 1000000)
		return bl_fail(err, -EBADMSG,
			       "job '%.80s': usr_cpu, sys_cpu, ctx or job_runtime is not such a "
			       "number",
			       m->job);
	/* percent of job_runtime, which is the sum over clones */
	m->cpu_user_ns = (uint64_t)(usr / 100 * (double)job_ms * 1e6);
	m->cpu_sys_ns = (uint64_t)(sys / 100 * (double)job_ms * 1e6);
	if (json_object_get(o, "ctx") && facts_addf(&j->facts, "fio.ctx", "%" PRIu64, ctx) < 0)
		return bl_fail(err, -ENOMEM, "no memory for facts");
	return 0;
}

static int parse_error(const json_t *o, const char *name, struct sample *m, struct fio_document *d,
		       struct bl_err *err)
{
	uint64_t error;

	if (!count_of(o, "error", &error) || error > 100000)
		return bl_fail(err, -EBADMSG, "job '%.80s': error is no errno", name);
	if (!error)
		return 0;
	m->error = (int)error;
	snprintf(m->error_text, sizeof m->error_text, "%s", strerror((int)error));
	if (!d->error) {
		d->error = NULL;
		if (asprintf(&d->error, "job '%s' ended with error %d: %s", name, m->error,
			     m->error_text) < 0)
			return bl_fail(err, -ENOMEM, "no memory for a reason");
	}
	return 0;
}

static int parse_job(const json_t *o, const json_t *global, struct fio_document *d,
		     struct job_result *j, struct bl_err *err)
{
	const json_t *options = json_object_get(o, "job options");
	const char *name = text_of(o, "jobname"), *engine, *clones;
	struct sample *m;
	int r;

	if (!*name)
		return bl_fail(err, -EBADMSG, "a job has no name (jobname)");
	if (json_object_get(o, "mixed") && !json_object_get(o, "read"))
		return bl_fail(err, -EBADMSG,
			       "job '%.80s' has reads and writes in one (unified_rw_reporting), "
			       "which can't be told apart any more; run it without",
			       name);
	j->name = strdup(name);
	j->job_text = job_text(global, options, name);
	j->sample = m = sample_new(name);
	if (!j->name || !j->job_text || !m)
		return bl_fail(err, -ENOMEM, "no memory for a job");
	engine = option_of(global, options, "ioengine");
	clones = option_of(global, options, "numjobs");
	snprintf(m->engine, sizeof m->engine, "%s", *engine ? engine : "psync"); /* on Linux */
	snprintf(m->clock, sizeof m->clock, "fio");
	m->n_threads = *clones ? (uint32_t)strtoul(clones, NULL, 10) : 1;
	for (int dir = 0; dir < IO_DIRS; dir++) {
		r = parse_direction(json_object_get(o, io_dir_names[dir]), dir, j, d, name, err);
		if (r < 0)
			return r;
	}
	r = parse_counters(o, m, j, err);
	return r < 0 ? r : parse_error(o, name, m, d, err);
}

/* ---- all of them ---- */

static void forget_told(struct facts *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (strncmp(f->items[i].key, "told.", 5) == 0) {
			free(f->items[i].key);
			free(f->items[i].value);
		} else {
			f->items[n++] = f->items[i];
		}
	}
	f->n = n;
}

/* A clone of the job before it: counters and histograms are added, percentiles can't be. */
static int add_clone(struct fio_document *d, struct job_result *to, struct job_result *clone,
		     struct bl_err *err)
{
	uint32_t n = to->sample->n_threads;
	int r = sample_merge(to->sample, clone->sample);

	forget_told(&to->facts);
	to->sample->n_threads = n; /* as its options say for all of them */
	d->has_clones = true;
	job_result_done(clone);
	return r < 0 ? bl_fail(err, r, "no memory for a job") : 0;
}

static int add_job(const json_t *o, const json_t *global, struct fio_document *d, uint64_t groups[],
		   struct bl_err *err)
{
	struct job_result *more = reallocarray(d->jobs, d->n_jobs + 1, sizeof *more), *j;
	uint64_t group;
	char *name;
	int r;

	if (!more)
		return bl_fail(err, -ENOMEM, "no memory for jobs");
	d->jobs = more;
	j = memset(&more[d->n_jobs++], 0, sizeof *j);
	r = parse_job(o, global, d, j, err);
	if (r < 0)
		return r;
	if (!count_of(o, "groupid", &group))
		return bl_fail(err, -EBADMSG, "job '%.80s': groupid is no number", j->name);
	groups[d->n_jobs - 1] = group;
	for (size_t i = 0; i + 1 < d->n_jobs; i++) {
		if (strcmp(d->jobs[i].name, j->name) != 0)
			continue;
		if (groups[i] == group) {
			d->n_jobs--;
			return add_clone(d, &d->jobs[i], j, err);
		}
		if (asprintf(&name, "%s (group %" PRIu64 ")", j->name, group) < 0)
			return bl_fail(err, -ENOMEM, "no memory for a job");
		free(j->name);
		j->name = name;
		i = SIZE_MAX; /* again from the first, by its new name */
	}
	return 0;
}

static int parse_jobs(const json_t *doc, struct fio_document *d, struct bl_err *err)
{
	const json_t *jobs = json_object_get(doc, "jobs");
	BL_CLEANUP(bl_freep) uint64_t *groups = calloc(json_array_size(jobs) + 1, sizeof *groups);
	json_t *o;
	size_t i;
	int r;

	if (!groups)
		return bl_fail(err, -ENOMEM, "no memory for jobs");
	d->has_histograms = true;
	json_array_foreach ((json_t *)jobs, i, o) {
		r = add_job(o, json_object_get(doc, "global options"), d, groups, err);
		if (r < 0)
			return r;
	}
	for (i = 0; i < d->n_jobs; i++)
		if (d->jobs[i].sample->runtime_ns / 1000000 > d->runtime_ms)
			d->runtime_ms = d->jobs[i].sample->runtime_ns / 1000000;
	d->has_histograms &= d->ruler != FIO_NO_PERCENTILES;
	return 0;
}

static int parse_document(const json_t *doc, struct fio_document *d, struct bl_err *err)
{
	const char *version = text_of(doc, "fio version");
	uint64_t seconds;

	if (strncmp(version, "fio-", 4) != 0)
		return bl_fail(
			err, -EBADMSG,
			"is JSON, but has no \"fio version\"; accepted is what fio 3 writes by "
			"--output-format=json or json+");
	if (json_object_get(doc, "client_stats"))
		return bl_fail(err, -EBADMSG,
			       "is of fio's server mode (client_stats), which is not "
			       "read; run fio on the machine itself");
	if (!json_array_size(json_object_get(doc, "jobs")))
		return bl_fail(err, -EBADMSG, "holds no jobs");
	if (*text_of(doc, "blkjob version")) /* says fio's version, too, for programs that ask */
		snprintf(d->version, sizeof d->version, "blkjob-%s",
			 text_of(doc, "blkjob version"));
	else
		snprintf(d->version, sizeof d->version, "%s", version);
	if (!count_of(doc, "timestamp_ms", &d->timestamp_ms) ||
	    !count_of(doc, "timestamp", &seconds) || d->timestamp_ms > (uint64_t)1 << 47 ||
	    seconds > (uint64_t)1 << 37)
		return bl_fail(err, -EBADMSG, "timestamp is no time");
	if (!d->timestamp_ms)
		d->timestamp_ms = seconds * 1000;
	return parse_jobs(doc, d, err);
}

/* Where the JSON begins: fio may say something before it. */
static const char *find_json(const char *text, size_t len)
{
	const char *end = text + len, *line = text;

	while (line < end) {
		const char *p = line;

		while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
			p++;
		if (p < end && *p == '{')
			return p;
		line = memchr(p, '\n', (size_t)(end - p));
		if (!line)
			return NULL;
		line++;
	}
	return NULL;
}

bool fio_document_is_json(const char *text, size_t len)
{
	return find_json(text, len) != NULL;
}

int fio_document_parse(const char *text, size_t len, const char *name, struct fio_document *ret,
		       struct bl_err *err)
{
	struct fio_document d = {0};
	BL_CLEANUP(decrefp) json_t *doc = NULL;
	const char *at = find_json(text, len), *end = text + len;
	json_error_t says;
	int r;

	if (!at)
		return bl_fail(err, -EBADMSG, "'%s': no JSON in it", name);
	while (at) {
		json_t *next = json_loadb(at, (size_t)(end - at), JSON_DISABLE_EOF_CHECK, &says);

		if (!next)
			return bl_fail(err, -EBADMSG, "'%s': line %d: %s", name, says.line,
				       says.text);
		json_decref(doc);
		doc = next;
		at += says.position;
		at = find_json(at, (size_t)(end - at));
	}
	r = parse_document(doc, &d, err);
	if (r < 0) {
		fio_document_done(&d);
		return bl_wrap(err, r, "'%s'", name);
	}
	*ret = d;
	return 0;
}

void fio_document_done(struct fio_document *d)
{
	for (size_t i = 0; i < d->n_jobs; i++)
		job_result_done(&d->jobs[i]);
	free(d->jobs);
	free(d->error);
	*d = (struct fio_document){0};
}
