/* job_build.c - sections into jobs: globals, order of options, groups, what was written. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "job_table.h"
#include "jobfile.h"

/* Options as they were written; borrowed from the sections. */
struct echo {
	const struct section_option **at;
	size_t n;
};

struct build {
	const struct job_rules *rules;
	const struct sections *sections;
	struct jobs jobs;
	const struct section **from; /* of each job */
	struct job globals, defaults;
	struct echo global_echo;
	struct bl_buf ignored;
	unsigned file; /* of the last section */
};

void jobs_done(struct jobs *j)
{
	for (size_t i = 0; i < j->n && j->echoes; i++)
		free(j->echoes[i].options);
	free(j->echoes);
	free(j->globals);
	free(j->items);
	free(j->ignored);
	*j = (struct jobs){0};
}

const char *job_option_canonical(const char *option)
{
	const struct option_row *r = job_row(option);
	const struct other_row *o = job_other(job_ignored, job_ignored_n, option);

	return r ? r->name : o ? o->name : option;
}

static bool is_same(const struct section_option *a, const struct section_option *b)
{
	return !strcmp(job_option_canonical(a->name), job_option_canonical(b->name));
}

/* What is repeated counts where it stands last. A flag that stands alone is not shown, but an
 * earlier value of it no longer counts. */
static int echo_add(struct echo *e, const struct section_option *o)
{
	const struct section_option **at = reallocarray(e->at, e->n + 1, sizeof(*at));
	size_t kept = 0;

	if (!at)
		return -ENOMEM;
	e->at = at;
	for (size_t i = 0; i < e->n; i++)
		if (!is_same(at[i], o))
			at[kept++] = at[i];
	if (o->value)
		at[kept++] = o;
	e->n = kept;
	return 0;
}

static void echo_text(const struct echo *e, struct bl_buf *out)
{
	for (size_t i = 0; i < e->n; i++)
		bl_buf_addf(out, "%s=%s\n", job_option_canonical(e->at[i]->name), e->at[i]->value);
}

static int order_of(const struct section_option *o)
{
	const struct option_row *r = job_row(o->name);

	return r ? r->first : 0;
}

/* The section's options as they are applied: those that change the meaning of others first, those
 * that need others last, the rest as written. */
static const struct section_option **in_order(const struct section *s)
{
	const struct section_option **sorted = calloc(s->n + 1, sizeof(*sorted));
	size_t n = 0;

	for (int order = -3; sorted && order <= 1; order++)
		for (size_t i = 0; i < s->n; i++)
			if (order_of(&s->options[i]) == order)
				sorted[n++] = &s->options[i];
	return sorted;
}

/* Another engine than that of the globals: their options for it are not this one's. */
static void drop_engine_options(struct job *j, const struct job *defaults)
{
	const struct option_row *r;

	for (size_t i = 0; (r = job_row_at(i)); i++)
		if (r->engines && !(r->engines & ENGINE(j->engine)))
			memcpy(job_field_at(j, r->at), job_field_at(defaults, r->at),
			       r->width * (r->each ? r->each : 1));
}

static void note(struct build *b, const struct section_option *o, const char *text)
{
	bl_buf_addf(&b->ignored, "%s%s%s: %s\n", o->where, *o->where ? ": " : "--", o->name, text);
}

/* The value to set: for an engine that is not here, by the rules, the nearest. */
static const char *value_of(struct build *b, const struct section_option *o)
{
	BL_CLEANUP(bl_freep) char *text = NULL;
	const char *nearest;

	if (!b->rules || !b->rules->nearest_engine || !o->value || strcmp(o->name, "ioengine") != 0)
		return o->value;
	nearest = job_engine_nearest(o->value);
	if (!nearest)
		return o->value;
	text = bl_strf("'%s' is not here, run as '%s', the nearest", o->value, nearest);
	note(b, o, text ? text : "");
	return nearest;
}

static int apply(struct build *b, struct job *j, const struct section_option *o, struct bl_err *err)
{
	enum job_engine engine = j->engine;
	const char *why;
	int rc = job_set(j, o->name, value_of(b, o), err);

	if (rc < 0)
		return *o->where ? bl_wrap(err, rc, "%s", o->where) : rc;
	if (j->engine != engine)
		drop_engine_options(j, &b->defaults);
	why = job_option_ignored(o->name);
	if (why)
		bl_buf_addf(&b->ignored, "%s%s%s: ignored, %s\n", o->where, *o->where ? ": " : "--",
			    o->name, why);
	return 0;
}

/* All options of a section into @j and into @e. */
static int apply_all(struct build *b, const struct section *s, struct job *j, struct echo *e,
		     struct bl_err *err)
{
	BL_CLEANUP(bl_freep) const struct section_option **sorted = in_order(s);
	int rc = 0;

	if (!sorted)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < s->n && rc == 0; i++) {
		rc = apply(b, j, sorted[i], err);
		if (rc == 0 && echo_add(e, sorted[i]) < 0)
			rc = bl_fail(err, -ENOMEM, "out of memory");
	}
	return rc;
}

static int grow(struct build *b, struct bl_err *err)
{
	size_t n = b->jobs.n + 1;
	void *items, *echoes, *from;

	if ((items = reallocarray(b->jobs.items, n, sizeof(*b->jobs.items))))
		b->jobs.items = items;
	if ((echoes = reallocarray(b->jobs.echoes, n, sizeof(*b->jobs.echoes))))
		b->jobs.echoes = echoes;
	if ((from = reallocarray(b->from, n, sizeof(*b->from))))
		b->from = from;
	return items && echoes && from ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}

static int add_job(struct build *b, const struct section *s, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	struct echo echo = {0};
	struct job *j;
	int rc = grow(b, err);

	if (rc < 0)
		return rc;
	j = &b->jobs.items[b->jobs.n];
	*j = b->globals;
	strcpy(j->name, s->name);
	rc = apply_all(b, s, j, &echo, err);
	if (s->is_command)
		bl_buf_addf(&text, "name=%s\n", s->name);
	echo_text(&echo, &text);
	free(echo.at);
	if (rc < 0)
		return rc;
	b->from[b->jobs.n] = s;
	b->jobs.echoes[b->jobs.n++].options = s->n || s->is_command ? bl_buf_take(&text) : NULL;
	return bl_buf_failed(&text) ? bl_fail(err, -ENOMEM, "out of memory") : 0;
}

/* The globals of one file end with it: what they said is then part of what its jobs said. */
static int end_file(struct build *b, struct bl_err *err)
{
	for (size_t i = 0; i < b->jobs.n && b->global_echo.n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
		char **options = &b->jobs.echoes[i].options;

		if (b->from[i]->file != b->file)
			continue;
		echo_text(&b->global_echo, &text);
		bl_buf_adds(&text, *options ? *options : "");
		if (bl_buf_failed(&text))
			return bl_fail(err, -ENOMEM, "out of memory");
		free(*options);
		*options = bl_buf_take(&text);
	}
	b->global_echo.n = 0;
	b->globals = b->defaults;
	return 0;
}

static bool is_wanted(const struct build *b, const struct section *s)
{
	if (s->is_command || s->is_global || !b->rules || !b->rules->only)
		return true;
	for (size_t i = 0; i < b->rules->n_only; i++)
		if (!strcmp(b->rules->only[i], s->name))
			return true;
	return false;
}

static int add_section(struct build *b, const struct section *s, struct bl_err *err)
{
	int rc = 0;

	if (s->file > 1 && s->file != b->file) /* the command line's globals are for the first */
		rc = end_file(b, err);
	b->file = s->file;
	if (rc < 0 || !is_wanted(b, s))
		return rc;
	return s->is_global ? apply_all(b, s, &b->globals, &b->global_echo, err)
			    : add_job(b, s, err);
}

/* The place of the option that a reason is about, which begins with its name: in the job's section,
 * or else in the globals above it. NULL: none of them. */
static const char *place_of(const struct sections *all, const struct section *s, const char *reason)
{
	size_t len = strcspn(reason, ":");

	for (const struct section *at = s; at >= all->items; at--) {
		if (at != s && (!at->is_global || (at->file != s->file && at->file)))
			continue;
		for (size_t i = at->n; i-- > 0;) {
			const char *name = job_option_canonical(at->options[i].name);

			if (!strncmp(name, reason, len) && !name[len])
				return at->options[i].where;
		}
	}
	return NULL;
}

static const struct job *find(const struct jobs *jobs, const char *name)
{
	for (size_t i = 0; i < jobs->n; i++)
		if (!strcmp(jobs->items[i].name, name))
			return &jobs->items[i];
	return NULL;
}

static int check_wait(const struct jobs *jobs, const struct job *j, struct bl_err *err)
{
	if (!j->wait_for[0])
		return 0;
	if (!strcmp(j->wait_for, j->name))
		return bl_fail(err, -EINVAL, "wait_for: '%s' is the job itself", j->wait_for);
	if (!find(jobs, j->wait_for))
		return bl_fail(err, -EINVAL, "wait_for: '%s' is not a job", j->wait_for);
	return 0;
}

/* Groups are cut by stonewalls; then every rule that needs the whole job, or all jobs. */
static int finish_job(struct build *b, size_t i, struct bl_err *err)
{
	struct job *j = &b->jobs.items[i];
	const struct job *before = i ? j - 1 : NULL;
	int rc;

	if (before && b->from[i]->file > 1 && b->from[i]->file != b->from[i - 1]->file)
		j->stonewall = true;
	j->group = before ? before->group + j->stonewall : 0;
	j->report_group = before ? before->report_group + (j->stonewall || j->new_group) : 0;
	job_settle(j, b->from[i]->where, &b->ignored);
	rc = job_check(j, err);
	if (rc == 0)
		rc = check_wait(&b->jobs, j, err);
	if (rc == 0 && b->rules && b->rules->is_here)
		rc = job_check_here(j, err);
	return rc;
}

/* The reason, with the place of the option or of the section in front. */
static int fail_job(const struct build *b, size_t i, const struct bl_err *reason,
		    struct bl_err *err)
{
	const struct section *s = b->from[i];
	const char *place = place_of(b->sections, s, reason->text), *name = b->jobs.items[i].name;

	if (s->is_command)
		return bl_fail(err, reason->code, "--name=%s: %s", name, reason->text);
	return bl_fail(err, reason->code, "%s: [%s]: %s", place && *place ? place : s->where, name,
		       reason->text);
}

static int finish(struct build *b, const char *name, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf globals = BL_BUF_INIT;

	if (!b->jobs.n)
		return bl_fail(err, -EINVAL, "%s: no job; at least one [section] is needed", name);
	for (size_t i = 0; i < b->jobs.n; i++) {
		struct bl_err reason = BL_ERR_INIT;

		if (finish_job(b, i, &reason) < 0)
			return fail_job(b, i, &reason, err);
	}
	echo_text(&b->global_echo, &globals);
	if (bl_buf_failed(&b->ignored) || bl_buf_failed(&globals))
		return bl_fail(err, -ENOMEM, "out of memory");
	if (b->ignored.len)
		b->jobs.ignored = bl_buf_take(&b->ignored);
	if (globals.len)
		b->jobs.globals = bl_buf_take(&globals);
	return 0;
}

int jobs_build(const struct sections *s, const struct job_rules *rules, const char *name,
	       struct jobs *ret_jobs, struct bl_err *err)
{
	struct build b = {.rules = rules, .sections = s};
	int rc = 0;

	job_defaults(&b.defaults);
	b.globals = b.defaults;
	for (size_t i = 0; i < s->n && rc == 0; i++)
		rc = add_section(&b, &s->items[i], err);
	if (rc == 0)
		rc = finish(&b, name, err);
	if (rc == 0)
		*ret_jobs = b.jobs;
	else
		jobs_done(&b.jobs);
	free(b.from);
	free(b.global_echo.at);
	bl_buf_done(&b.ignored);
	return rc;
}
