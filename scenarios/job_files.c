/* job_files.c - what a job reads off itself: its request sizes and its files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "job.h"

uint32_t job_bs_min(const struct job *j, unsigned dir)
{
	const struct job_splits *s = &j->bssplit[dir];
	uint64_t least = s->n ? s->at[0].value : j->bs[dir].min;

	for (uint32_t i = 1; i < s->n; i++)
		if (s->at[i].value < least)
			least = s->at[i].value;
	return (uint32_t)least;
}

uint32_t job_bs_max(const struct job *j, unsigned dir)
{
	const struct job_splits *s = &j->bssplit[dir];
	uint64_t most = s->n ? s->at[0].value : j->bs[dir].max;

	for (uint32_t i = 1; i < s->n; i++)
		if (s->at[i].value > most)
			most = s->at[i].value;
	return (uint32_t)most;
}

bool job_has_one_bs(const struct job *j)
{
	for (unsigned d = 0; d < JOB_DDIRS; d++)
		if (job_bs_min(j, d) != job_bs_min(j, 0) || job_bs_max(j, d) != job_bs_min(j, 0))
			return false;
	return true;
}

/* The end of the first of the names at @s: an unescaped ':' or the NUL. */
static const char *name_end(const char *s)
{
	while (*s && *s != ':')
		s += s[0] == '\\' && s[1] ? 2 : 1;
	return s;
}

static uint32_t count_names(const char *list)
{
	uint32_t n = 1;

	for (const char *end = name_end(list); *end; end = name_end(end + 1))
		n++;
	return n;
}

/* Name @i of "a:b:c" into @out, '\:' undone. Runs of colons are one, as fio reads them. */
static void add_name(const char *list, uint32_t i, struct bl_buf *out)
{
	const char *end;

	while (i--)
		list = name_end(list) + 1;
	end = name_end(list);
	for (; list < end; list++) {
		if (list[0] == '\\' && list + 1 < end)
			list++;
		bl_buf_addc(out, *list);
	}
}

/* filename_format with its keywords replaced. */
static void add_formatted(const struct job *j, uint32_t clone, uint32_t file, struct bl_buf *out)
{
	for (const char *s = j->filename_format; *s;) {
		static const char *const words[] = {"$jobname", "$clientuid", "$jobnum",
						    "$filenum"};
		size_t k = 0;

		while (k < BL_ARRAY_LEN(words) && strncmp(s, words[k], strlen(words[k])) != 0)
			k++;
		if (k == BL_ARRAY_LEN(words)) {
			bl_buf_addc(out, *s++);
			continue;
		}
		s += strlen(words[k]);
		if (k == 0)
			bl_buf_adds(out, j->name);
		else if (k > 1) /* $clientuid is empty without fio's clients */
			bl_buf_addf(out, "%u", k == 2 ? clone : file);
	}
}

uint32_t job_files(const struct job *j)
{
	return j->filename[0] ? count_names(j->filename) : j->nrfiles ? j->nrfiles : 1;
}

int job_file(const struct job *j, uint32_t clone, uint32_t file, struct bl_buf *out)
{
	size_t before = out->len;

	if (j->directory[0]) {
		add_name(j->directory, clone % count_names(j->directory), out);
		if (out->len > before && out->data[out->len - 1] != '/')
			bl_buf_addc(out, '/');
	}
	if (j->filename[0])
		add_name(j->filename, file, out);
	else
		add_formatted(j, clone, file, out);
	if (bl_buf_failed(out))
		return -ENOMEM;
	return out->len - before < JOB_PATH_MAX ? 0 : -ERANGE;
}

bool job_uses_target(const struct job *j)
{
	return !j->filename[0] && !j->directory[0] && j->nrfiles <= 1 && !j->filesize_max &&
	       !strcmp(j->filename_format, JOB_FILENAME_FORMAT);
}
