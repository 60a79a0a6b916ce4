/* jobfile.h - fio's job language in, jobs out.
 *
 * Two steps: text or a command line becomes sections (job_sections.h), sections become jobs.
 * jobfile_parse() is both.
 */
#ifndef JOBFILE_H
#define JOBFILE_H

#include "job.h"
#include "job_sections.h"

/* Parse @text (@name is for messages, and its folder for include). fio's rules:
 * [global...] sections apply to the jobs below them, ';' and '#' cut a line, "k" is 1024 and
 * "kib" 1000 unless kb_base turns it, ${VAR} is the environment, $pagesize, $mb_memory and $ncpus
 * are numbers one may calculate with, a flag may stand alone, the last assignment wins, a job of
 * pure defaults is legal, "include FILE" reads FILE's options in place.
 * -EINVAL, -ERANGE: "NAME:LINE: option: 'value' ..., what would be accepted"; an
 * unknown option names the nearest known one. *ret is untouched on failure.
 * Options without effect here are listed in ret_jobs->ignored. */
int jobfile_parse(const char *text, const char *name, struct jobs *ret_jobs, struct bl_err *err);

int jobfile_read(const char *path, struct jobs *ret_jobs, struct bl_err *err);

/* The first step alone, for several files: @text's sections behind those of @s. What a later file
 * says is for its own jobs, and they wait for all before them. */
int jobfile_sections(const char *text, const char *name, struct sections *s, struct bl_err *err);
int jobfile_sections_read(const char *path, struct sections *s, struct bl_err *err);

/* How sections are read; NULL or all zero: as fio does. */
struct job_rules {
	bool is_here;            /* the jobs run on this machine: their folders and CPUs exist */
	bool nearest_engine;     /* an ioengine that is not here is replaced by the nearest; a
				  * line of ->ignored says so */
	const char *const *only; /* sections of files to use; NULL: all */
	size_t n_only;
};

/* The second step. Errors as jobfile_parse(); @name is for the message of a file without jobs. */
int jobs_build(const struct sections *s, const struct job_rules *rules, const char *name,
	       struct jobs *ret_jobs, struct bl_err *err);

/* Rules that need the whole job (rate beside rate_iops, alignment of direct I/O, ...)
 * and the range of every value. Called by jobs_build(); also for jobs made otherwise. */
int job_check(const struct job *j, struct bl_err *err);

/* What options imply: time_based without a runtime is off, steadystate is none without
 * steadystate_duration and has a default with it, verify_pattern alone means verify=pattern_hdr, a
 * log without prefix is named for the job, no loop is one. Lines about what is lost, each with
 * @where in front, are added to @notes (may be NULL). Called by jobs_build(). */
void job_settle(struct job *j, const char *where, struct bl_buf *notes);

/* One set option, by its fio name; also used for command lines. @value NULL: the
 * option stands alone. -EINVAL unknown option or bad value, -ERANGE out of bounds, -E2BIG too many
 * entries: "option: 'value' ..."; @j is then unchanged. */
int job_set(struct job *j, const char *option, const char *value, struct bl_err *err);
void job_defaults(struct job *j);

/* The engine here that does most of what fio's @name does; NULL: it is here, or nothing is near. */
const char *job_engine_nearest(const char *name);

/* Why @option is accepted by job_set() without any effect; NULL: it has one, or is
 * not known. */
const char *job_option_ignored(const char *option);

/* True when job_set() has something to say about @option but that it is unknown. */
bool job_option_known(const char *option);

/* True when the option may stand without a value on a command line. */
bool job_option_alone(const char *option);

/* fio's name of @option, which may be an alias; @option itself when it is not known. */
const char *job_option_canonical(const char *option);

/* One option's value as canonical fio text into @out, by its fio name; false when
 * @j has the default (nothing is added then) or the name is not known. */
bool job_option_text(const struct job *j, const char *option, struct bl_buf *out);

/* The option's default as text; nothing when the name is not known. */
void job_option_default(const char *option, struct bl_buf *out);

/* The names in table order; NULL after the last. */
const char *job_option_name(size_t index);

/* Replace ${VAR} by the environment (empty when unset), then $pagesize, $mb_memory and $ncpus by
 * their numbers; what then is an expression of numbers, + - * / and parentheses is
 * calculated. Appends to @out. */
void job_expand(const char *text, struct bl_buf *out);

/* The help text of every option, from the tables; of one (all of its @option), -ENOENT. */
void job_options_help(struct bl_buf *out);
int job_option_help(const char *option, struct bl_buf *out);

/* docs/job-options.md. */
void job_options_markdown(struct bl_buf *out);

#endif
