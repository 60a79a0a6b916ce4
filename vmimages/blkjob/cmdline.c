#include "cmdline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "jobfile.h"
#include "switches.h"
#include "units.h"

struct parser {
	struct cmdline *c;
	struct switches *w;
	int argc, at;
	char **argv;
	struct sections sections;
	const char **files; /* [argc] */
	unsigned n_files;
	bool has_named; /* a --name was there */
};

/* The value after '=', or the next argument; NULL when there is none. */
static const char *value_of(struct parser *p, const char *equals)
{
	if (equals)
		return equals + 1;
	return p->at + 1 < p->argc ? p->argv[++p->at] : NULL;
}

static int start_job(struct parser *p, const char *name, struct bl_err *err)
{
	if (strlen(name) >= JOB_NAME_MAX)
		return bl_fail(err, -ERANGE, "--name: '%.40s...' is too long, at most %d bytes",
			       name, JOB_NAME_MAX - 1);
	p->has_named = true;
	return sections_open(&p->sections, name, true, "", err);
}

static int add_option(struct parser *p, const char *name, const char *equals, struct bl_err *err)
{
	const char *value = equals || !job_option_alone(name) ? value_of(p, equals) : NULL;

	if (!strcmp(name, "name"))
		return value ? start_job(p, value, err)
			     : bl_fail(err, -EINVAL, "--name: needs a value");
	if (!job_option_known(name) && !p->has_named)
		return bl_fail(err, -EINVAL,
			       "--%s: neither a switch of blkjob (see --help) nor an option of "
			       "jobs (see --cmdhelp)",
			       name);
	if (!p->has_named && !strcmp(name, "filename"))
		p->c->target = value; /* also of the jobs of later files */
	if (!p->sections.n && sections_open(&p->sections, "global", true, "", err) < 0)
		return err ? err->code : -ENOMEM; /* what is before a --name is for all jobs */
	return sections_add(&p->sections, name, value, "", err);
}

static int add_argument(struct parser *p, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *copy = strdup(p->argv[p->at]);
	const struct switch_row *s;
	const char *equals, *value;
	char *name = copy;

	if (!copy)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (name[0] != '-' || !name[1]) {
		p->files[p->n_files++] = p->argv[p->at];
		return 0;
	}
	name += name[1] == '-' ? 2 : 1;
	equals = strchr(p->argv[p->at], '=');
	name[strcspn(name, "=")] = 0;
	s = switch_find(name);
	if (!s)
		return add_option(p, name, equals, err);
	value = s->value == SWITCH_ALONE      ? NULL
		: s->value == SWITCH_OPTIONAL ? (equals ? equals + 1 : NULL)
					      : value_of(p, equals);
	if (s->value == SWITCH_NEEDS && !value)
		return bl_fail(err, -EINVAL, "--%s: needs a value", name);
	return s->set(p->w, value, err);
}

static int read_files(struct parser *p, struct bl_err *err)
{
	for (unsigned i = 0; i < p->n_files; i++) {
		const char *path = !strcmp(p->files[i], "-") ? "/dev/stdin" : p->files[i];
		int rc = jobfile_sections_read(path, &p->sections, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static bool has_job(const struct sections *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->items[i].is_global)
			return true;
	return false;
}

static int finish(struct parser *p, struct bl_err *err)
{
	struct job_rules rules = {.is_here = true,
				  .nearest_engine = p->c->nearest_engine,
				  .only = p->w->n_only ? p->w->only : NULL,
				  .n_only = p->w->n_only};
	int rc = read_files(p, err);

	if (rc < 0)
		return rc;
	if (!has_job(&p->sections))
		return bl_fail(err, -EINVAL,
			       "no job; a FILE.fio or --name=JOB is needed (see --help)");
	rc = jobs_build(&p->sections, &rules, p->n_files ? p->files[0] : "command line",
			&p->c->jobs, err);
	if (rc == 0 && p->c->warnings_fatal && p->c->jobs.ignored)
		rc = bl_fail(err, -EINVAL, "--warnings-fatal: %.*s",
			     (int)strcspn(p->c->jobs.ignored, "\n"), p->c->jobs.ignored);
	return rc;
}

int cmdline_parse(int argc, char **argv, struct cmdline *ret, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) const char **files = calloc((size_t)argc + 1, sizeof(*files));
	struct cmdline c = {.n_formats = 1, .terse_version = 3};
	struct switches w = {.c = &c};
	struct parser p = {.c = &c, .w = &w, .argc = argc, .argv = argv, .files = files};
	int rc = files ? 0 : bl_fail(err, -ENOMEM, "out of memory");

	for (p.at = 1; p.at < argc && rc == 0; p.at++)
		rc = add_argument(&p, err);
	if (rc == 0 && c.action != DO_HELP && c.action != DO_VERSION)
		rc = finish(&p, err);
	sections_done(&p.sections);
	if (rc < 0)
		cmdline_done(&c);
	else
		*ret = c;
	return rc;
}

void cmdline_done(struct cmdline *c)
{
	free(c->help);
	c->help = NULL;
	jobs_done(&c->jobs);
}
