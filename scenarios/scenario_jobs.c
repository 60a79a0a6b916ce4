/* scenario_jobs.c - which jobs a scenario runs: the fio job file and what it overrides. */
#define SCENARIO_INTERNAL
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "jobfile.h"
#include "scenario_priv.h"
#include "units.h"

#define RUNTIME_MAX (24 * 3600 * NS_PER_S)

static int read_file(struct reader *r, const char *key, const struct ynode *node)
{
	const char *text = scalar(r, key, node, "the path of a fio job file");
	struct bl_err reason = BL_ERR_INIT;
	int code;

	if (!text)
		return -EINVAL;
	r->sc->jobs_path = resolve_path(r, text);
	if (!r->sc->jobs_path)
		return fail_memory(r);
	code = jobfile_read(r->sc->jobs_path, &r->sc->jobs, &reason);
	if (code < 0)
		return text_pos_fail(r->err, code, r->path, node->at, "%s: %s", key,
				     bl_err_text(&reason));
	if (r->sc->jobs.n == 0)
		return fail_at(r, key, node->at, "'%s' has no jobs; a [section] is one",
			       r->sc->jobs_path);
	return 0;
}

/* One time for all jobs, as if it stood in each of them. */
static int read_time(struct reader *r, const char *key, const struct ynode *node, uint64_t min,
		     const char *accepts, uint64_t *ret_ns)
{
	const char *text = scalar(r, key, node, accepts);
	char q[QUOTE_MAX];

	if (!text)
		return -EINVAL;
	if (bl_parse_time(text, ret_ns, NULL) < 0 || *ret_ns < min || *ret_ns > RUNTIME_MAX)
		return fail_at(r, key, node->at, "'%s' is not %s", text_quote(q, text), accepts);
	return 0;
}

#define ACCEPTS_RUNTIME "a time from 1ms to 24h, for example 10s, 500ms"
#define ACCEPTS_RAMP    "a time from 0 to 24h, for example 2s, 500ms"

static int read_runtime(struct reader *r, const char *key, const struct ynode *node)
{
	uint64_t ns;
	int code = read_time(r, key, node, NS_PER_MS, ACCEPTS_RUNTIME, &ns);

	for (size_t i = 0; code == 0 && i < r->sc->jobs.n; i++)
		r->sc->jobs.items[i].runtime_ns = ns;
	return code;
}

static int read_ramp_time(struct reader *r, const char *key, const struct ynode *node)
{
	uint64_t ns;
	int code = read_time(r, key, node, 0, ACCEPTS_RAMP, &ns);

	for (size_t i = 0; code == 0 && i < r->sc->jobs.n; i++)
		r->sc->jobs.items[i].ramp_ns = ns;
	return code;
}

static const struct job *find_job(const struct jobs *jobs, const char *name)
{
	for (size_t i = 0; i < jobs->n; i++)
		if (strcmp(jobs->items[i].name, name) == 0)
			return &jobs->items[i];
	return NULL;
}

static int fail_no_job(struct reader *r, const char *key, const struct ynode *node)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf known = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) const char **names = calloc(r->sc->jobs.n, sizeof *names);
	char q[QUOTE_MAX];

	if (!names)
		return fail_memory(r);
	for (size_t i = 0; i < r->sc->jobs.n; i++) {
		names[i] = r->sc->jobs.items[i].name;
		bl_buf_addf(&known, "%s%s", i ? ", " : "", names[i]);
	}
	return fail_at(r, key, node->at, "'%s' is not a job of '%s'; %sone of %s",
		       text_quote(q, node->text), r->sc->jobs_path,
		       hint_for(node->text, names, sizeof *names, r->sc->jobs.n).text,
		       bl_buf_str(&known));
}

static bool is_wanted(const struct ynode *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i]->text, name) == 0)
			return true;
	return false;
}

/* Keep the jobs named, in the order of the job file. */
static int read_only(struct reader *r, const char *key, const struct ynode *node)
{
	struct jobs *jobs = &r->sc->jobs;
	size_t n = 0;

	if (node->kind != YNODE_SEQUENCE || node->n == 0)
		return fail_at(r, key, node->at, "is %s; a list of job names is accepted",
			       node->kind == YNODE_SEQUENCE ? "an empty list"
							    : ynode_kind_text(node));
	for (size_t i = 0; i < node->n; i++) {
		if (!scalar(r, key, node->items[i], "the name of a job"))
			return -EINVAL;
		if (!find_job(jobs, node->items[i]->text))
			return fail_no_job(r, key, node->items[i]);
	}
	for (size_t i = 0; i < jobs->n; i++) {
		if (!is_wanted(node, jobs->items[i].name)) {
			free(jobs->echoes[i].options);
			continue;
		}
		jobs->items[n] = jobs->items[i];
		jobs->echoes[n++] = jobs->echoes[i];
	}
	jobs->n = n;
	return 0;
}

const struct key_row jobs_keys[] = {
	{.key = {"file", "path of the fio job file, relative to the scenario file",
		 "the path of a fio job file", true},
	 .read = read_file},
	{.key = {"only", "run these jobs of the file and no others", "a list of job names", false},
	 .read = read_only},
	{.key = {"runtime", "instead of the runtime of every job", ACCEPTS_RUNTIME, false},
	 .read = read_runtime},
	{.key = {"ramp_time", "instead of the ramp_time of every job", ACCEPTS_RAMP, false},
	 .read = read_ramp_time},
};
const size_t n_jobs_keys = BL_ARRAY_LEN(jobs_keys);

int read_jobs(struct reader *r, const char *key, const struct ynode *node)
{
	if (node->kind == YNODE_SCALAR)
		return read_file(r, key, node);
	return read_mapping(r, key, node, jobs_keys, n_jobs_keys);
}

/* What a job of a scenario can't have: it runs alone with the disk under test. */
static const struct {
	const char *option, *why;
} out_of_place[] = {
#define ONE_DISK "the jobs of a scenario run on the disk under test"
	{"directory", ONE_DISK},
	{"filename_format", ONE_DISK},
	{"nrfiles", ONE_DISK},
	{"file_service_type", ONE_DISK},
	{"filesize", ONE_DISK},
	{"file_append", ONE_DISK},
	{"create_on_open", ONE_DISK},
	{"create_only", ONE_DISK},
	{"overwrite", ONE_DISK},
	{"unlink", ONE_DISK},
	{"fill_device", "its end is not an error to wait for"},
	{"exec_prerun", "nothing runs in the guest but jobs"},
	{"exec_postrun", "nothing runs in the guest but jobs"},
	{"verify_dump", "files of the guest are gone with it"},
	{"uid", "the guest has no users"},
	{"gid", "the guest has no users"},
	{"write_bw_log", "the store keeps the intervals of every job"},
	{"write_iops_log", "the store keeps the intervals of every job"},
	{"write_lat_log", "the store keeps the intervals of every job"},
	{"write_hist_log", "the store keeps the intervals of every job"},
};

static int check_places(struct reader *r, const struct job *job, struct text_pos at)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(out_of_place); i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
		char q[QUOTE_MAX];

		if (job_option_text(job, out_of_place[i].option, &text))
			return fail_at(r, "jobs", at,
				       "job '%s' of '%s' has %s, '%s', but %s: "
				       "take it out",
				       job->name, r->sc->jobs_path, out_of_place[i].option,
				       text_quote(q, bl_buf_str(&text)), out_of_place[i].why);
	}
	return 0;
}

/* Each group of jobs is a request of its own to the guest. */
static int check_wait(struct reader *r, const struct job *job, struct text_pos at)
{
	const struct job *other = find_job(&r->sc->jobs, job->wait_for);

	if (!job->wait_for[0] || (other && other->group == job->group))
		return 0;
	return fail_at(r, "jobs", at,
		       "job '%s' of '%s' has wait_for, '%s', which is not a job that starts with "
		       "it; stonewall waits for all above",
		       job->name, r->sc->jobs_path, job->wait_for);
}

static int check_job(struct reader *r, const struct job *job, struct text_pos at)
{
	unsigned dir = job_reads(job) ? 0 : job_writes(job) ? 1 : 2;
	int code;
	struct bl_err reason = BL_ERR_INIT;
	char size[BL_UNIT_TEXT_MAX], q[QUOTE_MAX];
	uint64_t offset =
		job->offset_pct ? r->sc->backing_bytes / 100 * job->offset_pct : job->offset;

	if (job->filename[0])
		return fail_at(r, "jobs", at,
			       "job '%s' of '%s' names a file, '%s'; the jobs of a scenario run on "
			       "the disk under test: take filename out",
			       job->name, r->sc->jobs_path, text_quote(q, job->filename));
	if (!job->name[0])
		return fail_at(r, "jobs", at,
			       "a job of '%s' has no name; results are told apart by it",
			       r->sc->jobs_path);
	code = check_places(r, job, at);
	if (code == 0)
		code = check_wait(r, job, at);
	if (code < 0)
		return code;
	if (find_job(&r->sc->jobs, job->name) != job)
		return fail_at(r, "jobs", at,
			       "two jobs of '%s' are named '%s'; results are told apart by the "
			       "job's name",
			       r->sc->jobs_path, job->name);
	if (offset >= r->sc->backing_bytes || job_bs_max(job, dir) > r->sc->backing_bytes - offset)
		return fail_at(r, "jobs", at,
			       "job '%s' of '%s' begins at byte %llu with blocks of %llu, beyond "
			       "the backing's size, %s",
			       job->name, r->sc->jobs_path, (unsigned long long)offset,
			       (unsigned long long)job_bs_max(job, dir),
			       bl_format_size(size, r->sc->backing_bytes));
	if (job_check(job, &reason) < 0) /* the overrides may not go with the rest */
		return fail_at(r, "jobs", at, "job '%s' of '%s': %s", job->name, r->sc->jobs_path,
			       bl_err_text(&reason));
	return 0;
}

int check_jobs(struct reader *r, struct text_pos at)
{
	for (size_t i = 0; i < r->sc->jobs.n; i++) {
		int code = check_job(r, &r->sc->jobs.items[i], at);

		if (code < 0)
			return code;
	}
	return 0;
}
