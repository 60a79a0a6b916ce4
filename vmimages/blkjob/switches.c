#include "switches.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "jobfile.h"
#include "units.h"

#define SETTER(name) static int name(struct switches *w, const char *value, struct bl_err *err)

SETTER(set_output)
{
	(void)err;
	w->c->output = value;
	return 0;
}

SETTER(set_hgrm)
{
	if (!*value)
		return bl_fail(err, -EINVAL, "--hgrm: '' is not the prefix of a file");
	w->c->hgrm = value;
	return 0;
}

static bool has_format(const struct cmdline *c, enum format f)
{
	for (unsigned i = 0; i < c->n_formats; i++)
		if (c->formats[i] == f)
			return true;
	return false;
}

SETTER(set_format)
{
	static const char *const names[FORMATS] = {"normal", "terse", "json", "json+"};
	BL_CLEANUP(bl_freep) char *list = strdup(value);
	char *save = NULL;

	if (!list)
		return bl_fail(err, -ENOMEM, "out of memory");
	w->c->n_formats = 0;
	for (char *s = strtok_r(list, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		unsigned f = 0;

		if (!strcmp(s, "minimal"))
			s = "terse";
		while (f < FORMATS && strcmp(names[f], s) != 0)
			f++;
		if (f == FORMATS)
			return bl_fail(
				err, -EINVAL,
				"--output-format: '%s' is not one of normal, terse, json, json+",
				s);
		if (!has_format(w->c, (enum format)f))
			w->c->formats[w->c->n_formats++] = (enum format)f;
	}
	if (!w->c->n_formats)
		return bl_fail(err, -EINVAL,
			       "--output-format: '' is not one of normal, terse, json, json+");
	return 0;
}

SETTER(set_minimal)
{
	(void)value;
	return set_format(w, "terse", err);
}

SETTER(set_append_terse)
{
	(void)value, (void)err;
	if (!has_format(w->c, FORMAT_TERSE))
		w->c->formats[w->c->n_formats++] = FORMAT_TERSE;
	return 0;
}

SETTER(set_terse_version)
{
	if (strlen(value) != 1 || *value < '2' || *value > '5')
		return bl_fail(err, -EINVAL, "--terse-version: '%s' is not 2, 3, 4 or 5", value);
	w->c->terse_version = (unsigned)(*value - '0');
	return 0;
}

SETTER(set_section)
{
	if (w->n_only == ONLY_MAX)
		return bl_fail(err, -E2BIG, "--section: more than %d", ONLY_MAX);
	w->only[w->n_only++] = value;
	return 0;
}

static int set_time(const char *name, const char *value, uint64_t *ret, struct bl_err *err)
{
	if (bl_parse_time(value, ret, NULL) < 0)
		return bl_fail(err, -EINVAL, "--%s: '%s' is not a time, for example 10, 10s, 500ms",
			       name, value);
	return 0;
}

SETTER(set_status_interval)
{
	return set_time("status-interval", value, &w->c->status_interval_ns, err);
}

SETTER(set_eta_newline)
{
	return set_time("eta-newline", value, &w->c->eta_newline_ns, err);
}

SETTER(set_eta)
{
	static const char *const names[] = {"auto", "always", "never"};

	for (unsigned i = 0; i < BL_ARRAY_LEN(names); i++)
		if (!strcmp(names[i], value)) {
			w->c->eta = (enum eta)i;
			return 0;
		}
	return bl_fail(err, -EINVAL, "--eta: '%s' is not one of auto, always, never", value);
}

#define SETTER_BOOL(name, field)                                                                   \
	SETTER(name)                                                                               \
	{                                                                                          \
		(void)value, (void)err;                                                            \
		w->c->field = true;                                                                \
		return 0;                                                                          \
	}
SETTER_BOOL(set_readonly, is_readonly)
SETTER_BOOL(set_bandwidth_log, bandwidth_log)
SETTER_BOOL(set_nearest_engine, nearest_engine)
SETTER_BOOL(set_warnings_fatal, warnings_fatal)

#define SETTER_ACTION(name, what)                                                                  \
	SETTER(name)                                                                               \
	{                                                                                          \
		(void)value, (void)err;                                                            \
		w->c->action = what;                                                               \
		return 0;                                                                          \
	}
SETTER_ACTION(do_parse, DO_PARSE)
SETTER_ACTION(do_showcmd, DO_SHOWCMD)
SETTER_ACTION(do_version, DO_VERSION)

SETTER(set_nothing)
{
	(void)w, (void)value, (void)err;
	return 0;
}

SETTER(refuse_network)
{
	(void)w, (void)value;
	return bl_fail(err, -EINVAL,
		       "there is no network mode; run blkjob on the machine itself, or a scenario "
		       "with blklab");
}

SETTER(refuse_replay)
{
	(void)w, (void)value;
	return bl_fail(err, -EINVAL, "traces are not replayed or merged");
}

/* The text is made when it is asked for; the last one counts. */
static int take_help(struct switches *w, struct bl_buf *text, struct bl_err *err)
{
	free(w->c->help);
	w->c->help = bl_buf_take(text);
	w->c->action = DO_HELP;
	return w->c->help ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}

SETTER(do_help);

SETTER(do_cmdhelp)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	if (job_option_help(value ? value : "all", &text) < 0)
		return bl_fail(err, -EINVAL,
			       "--cmdhelp: '%s' is not an option of a job; --cmdhelp lists all",
			       value);
	return take_help(w, &text, err);
}

SETTER(do_markdown)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	(void)value;
	job_options_markdown(&text);
	return take_help(w, &text, err);
}

SETTER(do_enghelp)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	(void)value;
	bl_buf_adds(&text, "Available IO engines:\n");
	for (unsigned i = 0; i < JOB_ENGINES; i++)
		bl_buf_addf(&text, "\t%s\n", job_engine_names[i]);
	return take_help(w, &text, err);
}

static const struct switch_row switches[] = {
	{"output-format", SWITCH_NEEDS, "F", set_format,
	 "normal, terse, json, json+, or several with commas"},
	{"output", SWITCH_NEEDS, "FILE", set_output,
	 "write the result there, not to standard output"},
	{"minimal", SWITCH_ALONE, NULL, set_minimal, "as --output-format=terse"},
	{"append-terse", SWITCH_ALONE, NULL, set_append_terse, "terse behind the other formats"},
	{"terse-version", SWITCH_NEEDS, "N", set_terse_version, "of terse: 2 to 5, default 3"},
	{"status-interval", SWITCH_NEEDS, "T", set_status_interval,
	 "a result of what is done so far, each T"},
	{"hgrm", SWITCH_NEEDS, "PREFIX", set_hgrm,
	 "HdrHistogram's percentile text, files PREFIX..."},
	{"bandwidth-log", SWITCH_ALONE, NULL, set_bandwidth_log,
	 "logs of the bandwidth of all jobs together"},
	{"readonly", SWITCH_ALONE, NULL, set_readonly,
	 "refuse jobs that write or trim; make no file"},
	{"section", SWITCH_NEEDS, "NAME", set_section,
	 "run only this job of the files; may be repeated"},
	{"nearest-engine", SWITCH_ALONE, NULL, set_nearest_engine,
	 "run an ioengine that is not here by the nearest, and say so"},
	{"warnings-fatal", SWITCH_ALONE, NULL, set_warnings_fatal,
	 "an option without effect is an error"},
	{"eta", SWITCH_NEEDS, "WHEN", set_eta, "progress: auto, always, never"},
	{"eta-newline", SWITCH_NEEDS, "T", set_eta_newline, "a new line of it, each T"},
	{"showcmd", SWITCH_ALONE, NULL, do_showcmd, "print the jobs as command lines, run nothing"},
	{"parse-only", SWITCH_ALONE, NULL, do_parse, "check the jobs, run nothing"},
	{"cmdhelp", SWITCH_OPTIONAL, "OPTION", do_cmdhelp, "a job's options, or one of them"},
	{"enghelp", SWITCH_OPTIONAL, NULL, do_enghelp, "the engines"},
	{"options-markdown", SWITCH_ALONE, NULL, do_markdown, "a job's options as a page"},
	{"help", SWITCH_ALONE, NULL, do_help, "this text"},
	{"version", SWITCH_ALONE, NULL, do_version, "the version"},
	{"h", SWITCH_ALONE, NULL, do_help, NULL},
	{"v", SWITCH_ALONE, NULL, do_version, NULL},
	{"m", SWITCH_ALONE, NULL, set_minimal, NULL},
	{"eta-interval", SWITCH_NEEDS, NULL, set_nothing, NULL},
	{"max-jobs", SWITCH_NEEDS, NULL, set_nothing, NULL},
	{"alloc-size", SWITCH_NEEDS, NULL, set_nothing, NULL},
	{"aux-path", SWITCH_NEEDS, NULL, set_nothing, NULL},
	{"debug", SWITCH_NEEDS, NULL, set_nothing, NULL},
	{"inflate-log", SWITCH_NEEDS, NULL, refuse_replay, NULL},
	{"merge-blktrace-only", SWITCH_ALONE, NULL, refuse_replay, NULL},
	{"merge-blktrace-file", SWITCH_NEEDS, NULL, refuse_replay, NULL},
	{"client", SWITCH_OPTIONAL, NULL, refuse_network, NULL},
	{"server", SWITCH_OPTIONAL, NULL, refuse_network, NULL},
	{"remote-config", SWITCH_NEEDS, NULL, refuse_network, NULL},
	{"daemonize", SWITCH_NEEDS, NULL, refuse_network, NULL},
};

SETTER(do_help)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	(void)value;
	bl_buf_adds(
		&text,
		"blkjob - run fio jobs, measure every request\n\n"
		"  blkjob [SWITCH]... [--filename=TARGET] FILE.fio...\n"
		"  blkjob [SWITCH]... --name=JOB --OPTION=VALUE... [--name=JOB ...]\n\n"
		"'-' is standard input; --name=global sets defaults for the jobs after it.\n"
		"Jobs of a second file wait for those of the first.\n"
		"Options before any --name are for all jobs; such a --filename is the target of "
		"jobs\nwithout their own, also in later files.\n\n");
	for (size_t i = 0; i < BL_ARRAY_LEN(switches); i++) {
		const struct switch_row *s = &switches[i];
		char left[32];

		if (!s->help)
			continue;
		snprintf(left, sizeof(left),
			 s->value == SWITCH_OPTIONAL ? "--%s[%s%s]" : "--%s%s%s", s->name,
			 s->shown ? "=" : "", s->shown ? s->shown : "");
		bl_buf_addf(&text, "  %-22s %s\n", left, s->help);
	}
	bl_buf_adds(&text, "\nJob options:\n");
	job_options_help(&text);
	bl_buf_adds(&text, "\nExit status: 0 all jobs ran well, 1 otherwise.\n");
	return take_help(w, &text, err);
}

const struct switch_row *switch_find(const char *name)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(switches); i++)
		if (!strcmp(switches[i].name, name))
			return &switches[i];
	return NULL;
}
