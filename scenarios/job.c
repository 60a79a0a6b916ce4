/* job.c - the option table, and everything that is read from it. */
#include "job.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "jobfile.h"
#include "units.h"

const char *const job_engine_names[JOB_ENGINES] = {"psync", "io_uring", "null"};
const char *const job_rw_names[JOB_RWS] = {"read",      "write", "randread",
					   "randwrite", "rw",    "randrw"};

enum kind { KIND_TEXT, KIND_ENUM, KIND_COUNT, KIND_BYTES, KIND_TIME, KIND_FLAG };

struct option_row {
	const char *name, *alias;
	enum kind kind;
	size_t at;     /* field in struct job */
	size_t width;  /* bytes of the field */
	size_t pct_at; /* uint32_t beside it for "20%"; 0: no percentage */
	uint64_t min, max;
	const char *def; /* as one would write it */
	const char *const *names;
	size_t n_names;
	const char *help;
};

#define AT(f)     .at = offsetof(struct job, f), .width = sizeof(((struct job *)0)->f)
#define PCT(f)    .pct_at = offsetof(struct job, f)
#define BYTES_MAX ((uint64_t)1 << 60)

static const struct option_row rows[] = {
	{"filename", NULL, KIND_TEXT, AT(filename), .def = "",
	 .help = "file or device; one only, '\\:' for a colon in its name"},
	{"ioengine", NULL, KIND_ENUM, AT(engine), .def = "psync", .names = job_engine_names,
	 .n_names = JOB_ENGINES, .help = "how requests are made"},
	{"rw", "readwrite", KIND_ENUM, AT(rw), .def = "read", .names = job_rw_names,
	 .n_names = JOB_RWS, .help = "what is done, in which order"},
	{"rwmixread", NULL, KIND_COUNT, AT(rwmixread), .max = 100, .def = "50",
	 .help = "percent of reads in rw and randrw (rwmixwrite: of writes)"},
	{"bs", "blocksize", KIND_BYTES, AT(bs), .min = 512, .max = 64 * MiB, .def = "4096",
	 .help = "bytes in one request"},
	{"iodepth", NULL, KIND_COUNT, AT(iodepth), .min = 1, .max = 4096, .def = "1",
	 .help = "requests kept in flight; psync runs at 1"},
	{"numjobs", NULL, KIND_COUNT, AT(numjobs), .min = 1, .max = 256, .def = "1",
	 .help = "clones of the job, a thread each"},
	{"direct", NULL, KIND_FLAG, AT(direct), .max = 1, .def = "0",
	 .help = "1: O_DIRECT, past the page cache (buffered: the opposite)"},
	{"size", NULL, KIND_BYTES, AT(size), PCT(size_pct), .max = BYTES_MAX, .def = "0",
	 .help = "bytes of the region, or percent; 0: to the end of the target"},
	{"offset", NULL, KIND_BYTES, AT(offset), PCT(offset_pct), .max = BYTES_MAX, .def = "0",
	 .help = "where the region starts, or percent of the target"},
	{"io_size", NULL, KIND_BYTES, AT(io_size), .max = BYTES_MAX, .def = "0",
	 .help = "bytes to move, may be more than the region; 0: size"},
	{"runtime", "timeout", KIND_TIME, AT(runtime_ns), .max = 366 * 86400 * NS_PER_S, .def = "0",
	 .help = "longest counted time; 0: until the bytes are moved"},
	{"time_based", NULL, KIND_FLAG, AT(time_based), .max = 1, .def = "0",
	 .help = "go on for the whole runtime, over and over"},
	{"ramp_time", NULL, KIND_TIME, AT(ramp_ns), .max = 86400 * NS_PER_S, .def = "0",
	 .help = "time before counting starts"},
	{"fsync", NULL, KIND_COUNT, AT(fsync), .max = UINT32_MAX, .def = "0",
	 .help = "fsync after every N writes, measured apart"},
	{"fdatasync", NULL, KIND_COUNT, AT(fdatasync), .max = UINT32_MAX, .def = "0",
	 .help = "fdatasync after every N writes, measured apart"},
	{"rate_iops", NULL, KIND_COUNT, AT(rate_iops), .max = 1000000000, .def = "0",
	 .help = "requests started a second, per clone and direction; 0: no limit"},
	{"randseed", NULL, KIND_COUNT, AT(randseed), .max = UINT64_MAX, .def = "137",
	 .help = "same seed, same offsets"},
	{"norandommap", NULL, KIND_FLAG, AT(norandommap), .max = 1, .def = "0",
	 .help = "independent random blocks, not each block once a pass"},
	{"stonewall", "wait_for_previous", KIND_FLAG, AT(stonewall), .max = 1, .def = "0",
	 .help = "start when all jobs above have ended"},
	{"invalidate", NULL, KIND_FLAG, AT(invalidate), .max = 1, .def = "1",
	 .help = "drop the target's page cache before the job"},
};

/* Written the other way round: 'to' is set to 'from' minus the value. */
static const struct {
	const char *name, *to;
	uint64_t from;
} opposites[] = {{"buffered", "direct", 1}, {"rwmixwrite", "rwmixread", 100}};

/* fio options without effect here: output we shape otherwise, or the way fio runs. */
static const struct {
	const char *name, *why;
} ignored[] = {
	{"group_reporting", "clones are always merged into one result"},
	{"thread", "clones are always threads"},
	{"new_group", "every section has its own result"},
	{"description", "not part of the result"},
	{"log_avg_msec", "intervals are always 100 ms"},
	{"log_hist_msec", "intervals are always 100 ms"},
	{"write_lat_log", "intervals are part of the result"},
	{"write_bw_log", "intervals are part of the result"},
	{"write_iops_log", "intervals are part of the result"},
	{"write_hist_log", "intervals are part of the result"},
	{"per_job_logs", "there are no log files"},
	{"log_offset", "there are no log files"},
	{"log_max_value", "there are no log files"},
	{"log_unix_epoch", "there are no log files"},
	{"log_hist_coarseness", "there are no log files"},
	{"bwavgtime", "samples come from 100 ms intervals"},
	{"iopsavgtime", "samples come from 100 ms intervals"},
	{"clat_percentiles", "whole histograms are always kept"},
	{"lat_percentiles", "whole histograms are always kept"},
	{"slat_percentiles", "whole histograms are always kept"},
	{"percentile_list", "whole histograms are always kept"},
	{"disable_lat", "latency is always measured"},
	{"disable_clat", "latency is always measured"},
	{"disable_slat", "latency is always measured"},
	{"disable_bw", "bandwidth is always measured"},
	{"disable_bw_measurement", "bandwidth is always measured"},
	{"gtod_reduce", "latency is always measured"},
	{"disk_util", "not part of the result"},
	{"unit_base", "output has its own units"},
	{"significant_figures", "output has its own format"},
	{"random_generator", "offsets come from a keyed permutation"},
	{"refill_buffers", "written data is random and stamped with its offset"},
	{"scramble_buffers", "written data is random and stamped with its offset"},
	{"fixedbufs", "used by io_uring wherever the kernel takes them"},
	{"registerfiles", "used by io_uring wherever the kernel takes them"},
	{"create_serialize", "files are made before the clock starts"},
};

/* fio options known here with one value only: the one that is always in force. */
static const struct {
	const char *name, *only;
} fixed[] = {
	{"kb_base", "1024"},
	{"randrepeat", "1"},
	{"allrandrepeat", "1"},
	{"loops", "1"},
	{"nrfiles", "1"},
	{"verify", "0"},
	{"sync", "0"},
	{"end_fsync", "0"},
	{"percentage_random", "100"},
	{"iodepth_batch", "1"},
	{"zonemode", "none"},
	{"random_distribution", "random"},
	{"rate_process", "linear"},
	{"startdelay", "0"},
	{"io_submit_mode", "inline"},
	{"fsync_on_close", "0"},
	{"allow_mounted_write", "0"},
	{"hipri", "0"},
	{"sqthread_poll", "0"},
	{"thinktime", "0"},
	{"zero_buffers", "0"},
	{"fill_device", "0"},
	{"exitall", "0"},
};

static const struct option_row *find_row(const char *name)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].name, name) || (rows[i].alias && !strcmp(rows[i].alias, name)))
			return &rows[i];
	return NULL;
}

static uint64_t field_get(const struct job *j, const struct option_row *r)
{
	const char *p = (const char *)j + r->at;
	uint64_t u64 = 0;
	uint32_t u32 = 0;

	if (r->width == sizeof(u64)) {
		memcpy(&u64, p, sizeof(u64));
		return u64;
	}
	if (r->width == 1)
		return (uint8_t)*p;
	memcpy(&u32, p, sizeof(u32));
	return u32;
}

static void field_put(struct job *j, const struct option_row *r, uint64_t v)
{
	char *p = (char *)j + r->at;
	uint32_t u32 = (uint32_t)v;

	if (r->width == sizeof(v))
		memcpy(p, &v, sizeof(v));
	else if (r->width == 1)
		*(bool *)p = v != 0;
	else
		memcpy(p, &u32, sizeof(u32));
}

static uint32_t *field_pct(const struct job *j, const struct option_row *r)
{
	return (uint32_t *)((uintptr_t)j + r->pct_at);
}

/* Levenshtein distance, for short names only. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[64], diag, up;
	size_t nb = strlen(b);

	if (nb >= 64 || strlen(a) >= 64)
		return 64;
	for (unsigned i = 0; i <= nb; i++)
		row[i] = i;
	for (unsigned i = 1; *a; a++, i++) {
		diag = row[0];
		row[0] = i;
		for (unsigned k = 1; k <= nb; k++) {
			up = row[k];
			row[k] = diag + (*a != b[k - 1]);
			if (up + 1 < row[k])
				row[k] = up + 1;
			if (row[k - 1] + 1 < row[k])
				row[k] = row[k - 1] + 1;
			diag = up;
		}
	}
	return row[nb];
}

static void nearer(const char *name, const char *candidate, unsigned *best, const char **ret)
{
	unsigned d = candidate ? distance(name, candidate) : 64;

	if (candidate && *name && !strncmp(candidate, name, strlen(name)))
		d = 1; /* cut short */
	if (d < *best) {
		*best = d;
		*ret = candidate;
	}
}

static const char *nearest_option(const char *name)
{
	const char *found = rows[0].name;
	unsigned best = 64;

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		nearer(name, rows[i].name, &best, &found);
		nearer(name, rows[i].alias, &best, &found);
	}
	for (size_t i = 0; i < BL_ARRAY_LEN(opposites); i++)
		nearer(name, opposites[i].name, &best, &found);
	for (size_t i = 0; i < BL_ARRAY_LEN(ignored); i++)
		nearer(name, ignored[i].name, &best, &found);
	return found;
}

/* Decimal or 0x number, the rest in *ret_rest. False: not a number, or beyond 64 bits. */
static bool leading_number(const char *s, uint64_t *ret, const char **ret_rest)
{
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	*ret = strtoull(s, &end, s[0] == '0' && (s[1] | 32) == 'x' ? 16 : 10);
	*ret_rest = end;
	return errno == 0;
}

static bool parse_scaled(const char *value, const char *units, uint64_t *ret)
{
	const char *rest, *hit;
	uint64_t base = 1024;

	if (!leading_number(value, ret, &rest))
		return false;
	if (!*rest || !strcasecmp(rest, "b"))
		return true;
	hit = strchr(units, tolower((unsigned char)*rest));
	if (!hit)
		return false;
	if (!strcasecmp(rest + 1, "ib"))
		base = 1000; /* fio's kb_base=1024: reversed on purpose, for old job files */
	else if (rest[1] && strcasecmp(rest + 1, "b") != 0)
		return false;
	for (const char *u = units; u <= hit; u++)
		if (__builtin_mul_overflow(*ret, base, ret))
			return false;
	return true;
}

static bool parse_time(const char *value, uint64_t *ret)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = {{"", NS_PER_S},       {"s", NS_PER_S},        {"ms", NS_PER_MS},
		     {"msec", NS_PER_MS},  {"us", NS_PER_US},      {"usec", NS_PER_US},
		     {"m", 60 * NS_PER_S}, {"h", 3600 * NS_PER_S}, {"d", 86400 * NS_PER_S}};
	const char *rest;

	if (!leading_number(value, ret, &rest))
		return false;
	for (size_t i = 0; i < BL_ARRAY_LEN(units); i++)
		if (!strcasecmp(rest, units[i].unit))
			return !__builtin_mul_overflow(*ret, units[i].ns, ret);
	return false;
}

/* Within bounds? @shown is the value as it was written. */
static int check_range(const struct option_row *r, uint64_t v, const char *shown,
		       struct bl_err *err)
{
	if (v < r->min)
		return bl_fail(err, -ERANGE, "%s: '%s' is below the least, %llu", r->name, shown,
			       (unsigned long long)r->min);
	if (v > r->max && r->kind == KIND_TIME)
		return bl_fail(err, -ERANGE, "%s: '%s' is above the most, %llus", r->name, shown,
			       (unsigned long long)(r->max / NS_PER_S));
	if (v > r->max)
		return bl_fail(err, -ERANGE, "%s: '%s' is above the most, %llu", r->name, shown,
			       (unsigned long long)r->max);
	return 0;
}

/* Text of a filename as fio writes it: "\:" is a colon, ":" would part two files. */
static int set_filename(struct job *j, const char *value, struct bl_err *err)
{
	char path[JOB_PATH_MAX];
	size_t n = 0;

	for (const char *s = value; *s; s++) {
		if (*s == ':')
			return bl_fail(err, -EINVAL,
				       "filename: '%s' names more than one file; one is accepted, "
				       "with '\\:' for a colon in its name",
				       value);
		if (s[0] == '\\' && s[1] == ':')
			s++;
		if (n + 1 >= sizeof(path))
			return bl_fail(err, -ERANGE,
				       "filename: '%.40s...' is too long, at most %zu bytes", value,
				       sizeof(path) - 1);
		path[n++] = *s;
	}
	memset(j->filename, 0, sizeof(j->filename));
	memcpy(j->filename, path, n);
	return 0;
}

static void join_names(const struct option_row *r, char *out, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_names && n < len; i++)
		n += (size_t)snprintf(out + n, len - n, "%s%s", i ? ", " : "", r->names[i]);
}

/* What to say about a fio value that this build has no row for. */
static const char *nearest_value(const struct option_row *r, const char *value)
{
	static const struct {
		const char *fio, *ours;
	} known[] = {{"libaio", "io_uring"}, {"posixaio", "io_uring"},    {"sync", "psync"},
		     {"vsync", "psync"},     {"pvsync", "psync"},         {"pvsync2", "psync"},
		     {"mmap", "psync"},      {"io_uring_cmd", "io_uring"}};
	const char *found = r->names[0];
	unsigned best = 64;

	for (size_t i = 0; i < BL_ARRAY_LEN(known); i++)
		if (!strcmp(known[i].fio, value))
			return known[i].ours;
	for (size_t i = 0; i < r->n_names; i++)
		nearer(value, r->names[i], &best, &found);
	return found;
}

static int set_enum(struct job *j, const struct option_row *r, const char *value,
		    struct bl_err *err)
{
	char accepted[128];

	if (!strcmp(r->name, "rw") && !strcmp(value, "readwrite"))
		value = "rw";
	for (size_t i = 0; i < r->n_names; i++) {
		if (strcmp(r->names[i], value) != 0)
			continue;
		field_put(j, r, i);
		return 0;
	}
	join_names(r, accepted, sizeof(accepted));
	return bl_fail(err, -EINVAL, "%s: '%s' is not supported, the nearest is '%s'; accepted: %s",
		       r->name, value, nearest_value(r, value), accepted);
}

static int set_percent(struct job *j, const struct option_row *r, const char *value,
		       struct bl_err *err)
{
	const char *rest;
	uint64_t v;

	if (!leading_number(value, &v, &rest) || strcmp(rest, "%") != 0 || v > 100)
		return bl_fail(err, -EINVAL, "%s: '%s' is not a percentage from 0%% to 100%%",
			       r->name, value);
	field_put(j, r, 0);
	*field_pct(j, r) = (uint32_t)v;
	return 0;
}

static int set_number(struct job *j, const struct option_row *r, const char *value,
		      struct bl_err *err)
{
	static const char *const wanted[] = {
		[KIND_COUNT] = "a whole number",
		[KIND_BYTES] = "one size in bytes, for example 4096, 4k, 1m",
		[KIND_TIME] = "a time, for example 10, 10s, 500ms, 2m",
		[KIND_FLAG] = "0 or 1",
	};
	uint64_t v = 0;
	bool ok;
	int rc;

	if (r->pct_at && strchr(value, '%'))
		return set_percent(j, r, value, err);
	if (r->kind == KIND_TIME)
		ok = parse_time(value, &v);
	else
		ok = parse_scaled(value, "kmgtp", &v);
	if (!ok || (r->kind == KIND_FLAG && v > 1))
		return bl_fail(err, -EINVAL, "%s: '%s' is not %s", r->name, value, wanted[r->kind]);
	rc = check_range(r, v, value, err);
	if (rc < 0)
		return rc;
	field_put(j, r, v);
	if (r->pct_at)
		*field_pct(j, r) = 0;
	return 0;
}

static int set_row(struct job *j, const struct option_row *r, const char *value, struct bl_err *err)
{
	if (!value && r->kind == KIND_FLAG)
		value = "1";
	if (!value)
		return bl_fail(err, -EINVAL, "%s: needs a value: %s", r->name, r->help);
	if (r->kind == KIND_TEXT)
		return set_filename(j, value, err);
	if (r->kind == KIND_ENUM)
		return set_enum(j, r, value, err);
	return set_number(j, r, value, err);
}

static int set_opposite(struct job *j, size_t i, const char *value, struct bl_err *err)
{
	uint64_t v;

	if (!parse_scaled(value ? value : "1", "kmgtp", &v) || v > opposites[i].from)
		return bl_fail(err, -EINVAL, "%s: '%s' is not a whole number from 0 to %llu",
			       opposites[i].name, value ? value : "",
			       (unsigned long long)opposites[i].from);
	field_put(j, find_row(opposites[i].to), opposites[i].from - v);
	return 0;
}

int job_set(struct job *j, const char *option, const char *value, struct bl_err *err)
{
	const struct option_row *r = find_row(option);

	if (r)
		return set_row(j, r, value, err);
	for (size_t i = 0; i < BL_ARRAY_LEN(opposites); i++)
		if (!strcmp(opposites[i].name, option))
			return set_opposite(j, i, value, err);
	if (job_option_ignored(option))
		return 0;
	for (size_t i = 0; i < BL_ARRAY_LEN(fixed); i++) {
		if (strcmp(fixed[i].name, option) != 0)
			continue;
		if (value && !strcmp(value, fixed[i].only))
			return 0;
		return bl_fail(err, -EINVAL, "%s: '%s' is not supported; only %s is", option,
			       value ? value : "1", fixed[i].only);
	}
	return bl_fail(err, -EINVAL, "%s: unknown option; the nearest known is '%s'", option,
		       nearest_option(option));
}

const char *job_option_ignored(const char *option)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(ignored); i++)
		if (!strcmp(ignored[i].name, option))
			return ignored[i].why;
	return NULL;
}

bool job_option_alone(const char *option)
{
	const struct option_row *r = find_row(option);

	return r ? r->kind == KIND_FLAG : job_option_ignored(option) != NULL;
}

const char *job_option_name(size_t index)
{
	return index < BL_ARRAY_LEN(rows) ? rows[index].name : NULL;
}

void job_defaults(struct job *j)
{
	memset(j, 0, sizeof(*j));
	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++)
		(void)set_row(j, &rows[i], rows[i].def, NULL);
}

static void filename_text(const struct job *j, struct bl_buf *out)
{
	for (const char *s = j->filename; *s; s++) {
		if (*s == ':')
			bl_buf_addc(out, '\\');
		bl_buf_addc(out, *s);
	}
}

static void row_text(const struct job *j, const struct option_row *r, struct bl_buf *out)
{
	unsigned long long v = field_get(j, r);

	if (r->pct_at && *field_pct(j, r))
		bl_buf_addf(out, "%u%%", *field_pct(j, r));
	else if (r->kind == KIND_TEXT)
		filename_text(j, out);
	else if (r->kind == KIND_ENUM)
		bl_buf_adds(out, v < r->n_names ? r->names[v] : "?");
	else if (r->kind == KIND_TIME && v % NS_PER_S == 0)
		bl_buf_addf(out, "%llus", v / NS_PER_S);
	else if (r->kind == KIND_TIME && v % NS_PER_MS == 0)
		bl_buf_addf(out, "%llums", v / NS_PER_MS);
	else if (r->kind == KIND_TIME)
		bl_buf_addf(out, "%lluus", v / NS_PER_US);
	else
		bl_buf_addf(out, "%llu", v);
}

static bool is_default(const struct job *j, const struct option_row *r)
{
	struct job d;

	job_defaults(&d);
	if (r->kind == KIND_TEXT)
		return j->filename[0] == 0;
	if (r->pct_at && *field_pct(j, r))
		return false;
	return field_get(j, r) == field_get(&d, r);
}

bool job_option_text(const struct job *j, const char *option, struct bl_buf *out)
{
	const struct option_row *r = find_row(option);

	if (!r || is_default(j, r))
		return false;
	row_text(j, r, out);
	return true;
}

void job_option_default(const char *option, struct bl_buf *out)
{
	const struct option_row *r = find_row(option);

	bl_buf_adds(out, r ? r->def : "");
}

void job_to_text(const struct job *j, struct bl_buf *out)
{
	bl_buf_addf(out, "[%s]\n", j->name);
	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		if (is_default(j, &rows[i]))
			continue;
		bl_buf_addf(out, "%s=", rows[i].name);
		row_text(j, &rows[i], out);
		bl_buf_addc(out, '\n');
	}
}

void job_options_help(struct bl_buf *out)
{
	char names[128];

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		const struct option_row *r = &rows[i];

		bl_buf_addf(out, "  %-12s %s", r->name, r->help);
		if (r->kind == KIND_ENUM) {
			join_names(r, names, sizeof(names));
			bl_buf_addf(out, ": %s", names);
		}
		if (r->alias)
			bl_buf_addf(out, "; also %s", r->alias);
		if (*r->def && strcmp(r->def, "0") != 0)
			bl_buf_addf(out, " (default %s)", r->def);
		bl_buf_addc(out, '\n');
	}
	bl_buf_adds(out, "Read and without effect:");
	for (size_t i = 0; i < BL_ARRAY_LEN(ignored); i++)
		bl_buf_addf(out, "%s%s", i % 6 ? " " : "\n  ", ignored[i].name);
	bl_buf_adds(out, "\nAccepted with one value only:");
	for (size_t i = 0; i < BL_ARRAY_LEN(fixed); i++)
		bl_buf_addf(out, "%s%s=%s", i % 6 ? " " : "\n  ", fixed[i].name, fixed[i].only);
	bl_buf_addc(out, '\n');
}

/* A name or path that could not be written into a job file and read back. */
static bool is_unwritable(const char *s, const char *forbidden)
{
	size_t n = strlen(s);

	if (n && (isspace((unsigned char)s[0]) || isspace((unsigned char)s[n - 1])))
		return true;
	for (; *s; s++)
		if ((unsigned char)*s < 32 || strchr(forbidden, *s) || (s[0] == '$' && s[1] == '{'))
			return true;
	return false;
}

static int check_rows(const struct job *j, struct bl_err *err)
{
	int rc;

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		const struct option_row *r = &rows[i];
		uint64_t v = field_get(j, r);
		char shown[24];

		if (r->kind == KIND_TEXT)
			continue;
		snprintf(shown, sizeof(shown), "%llu", (unsigned long long)v);
		if (r->kind == KIND_ENUM && v >= r->n_names)
			return bl_fail(err, -ERANGE, "%s: '%s' is not a known value", r->name,
				       shown);
		if (r->kind == KIND_TIME && v % NS_PER_US)
			return bl_fail(err, -EINVAL, "%s: '%sns' is not a whole number of us",
				       r->name, shown);
		if (r->pct_at && *field_pct(j, r) > 100)
			return bl_fail(err, -ERANGE, "%s: '%u%%' is above the most, 100%%", r->name,
				       *field_pct(j, r));
		rc = r->kind == KIND_ENUM ? 0 : check_range(r, v, shown, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int check_alignment(const struct job *j, struct bl_err *err)
{
	if (!j->direct)
		return 0;
	if (j->bs % 512)
		return bl_fail(err, -EINVAL,
			       "bs: '%llu' is not a multiple of 512, which direct=1 needs",
			       (unsigned long long)j->bs);
	if (j->offset % 512)
		return bl_fail(err, -EINVAL,
			       "offset: '%llu' is not a multiple of 512, which direct=1 needs",
			       (unsigned long long)j->offset);
	return 0;
}

int job_check(const struct job *j, struct bl_err *err)
{
	int rc;

	if (!j->name[0])
		return bl_fail(err, -EINVAL, "name: '' is empty; a job needs a name");
	if (!strncmp(j->name, "global", 6) || is_unwritable(j->name, "[];#"))
		return bl_fail(err, -EINVAL,
			       "name: '%s' can't be a job's name; no 'global', no brackets, ';', "
			       "'#' or outer blanks",
			       j->name);
	if (is_unwritable(j->filename, ";#"))
		return bl_fail(
			err, -EINVAL,
			"filename: '%s' can't stand in a job file; no ';', '#', '${' or outer "
			"blanks",
			j->filename);
	rc = check_rows(j, err);
	if (rc < 0)
		return rc;
	if (j->time_based && !j->runtime_ns)
		return bl_fail(err, -EINVAL, "time_based: needs a runtime above 0");
	if (j->size && j->size < j->bs)
		return bl_fail(err, -ERANGE, "size: '%llu' is below one block, bs=%llu",
			       (unsigned long long)j->size, (unsigned long long)j->bs);
	if (j->io_size && j->io_size < j->bs)
		return bl_fail(err, -ERANGE, "io_size: '%llu' is below one block, bs=%llu",
			       (unsigned long long)j->io_size, (unsigned long long)j->bs);
	return check_alignment(j, err);
}
