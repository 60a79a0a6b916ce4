#include "merging.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"

int merging_open(struct merging *m, const struct args *a, const char *first, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *work = NULL;
	int r = path_store(a, &m->path, err);

	if (r == 0 && first && !bl_exists(m->path))
		r = store_merge_check(first, err);
	if (r == 0 && !a->store) {
		r = path_work_dir(a, &work, err);
		if (r == 0)
			r = bl_mkdir_p(work, err);
	}
	return r < 0 ? r : store_open(m->path, STORE_WRITE, &m->store, err);
}

int merging_add(struct merging *m, const char *path, struct bl_err *err)
{
	struct merged_file *f, *more = reallocarray(m->items, m->n + 1, sizeof *more);

	if (!more)
		return bl_fail(err, -ENOMEM, "out of memory");
	m->items = more;
	f = &more[m->n++];
	*f = (struct merged_file){.path = path};
	return store_merge(m->store, path, &f->report, err);
}

static void add_count(struct bl_buf *out, const char **sep, size_t n, const char *one,
		      const char *many)
{
	if (!n)
		return;
	bl_buf_addf(out, "%s%zu %s", *sep, n, n == 1 ? one : many);
	*sep = ", ";
}

static void tell_file(const struct merged_file *f, struct bl_buf *out)
{
	const struct store_merge_report *m = &f->report;
	const char *sep = "";

	bl_buf_addf(out, "%s: ", f->path);
	add_count(out, &sep, m->n_runs, "new run", "new runs");
	add_count(out, &sep, m->n_completed, "run completed", "runs completed");
	add_count(out, &sep, m->n_trials, "trial", "trials");
	add_count(out, &sep, m->n_baselines, "baseline", "baselines");
	add_count(out, &sep, m->n_changes, "change", "changes");
	if (!*sep)
		bl_buf_adds(out, "nothing new");
	sep = "; ";
	add_count(out, &sep, m->n_same, "run was here already", "runs were here already");
	bl_buf_addc(out, '\n');
	for (size_t i = 0; i < m->n_conflicts; i++)
		bl_buf_addf(out, "  left out: %s\n", m->conflicts[i]);
}

static json_t *file_json(const struct merged_file *f)
{
	const struct store_merge_report *m = &f->report;
	json_t *conflicts = json_array();

	for (size_t i = 0; i < m->n_conflicts; i++)
		json_array_append_new(conflicts, json_string(m->conflicts[i]));
	return json_pack("{s:s,s:i,s:i,s:i,s:i,s:i,s:i,s:o}", "file", f->path, "new_runs",
			 (int)m->n_runs, "completed_runs", (int)m->n_completed, "same_runs",
			 (int)m->n_same, "trials", (int)m->n_trials, "baselines",
			 (int)m->n_baselines, "changes", (int)m->n_changes, "conflicts", conflicts);
}

/* Of the file at which it ended only what was brought in. */
static bool is_told(const struct merging *m, size_t i, int r)
{
	const struct store_merge_report *report = &m->items[i].report;

	return r == 0 || i + 1 < m->n || report->n_runs || report->n_completed;
}

static int add_json(const struct merging *m, int r, const char *why, struct bl_buf *out,
		    struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *text = NULL;
	json_t *files = json_array(), *doc;

	for (size_t i = 0; i < m->n; i++)
		if (is_told(m, i, r))
			json_array_append_new(files, file_json(&m->items[i]));
	doc = json_pack("{s:s?,s:o}", "store", m->path, "files", files);
	if (r < 0 && doc)
		json_object_set_new(doc, "error", json_string(why));
	text = doc ? json_dumps(doc, JSON_INDENT(2)) : NULL;
	json_decref(doc);
	if (!text)
		return bl_fail(err, -ENOMEM, "out of memory, or a file name that is not UTF-8");
	bl_buf_addf(out, "%s\n", text);
	return 0;
}

static void add_text(const struct merging *m, int r, struct bl_buf *out)
{
	for (size_t i = 0; i < m->n; i++)
		if (is_told(m, i, r))
			tell_file(&m->items[i], out);
	if (out->len)
		bl_buf_addf(out, "store %s\n", m->path);
}

int merging_tell(const struct merging *m, struct cli *cli, bool json, int r, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct bl_err why = BL_ERR_INIT;
	size_t n_conflicts = 0;
	int told = 0;

	for (size_t i = 0; i < m->n; i++)
		n_conflicts += m->items[i].report.n_conflicts;
	if (json)
		told = add_json(m, r, bl_err_text(err), &out, &why);
	else
		add_text(m, r, &out);
	if (told == 0 && out.len)
		told = cli_print(cli, &out, &why);
	if (r < 0)
		return r; /* the first reason is the one to tell */
	if (told < 0)
		return bl_fail(err, told, "%s", bl_err_text(&why));
	return n_conflicts ? EXIT_BAD_INPUT : 0;
}

void merging_done(struct merging *m)
{
	for (size_t i = 0; i < m->n; i++)
		store_merge_report_done(&m->items[i].report);
	free(m->items);
	store_close(m->store);
	free(m->path);
	*m = (struct merging){0};
}
