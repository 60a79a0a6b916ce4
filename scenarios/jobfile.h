/* jobfile.h - fio job files in, jobs out. */
#ifndef JOBFILE_H
#define JOBFILE_H

#include "job.h"

/* Parse @text (@name is for messages only). fio's rules: [global] sections apply to the
 * jobs below them, ';' and '#' cut a line, "k" is 1024 and "kib" 1000 (kb_base),
 * ${VAR} is the environment, a job of pure defaults is legal.
 * -EINVAL, -ERANGE: "NAME:LINE: option: 'value' ..., what would be accepted"; an
 * unknown option names the nearest known one. *ret is untouched on failure. */
int jobfile_parse(const char *text, const char *name, struct jobs *ret_jobs, struct bl_err *err);

int jobfile_read(const char *path, struct jobs *ret_jobs, struct bl_err *err);

/* Rules that need the whole job (rate above 0 with ..., region alignment, ...).
 * Called by jobfile_parse(); also for jobs made otherwise. */
int job_check(const struct job *j, struct bl_err *err);

/* One set option, by its fio name; also used for command lines. */
int job_set(struct job *j, const char *option, const char *value, struct bl_err *err);
void job_defaults(struct job *j);

/* The help text of every option, from the table. */
void job_options_help(struct bl_buf *out);

#endif
