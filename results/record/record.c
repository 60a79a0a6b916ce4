#include "record.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

const char *const watcher_names[WATCHERS] = {
	[WATCHED_HOST] = "host", [WATCHED_GUEST] = "guest", [WATCHED_QEMU] = "qemu"};

const char *const trial_state_names[TRIAL_STATES] = {
	[TRIAL_OK] = "ok",
	[TRIAL_FAILED] = "failed",
	[TRIAL_MISMATCH] = "mismatch",
	[TRIAL_IMPOSSIBLE] = "impossible",
	[TRIAL_INTERRUPTED] = "interrupted",
};

const char *const handover_kind_names[HANDOVER_KINDS] = {
	[HANDOVER_VFIO] = "vfio",
	[HANDOVER_MOUNT] = "mount",
};

/* One more item. Lists are short and keep no capacity, so any owner may have made them. */
static int make_room(void **items, size_t n, size_t size)
{
	void *more = reallocarray(*items, n + 1, size);

	if (!more)
		return -ENOMEM;
	*items = more;
	return 0;
}

int facts_add(struct facts *f, const char *key, const char *value)
{
	BL_CLEANUP(bl_freep) char *k = strdup(key);
	BL_CLEANUP(bl_freep) char *v = strdup(value);

	if (!k || !v || make_room((void **)&f->items, f->n, sizeof *f->items) < 0)
		return -ENOMEM;
	f->items[f->n++] = (struct fact){BL_STEAL(k), BL_STEAL(v)};
	return 0;
}

int facts_addf(struct facts *f, const char *key, const char *fmt, ...)
{
	BL_CLEANUP(bl_freep) char *value = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&value, fmt, ap);
	va_end(ap);
	if (n < 0) {
		value = NULL;
		return -ENOMEM;
	}
	return facts_add(f, key, value);
}

const char *facts_get(const struct facts *f, const char *key)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->items[i].key, key))
			return f->items[i].value;
	return NULL;
}

int facts_copy(struct facts *to, const struct facts *from)
{
	for (size_t i = 0; i < from->n; i++)
		if (facts_add(to, from->items[i].key, from->items[i].value) < 0)
			return -ENOMEM;
	return 0;
}

void facts_done(struct facts *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->items[i].key);
		free(f->items[i].value);
	}
	free(f->items);
	*f = (struct facts){0};
}

/* A copy of @text, which may be NULL; false: no memory. */
static bool copy(const char *text, char **ret)
{
	*ret = text ? strdup(text) : NULL;
	return *ret || !text;
}

static void effective_done(struct effective *e)
{
	free(e->key);
	free(e->asked);
	free(e->effective);
	free(e->source);
}

int effectives_add(struct effectives *e, const char *key, const char *asked, const char *effective,
		   const char *source)
{
	struct effective new = {
		.matches = !asked || (effective && !strcmp(asked, effective)),
	};

	if (!copy(key, &new.key) || !copy(asked, &new.asked) || !copy(effective, &new.effective) ||
	    !copy(source, &new.source) ||
	    make_room((void **)&e->items, e->n, sizeof *e->items) < 0) {
		effective_done(&new);
		return -ENOMEM;
	}
	e->items[e->n++] = new;
	return 0;
}

void effectives_done(struct effectives *e)
{
	for (size_t i = 0; i < e->n; i++)
		effective_done(&e->items[i]);
	free(e->items);
	*e = (struct effectives){0};
}

const struct job_result *trial_job(const struct trial_record *t, const char *name)
{
	for (size_t i = 0; i < t->n_jobs; i++)
		if (!strcmp(t->jobs[i].name, name))
			return &t->jobs[i];
	return NULL;
}

uint32_t cell_named(const struct run_data *d, const char *name)
{
	for (size_t i = 0; i < d->n_cells; i++)
		if (!strcmp(d->cells[i].name, name))
			return (uint32_t)i;
	return NO_CELL;
}

/* Canonical fio text: one "option=value" or "option" a line. */
bool job_option(const struct job_result *j, const char *option, const char **ret, size_t *ret_len)
{
	const char *line = j->job_text;
	size_t n = strlen(option);

	for (; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		if (strncmp(line, option, n) != 0 || !strchr("=\n", line[n]))
			continue;
		*ret = line[n] == '=' ? line + n + 1 : line + n;
		*ret_len = strcspn(*ret, "\n");
		return true;
	}
	return false;
}

int64_t job_clock_offset_ns(const struct trial_record *t, const struct job_result *j)
{
	const char *text = facts_get(&j->facts, "clock.offset_ns");

	if (!text)
		text = facts_get(&t->facts, "clock.offset_ns");
	return text ? (int64_t)strtoll(text, NULL, 10) : 0;
}

const char *trial_reading(const struct trial_record *t, const char *when, const char *name)
{
	char key[96];
	const char *value;

	snprintf(key, sizeof key, "device.%s.%s", when, name);
	value = facts_get(&t->facts, key);
	if (value)
		return value;
	snprintf(key, sizeof key, "device.guest_%s.%s", when, name);
	return facts_get(&t->facts, key);
}

bool run_is_emulated(const struct run_record *r)
{
	return r->accel && !strcmp(r->accel, "tcg");
}

bool run_is_imported(const struct run_record *r)
{
	return facts_get(&r->notes, "imported") != NULL;
}

void job_result_done(struct job_result *j)
{
	free(j->name);
	free(j->job_text);
	sample_free(j->sample);
	facts_done(&j->facts);
	for (size_t i = 0; i < WATCHERS; i++)
		series_done(&j->watched[i]);
	*j = (struct job_result){0};
}

void trial_record_done(struct trial_record *t)
{
	free(t->reason);
	facts_done(&t->facts);
	effectives_done(&t->effective);
	free(t->domain_xml);
	free(t->console_tail);
	for (size_t i = 0; i < t->n_jobs; i++)
		job_result_done(&t->jobs[i]);
	free(t->jobs);
	*t = (struct trial_record){0};
}

void cell_record_done(struct cell_record *c)
{
	free(c->name);
	facts_done(&c->axes);
	free(c->durability);
	*c = (struct cell_record){0};
}

void run_record_done(struct run_record *r)
{
	free(r->scenario_name);
	free(r->scenario_text);
	free(r->host_id);
	free(r->host_name);
	free(r->accel);
	free(r->version);
	facts_done(&r->environment);
	facts_done(&r->notes);
	facts_done(&r->declared);
	*r = (struct run_record){0};
}

void handover_record_done(struct handover_record *h)
{
	free(h->host_id);
	free(h->device);
	free(h->serial);
	free(h->model);
	free(h->driver_before);
	free(h->namespaces);
	free(h->outcome);
	*h = (struct handover_record){0};
}

void run_data_done(struct run_data *d)
{
	run_record_done(&d->run);
	for (size_t i = 0; i < d->n_cells; i++)
		cell_record_done(&d->cells[i]);
	free(d->cells);
	for (size_t i = 0; i < d->n_trials; i++)
		trial_record_done(&d->trials[i]);
	free(d->trials);
	for (size_t i = 0; i < d->n_handovers; i++)
		handover_record_done(&d->handovers[i]);
	free(d->handovers);
	*d = (struct run_data){0};
}

void baseline_record_done(struct baseline_record *b)
{
	free(b->name);
	free(b->host);
	free(b->host_name);
	free(b->scenario);
	free(b->note);
	free(b->retired_why);
	free(b->runs);
	*b = (struct baseline_record){0};
}

void change_record_done(struct change_record *c)
{
	free(c->host);
	free(c->scenario);
	free(c->cell);
	free(c->job);
	free(c->metric);
	free(c->cause);
	free(c->state);
	free(c->confirmation);
	*c = (struct change_record){0};
}
