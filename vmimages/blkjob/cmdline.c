#include "cmdline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "jobfile.h"

#define SECTIONS_MAX 64

struct parser {
	struct cmdline *c;
	int argc, at;
	char **argv;
	struct job globals;             /* --name=global */
	struct job *job;                /* of the current --name; NULL: none yet */
	struct jobs named;              /* jobs of the command line */
	const char *only[SECTIONS_MAX]; /* --section */
	unsigned n_only;
};

static int set_output(struct parser *p, const char *value, struct bl_err *err)
{
	(void)err;
	p->c->output = value;
	return 0;
}

static int set_format(struct parser *p, const char *value, struct bl_err *err)
{
	static const char *const names[FORMATS] = {"normal", "json", "json+"};
	BL_CLEANUP(bl_freep) char *list = strdup(value);
	char *save = NULL;

	if (!list)
		return bl_fail(err, -ENOMEM, "out of memory");
	p->c->n_formats = 0;
	for (char *s = strtok_r(list, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		unsigned f = 0;

		while (f < FORMATS && strcmp(names[f], s) != 0)
			f++;
		if (f == FORMATS || p->c->n_formats == FORMATS)
			return bl_fail(err, -EINVAL,
				       "--output-format: '%s' is not one of normal, json, json+",
				       s);
		p->c->formats[p->c->n_formats++] = (enum format)f;
	}
	if (!p->c->n_formats)
		return bl_fail(err, -EINVAL,
			       "--output-format: '' is not one of normal, json, json+");
	return 0;
}

static int set_section(struct parser *p, const char *value, struct bl_err *err)
{
	if (p->n_only == SECTIONS_MAX)
		return bl_fail(err, -E2BIG, "--section: more than %d", SECTIONS_MAX);
	p->only[p->n_only++] = value;
	return 0;
}

static int set_readonly(struct parser *p, const char *value, struct bl_err *err)
{
	(void)value, (void)err;
	p->c->is_readonly = true;
	return 0;
}

#define SET_ACTION(verb, what)                                                                     \
	static int verb(struct parser *p, const char *value, struct bl_err *err)                   \
	{                                                                                          \
		(void)value, (void)err;                                                            \
		p->c->action = what;                                                               \
		return 0;                                                                          \
	}
SET_ACTION(do_parse, DO_PARSE)
SET_ACTION(do_showcmd, DO_SHOWCMD)
SET_ACTION(do_help, DO_HELP)
SET_ACTION(do_version, DO_VERSION)

static int set_nothing(struct parser *p, const char *value, struct bl_err *err)
{
	(void)p, (void)value, (void)err;
	return 0;
}

static const struct switch_row {
	const char *name, *value; /* value NULL: takes none */
	int (*set)(struct parser *p, const char *value, struct bl_err *err);
	const char *help; /* NULL: fio's, accepted and without effect */
} switches[] = {
	{"output-format", "F", set_format, "normal, json, json+, or several with commas"},
	{"output", "FILE", set_output, "write the result there, not to standard output"},
	{"readonly", NULL, set_readonly, "refuse jobs that write"},
	{"section", "NAME", set_section, "run only this job of the files; may be repeated"},
	{"showcmd", NULL, do_showcmd, "print the jobs as command lines, run nothing"},
	{"parse-only", NULL, do_parse, "check the jobs, run nothing"},
	{"help", NULL, do_help, "this text"},
	{"version", NULL, do_version, "the version"},
	{"eta", "WHEN", set_nothing, NULL},
	{"eta-newline", "T", set_nothing, NULL},
	{"max-jobs", "N", set_nothing, NULL},
	{"alloc-size", "N", set_nothing, NULL},
	{"aux-path", "DIR", set_nothing, NULL},
};

void cmdline_help(struct bl_buf *out)
{
	bl_buf_adds(out,
		    "blkjob - run fio jobs, measure every request\n\n"
		    "  blkjob [SWITCH]... [--filename=TARGET] FILE.fio...\n"
		    "  blkjob [SWITCH]... --name=JOB --OPTION=VALUE... [--name=JOB ...]\n\n"
		    "'-' is standard input; --name=global sets defaults for the jobs after it.\n"
		    "--filename before any --name is the target of jobs without their own.\n\n");
	for (size_t i = 0; i < BL_ARRAY_LEN(switches); i++) {
		const struct switch_row *s = &switches[i];
		char left[32];

		if (!s->help)
			continue;
		snprintf(left, sizeof(left), "--%s%s%s", s->name, s->value ? "=" : "",
			 s->value ? s->value : "");
		bl_buf_addf(out, "  %-18s %s\n", left, s->help);
	}
	bl_buf_adds(out, "\nJob options:\n");
	job_options_help(out);
	bl_buf_adds(out, "\nExit status: 0 all jobs ran well, 1 otherwise.\n");
}

static bool is_wanted(const struct parser *p, const char *name)
{
	for (unsigned i = 0; i < p->n_only; i++)
		if (!strcmp(p->only[i], name))
			return true;
	return p->n_only == 0;
}

/* Append @from's jobs; what follows an earlier list waits for it. */
static int append(struct cmdline *c, const struct parser *only, const struct jobs *from,
		  struct bl_err *err)
{
	uint32_t first = c->jobs.n ? c->jobs.items[c->jobs.n - 1].group + 1 : 0;
	struct job *items = realloc(c->jobs.items, (c->jobs.n + from->n) * sizeof(*items));

	if (!items)
		return bl_fail(err, -ENOMEM, "out of memory");
	c->jobs.items = items;
	for (size_t i = 0; i < from->n; i++) {
		if (only && !is_wanted(only, from->items[i].name))
			continue;
		items[c->jobs.n] = from->items[i];
		items[c->jobs.n++].group += first;
	}
	return 0;
}

static int append_ignored(struct cmdline *c, const char *lines, struct bl_err *err)
{
	char *both;

	if (!lines)
		return 0;
	both = bl_strf("%s%s", c->jobs.ignored ? c->jobs.ignored : "", lines);
	if (!both)
		return bl_fail(err, -ENOMEM, "out of memory");
	free(c->jobs.ignored);
	c->jobs.ignored = both;
	return 0;
}

static int add_file(struct parser *p, const char *path, struct bl_err *err)
{
	struct jobs jobs;
	int rc = !strcmp(path, "-") ? jobfile_read("/dev/stdin", &jobs, err)
				    : jobfile_read(path, &jobs, err);

	if (rc < 0)
		return rc;
	rc = append(p->c, p, &jobs, err);
	if (rc == 0)
		rc = append_ignored(p->c, jobs.ignored, err);
	jobs_done(&jobs);
	return rc;
}

static int start_job(struct parser *p, const char *name, struct bl_err *err)
{
	struct job *items;

	if (!strncmp(name, "global", 6)) {
		p->job = &p->globals;
		return 0;
	}
	if (strlen(name) >= JOB_NAME_MAX)
		return bl_fail(err, -ERANGE, "--name: '%.40s...' is too long, at most %d bytes",
			       name, JOB_NAME_MAX - 1);
	items = realloc(p->named.items, (p->named.n + 1) * sizeof(*items));
	if (!items)
		return bl_fail(err, -ENOMEM, "out of memory");
	p->named.items = items;
	p->job = &items[p->named.n++];
	*p->job = p->globals;
	memcpy(p->job->name, name, strlen(name) + 1);
	return 0;
}

/* The value after '=', or the next argument; NULL when there is none. */
static const char *value_of(struct parser *p, char *equals)
{
	if (equals)
		return equals + 1;
	return p->at + 1 < p->argc ? p->argv[++p->at] : NULL;
}

static int add_option(struct parser *p, const char *name, char *equals, struct bl_err *err)
{
	const char *value = equals || !job_option_alone(name) ? value_of(p, equals) : NULL;
	const char *why = job_option_ignored(name);

	if (!strcmp(name, "name"))
		return value ? start_job(p, value, err)
			     : bl_fail(err, -EINVAL, "--name: needs a value");
	if (!p->job && !strcmp(name, "filename") && value) {
		p->c->target = value;
		return 0;
	}
	if (!p->job)
		return bl_fail(err, -EINVAL,
			       "--%s: not a switch of blkjob (see --help); a job's options come "
			       "after its --name",
			       name);
	if (why) {
		BL_CLEANUP(bl_freep) char *line = bl_strf("--%s: ignored, %s\n", name, why);

		return line ? append_ignored(p->c, line, err)
			    : bl_fail(err, -ENOMEM, "out of memory");
	}
	return job_set(p->job, name, value, err);
}

static int add_argument(struct parser *p, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *copy = strdup(p->argv[p->at]);
	char *name = copy, *equals;

	if (!copy)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (name[0] != '-' || !name[1])
		return add_file(p, p->argv[p->at], err);
	name += name[1] == '-' ? 2 : 1;
	equals = strchr(p->argv[p->at], '=');
	name[strcspn(name, "=")] = 0;
	for (size_t i = 0; i < BL_ARRAY_LEN(switches); i++) {
		const struct switch_row *s = &switches[i];
		const char *value;

		if (strcmp(s->name, name) != 0)
			continue;
		value = s->value ? value_of(p, equals) : NULL;
		if (s->value && !value)
			return bl_fail(err, -EINVAL, "--%s: needs a value", name);
		return s->set(p, value, err);
	}
	return add_option(p, name, equals, err);
}

static int finish(struct parser *p, struct bl_err *err)
{
	uint32_t group = 0;
	int rc;

	for (size_t i = 0; i < p->named.n; i++) {
		struct job *j = &p->named.items[i];

		group += i > 0 && j->stonewall;
		j->group = group;
		rc = job_check(j, err);
		if (rc < 0)
			return bl_wrap(err, rc, "--name=%s", j->name);
	}
	rc = p->named.n ? append(p->c, NULL, &p->named, err) : 0;
	if (rc == 0 && !p->c->jobs.n && p->c->action != DO_HELP && p->c->action != DO_VERSION)
		return bl_fail(err, -EINVAL,
			       "no job; a FILE.fio or --name=JOB is needed (see --help)");
	return rc;
}

int cmdline_parse(int argc, char **argv, struct cmdline *ret, struct bl_err *err)
{
	struct cmdline c = {.n_formats = 1};
	struct parser p = {.c = &c, .argc = argc, .argv = argv};
	int rc = 0;

	job_defaults(&p.globals);
	for (p.at = 1; p.at < argc && rc == 0; p.at++)
		rc = add_argument(&p, err);
	if (rc == 0)
		rc = finish(&p, err);
	jobs_done(&p.named);
	if (rc < 0)
		cmdline_done(&c);
	else
		*ret = c;
	return rc;
}

void cmdline_done(struct cmdline *c)
{
	jobs_done(&c->jobs);
}
