/* job_table.c - the rows of all subjects, and how a row's field is reached. */
#include "job_table.h"

#include <string.h>

#include "cleanup.h"

const struct option_rows *const job_subjects[JOB_SUBJECTS] = {
	&job_rows_where, &job_rows_how,  &job_rows_what, &job_rows_when,
	&job_rows_pace,  &job_rows_data, &job_rows_said,
};

const struct option_row *job_row_at(size_t index)
{
	for (size_t s = 0; s < JOB_SUBJECTS; s++) {
		if (index < job_subjects[s]->n)
			return &job_subjects[s]->rows[index];
		index -= job_subjects[s]->n;
	}
	return NULL;
}

const struct option_row *job_row(const char *name)
{
	const struct option_row *r;

	for (size_t i = 0; (r = job_row_at(i)); i++)
		if (!strcmp(r->name, name) || (r->alias && !strcmp(r->alias, name)))
			return r;
	return NULL;
}

uint64_t job_field(const struct job *j, const struct option_row *r, unsigned i)
{
	const char *p = (const char *)j + r->at + i * r->width;
	uint64_t u64 = 0;
	uint32_t u32 = 0;

	if (r->width == sizeof(u64)) {
		memcpy(&u64, p, sizeof(u64));
		return u64;
	}
	if (r->width == 1)
		return (uint8_t)*p;
	memcpy(&u32, p, sizeof(u32));
	return r->kind == KIND_SIGNED ? (uint64_t)(int32_t)u32 : u32;
}

void job_field_set(struct job *j, const struct option_row *r, unsigned i, uint64_t v)
{
	char *p = (char *)j + r->at + i * r->width;
	uint32_t u32 = (uint32_t)v;

	if (r->width == sizeof(v))
		memcpy(p, &v, sizeof(v));
	else if (r->width == 1)
		*(bool *)p = v != 0;
	else
		memcpy(p, &u32, sizeof(u32));
}

bool job_row_choice(const struct option_row *r, const char *name, uint64_t *ret)
{
	for (size_t i = 0; i < r->n_names; i++)
		if (!strcmp(r->names[i], name)) {
			*ret = i;
			return true;
		}
	for (const struct choice *c = r->also; c && c->name; c++)
		if (!strcmp(c->name, name)) {
			*ret = c->value;
			return true;
		}
	return false;
}

void job_row_names(const struct option_row *r, struct bl_buf *out)
{
	for (size_t i = 0; i < r->n_names; i++)
		bl_buf_addf(out, "%s%s", i ? ", " : "", r->names[i]);
	for (const struct choice *c = r->also; !r->n_names && c && c->name; c++)
		bl_buf_addf(out, "%s%s", c != r->also ? ", " : "", c->name);
}

const struct other_row *job_other(const struct other_row *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(rows[i].name, name) || (rows[i].alias && !strcmp(rows[i].alias, name)))
			return &rows[i];
	return NULL;
}
