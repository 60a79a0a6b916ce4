#include "fio_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fio_document.h"

/* ---- ids ---- */

/* FNV-1a over what makes the import what it is; not against malice, but the same for the same. */
struct identity {
	uint64_t a, b;
};

static void add_bytes(struct identity *id, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++) {
		id->a = (id->a ^ p[i]) * 0x100000001b3u;
		id->b = (id->b ^ p[i] ^ (id->a >> 32)) * 0x100000001b3u;
	}
}

static void add_text(struct identity *id, const char *text)
{
	add_bytes(id, text, strlen(text) + 1);
}

static struct identity identity_of(const struct fio_source *files, size_t n,
				   const struct fio_run_options *opt)
{
	struct identity id = {0xcbf29ce484222325u, 0x84222325cbf29ce4u};

	add_text(&id, opt->scenario);
	add_text(&id, opt->host ? opt->host : "");
	for (size_t i = 0; i < n; i++) {
		add_text(&id, files[i].cell);
		add_bytes(&id, files[i].text, files[i].len);
	}
	return id;
}

/* A UUIDv7 (RFC 9562) whose random bits are the identity's. */
static void make_id(char out[BL_UUID_TEXT], uint64_t ms, struct identity id, uint64_t number)
{
	add_bytes(&id, &number, sizeof number);
	snprintf(out, BL_UUID_TEXT, "%08x-%04x-7%03x-%04x-%012" PRIx64, (unsigned)(ms >> 16),
		 (unsigned)(ms & 0xffff), (unsigned)(id.a & 0xfff),
		 (unsigned)(0x8000 | ((id.a >> 16) & 0x3fff)), id.b & 0xffffffffffffu);
}

/* ---- documents ---- */

struct documents {
	struct fio_document *items;
	size_t n;
};

static void documents_done(struct documents *d)
{
	for (size_t i = 0; i < d->n; i++)
		fio_document_done(&d->items[i]);
	free(d->items);
}

static const char *ruler_name(enum fio_ruler r)
{
	return r == FIO_CLAT   ? "clat"
	       : r == FIO_LAT  ? "lat"
	       : r == FIO_BOTH ? "clat and lat"
			       : "no latency";
}

static int refuse_unlike(const struct fio_source *files, const struct documents *d,
			 struct bl_err *err)
{
	const struct fio_document *a = &d->items[0], *b = &d->items[d->n - 1];
	const char *first = files[0].name, *name = files[d->n - 1].name;

	if (strcmp(a->version, b->version) != 0)
		return bl_fail(err, -EBADMSG,
			       "'%s' is of %s, '%s' of %s: different rulers; import them as two "
			       "runs",
			       first, a->version, name, b->version);
	if (a->ruler != b->ruler)
		return bl_fail(err, -EBADMSG,
			       "'%s' has percentiles of %s, '%s' of %s, which is not the same "
			       "time (lat_percentiles); import them as two runs",
			       first, ruler_name(a->ruler), name, ruler_name(b->ruler));
	if (a->has_histograms != b->has_histograms)
		return bl_fail(err, -EBADMSG,
			       "'%s' is JSON%s, '%s' JSON%s: with and without histograms; import "
			       "them as two runs",
			       first, a->has_histograms ? "+" : "", name,
			       b->has_histograms ? "+" : "");
	return 0;
}

/* One measurement is one trial: a copy would be evidence for nothing, and in another cell as well
 * it would say that the two are equal. Bytes are compared: no two measurements have all figures
 * alike. */
static int refuse_copy(const struct fio_source *files, size_t i, struct bl_err *err)
{
	const struct fio_source *b = &files[i];

	for (size_t k = 0; k < i; k++) {
		const struct fio_source *a = &files[k];

		if (a->len != b->len || memcmp(a->text, b->text, a->len) != 0)
			continue;
		if (!strcmp(a->cell, b->cell))
			return bl_fail(err, -EBADMSG,
				       "'%s' and '%s' of cell '%s' are the same document: one "
				       "measurement is one trial; give each repeat's own document",
				       a->name, b->name, a->cell);
		return bl_fail(err, -EBADMSG,
			       "'%s' of cell '%s' and '%s' of cell '%s' are the same document: one "
			       "measurement is of one cell; give each cell's own documents",
			       a->name, a->cell, b->name, b->cell);
	}
	return 0;
}

static int parse_all(const struct fio_source *files, size_t n, struct documents *d,
		     struct bl_err *err)
{
	int r;

	if (!n)
		return bl_fail(err, -EINVAL, "no document to import");
	d->items = calloc(n, sizeof *d->items);
	if (!d->items)
		return bl_fail(err, -ENOMEM, "no memory for documents");
	for (size_t i = 0; i < n; i++) {
		r = fio_document_parse(files[i].text, files[i].len, files[i].name, &d->items[i],
				       err);
		if (r < 0)
			return r;
		d->n++;
		r = refuse_copy(files, i, err);
		if (r == 0)
			r = refuse_unlike(files, d, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- the run ---- */

static int add_cells(const struct fio_source *files, size_t n, struct run_data *d)
{
	d->cells = calloc(n, sizeof *d->cells);
	if (!d->cells)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct cell_record *c = &d->cells[d->n_cells];

		if (cell_named(d, files[i].cell) != NO_CELL)
			continue;
		c->name = strdup(files[i].cell);
		c->durability = strdup("not known: measured outside of the lab");
		d->n_cells++;
		if (!c->name || !c->durability)
			return -ENOMEM;
	}
	return 0;
}

static int fill_trial(struct trial_record *t, const struct fio_source *file,
		      struct fio_document *doc, uint64_t now_ms)
{
	t->ended_ms = doc->timestamp_ms ? doc->timestamp_ms : now_ms;
	t->started_ms = t->ended_ms > doc->runtime_ms ? t->ended_ms - doc->runtime_ms : 0;
	t->jobs = BL_STEAL(doc->jobs);
	t->n_jobs = doc->n_jobs;
	doc->n_jobs = 0;
	if (doc->error) {
		t->state = TRIAL_FAILED;
		t->reason = BL_STEAL(doc->error);
	}
	return facts_add(&t->facts, "imported.file", file->name);
}

static int by_time(const void *a, const void *b)
{
	const struct trial_record *x = a, *y = b;

	if (x->ended_ms != y->ended_ms)
		return x->ended_ms < y->ended_ms ? -1 : 1;
	return x->order < y->order ? -1 : 1; /* as given */
}

static int add_trials(const struct fio_source *files, struct documents *docs, uint64_t now_ms,
		      struct run_data *d)
{
	BL_CLEANUP(bl_freep) uint32_t *repeats = calloc(d->n_cells + 1, sizeof *repeats);

	d->trials = calloc(docs->n, sizeof *d->trials);
	if (!d->trials || !repeats)
		return -ENOMEM;
	for (size_t i = 0; i < docs->n; i++) {
		struct trial_record *t = &d->trials[d->n_trials++];

		t->cell = cell_named(d, files[i].cell);
		t->order = (uint32_t)i;
		if (fill_trial(t, &files[i], &docs->items[i], now_ms) < 0)
			return -ENOMEM;
	}
	qsort(d->trials, d->n_trials, sizeof *d->trials, by_time);
	for (size_t i = 0; i < d->n_trials; i++) {
		struct trial_record *t = &d->trials[i];

		t->order = (uint32_t)i;
		t->repeat = repeats[t->cell]++;
		if (repeats[t->cell] > d->run.repeats)
			d->run.repeats = repeats[t->cell];
	}
	return 0;
}

static int add_notes(const struct documents *docs, const struct run_data *d, struct facts *notes)
{
	const struct fio_document *first = &docs->items[0];
	bool has_clones = false;
	int r;

	for (size_t i = 0; i < docs->n; i++)
		has_clones |= docs->items[i].has_clones;
	r = facts_addf(notes, "imported",
		       "measured by %s outside of the lab: what it ran on is not proved, and "
		       "without slices and signals nothing is said of stalls and causes",
		       first->version);
	if (r == 0 && d->n_cells > 1 && d->run.repeats > 1)
		r = facts_add(
			notes, "order",
			"cells that took turns are paired in the order of their time; those that "
			"did not are compared as samples, and drift of the host counts as their "
			"difference");
	if (r == 0 && first->ruler & FIO_CLAT)
		r = facts_add(notes, "latency",
			      "latencies are fio's clat, without the time before submission; fio "
			      "keeps the whole (lat) with lat_percentiles=1");
	if (r == 0 && first->ruler && !first->has_histograms)
		r = facts_add(
			notes, "percentiles",
			"fio's plain JSON has no histograms: percentiles of a cell are medians "
			"over its files (~), those of mixed jobs absent; json+ has them");
	if (r == 0 && first->has_histograms)
		r = facts_add(notes, "percentiles",
			      "percentiles come from fio's buckets, 64 an octave: up to 1.6 % off");
	if (r == 0 && has_clones && !first->has_histograms)
		r = facts_add(notes, "clones",
			      "percentiles of clones can't be added and are absent; "
			      "group_reporting=1 has fio add them");
	return r;
}

static int fill_run(const struct fio_source *files, const struct documents *docs,
		    const struct fio_run_options *opt, struct run_data *d)
{
	struct run_record *r = &d->run;
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	enum fio_ruler ruler = docs->items[0].ruler;

	bl_buf_addf(&text, "# imported from documents of %s\n", docs->items[0].version);
	for (size_t i = 0; i < docs->n; i++)
		bl_buf_addf(&text, "# %s = %s\n", files[i].cell, files[i].name);
	r->scenario_name = strdup(opt->scenario);
	r->scenario_text = bl_buf_take(&text);
	r->host_id = strdup(opt->host ? opt->host : "unknown");
	r->host_name = strdup(opt->host ? opt->host : "unknown");
	r->accel = strdup("unknown");
	if (asprintf(&r->version, "%s%s", docs->items[0].version,
		     ruler == FIO_LAT    ? " (lat)"
		     : ruler == FIO_BOTH ? " (clat and lat)"
					 : "") < 0)
		r->version = NULL;
	if (!r->scenario_name || !r->scenario_text || !r->host_id || !r->host_name || !r->accel ||
	    !r->version)
		return -ENOMEM;
	return facts_add(&r->environment, "fio", docs->items[0].version);
}

static void set_ids(struct run_data *d, struct identity id)
{
	struct run_record *r = &d->run;

	r->started_ms = UINT64_MAX;
	for (size_t i = 0; i < d->n_trials; i++) {
		if (d->trials[i].started_ms < r->started_ms)
			r->started_ms = d->trials[i].started_ms;
		if (d->trials[i].ended_ms > r->ended_ms)
			r->ended_ms = d->trials[i].ended_ms;
	}
	make_id(r->id, r->started_ms, id, 0);
	for (size_t i = 0; i < d->n_trials; i++) {
		make_id(d->trials[i].id, d->trials[i].started_ms, id, 1 + i);
		memcpy(d->trials[i].boot, d->trials[i].id, BL_UUID_TEXT);
		memcpy(d->trials[i].run_id, r->id, BL_UUID_TEXT);
	}
}

int fio_run(const struct fio_source *files, size_t n, const struct fio_run_options *opt,
	    struct run_data *ret, struct bl_err *err)
{
	BL_CLEANUP(documents_done) struct documents docs = {0};
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	int r = parse_all(files, n, &docs, err);

	if (r < 0)
		return r;
	if ((r = fill_run(files, &docs, opt, &d)) < 0 || (r = add_cells(files, n, &d)) < 0 ||
	    (r = add_trials(files, &docs, opt->now_ms, &d)) < 0 ||
	    (r = add_notes(&docs, &d, &d.run.notes)) < 0)
		return bl_fail(err, r, "no memory for a run");
	set_ids(&d, identity_of(files, n, opt));
	*ret = d;
	d = (struct run_data){0};
	return 0;
}
