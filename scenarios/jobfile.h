/* jobfile.h - fio job files in, jobs out. */
#ifndef JOBFILE_H
#define JOBFILE_H

#include "job.h"

/* Parse @text (@name is for messages, and its folder for include). fio's rules:
 * [global] sections apply to the jobs below them, ';' and '#' cut a line, "k" is 1024 and
 * "kib" 1000, ${VAR} is the environment, a flag may stand alone, a job of pure defaults
 * is legal, "include FILE" reads FILE's options in place.
 * -EINVAL, -ERANGE: "NAME:LINE: option: 'value' ..., what would be accepted"; an
 * unknown option names the nearest known one. *ret is untouched on failure.
 * Options that only shape output are listed in ret_jobs->ignored. */
int jobfile_parse(const char *text, const char *name, struct jobs *ret_jobs, struct bl_err *err);

int jobfile_read(const char *path, struct jobs *ret_jobs, struct bl_err *err);

/* Rules that need the whole job (time_based with runtime, alignment of direct I/O, ...)
 * and the range of every value. Called by jobfile_parse(); also for jobs made otherwise. */
int job_check(const struct job *j, struct bl_err *err);

/* One set option, by its fio name; also used for command lines. @value NULL: the
 * option stands alone. -EINVAL unknown option or bad value, -ERANGE out of bounds:
 * "option: 'value' ..."; @j is then unchanged. */
int job_set(struct job *j, const char *option, const char *value, struct bl_err *err);
void job_defaults(struct job *j);

/* Why @option is accepted by job_set() without any effect; NULL: it has one, or is
 * not known. */
const char *job_option_ignored(const char *option);

/* True when the option may stand without a value. */
bool job_option_alone(const char *option);

/* One option's value as canonical fio text into @out, by its fio name; false when
 * @j has the default (nothing is added then) or the name is not known. */
bool job_option_text(const struct job *j, const char *option, struct bl_buf *out);

/* The option's default as text; nothing when the name is not known. */
void job_option_default(const char *option, struct bl_buf *out);

/* The names in table order; NULL after the last. */
const char *job_option_name(size_t index);

/* Replace ${VAR} by the environment (empty when unset). Appends to @out. */
void job_expand(const char *text, struct bl_buf *out);

/* The help text of every option, from the table. */
void job_options_help(struct bl_buf *out);

#endif
