#include "notify_send.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "fmt.h"
#include "fs.h"
#include "mail.h"
#include "night_report.h"
#include "notify_text.h"
#include "outbox.h"
#include "post.h"
#include "units.h"

#define BUDGET_NS   (60 * NS_PER_S)
#define MESSAGE_MAX ((size_t)16 << 20)

/* One target being told. */
struct telling {
	const struct notify_target *target;
	struct notify_outcome *outcome;
	const struct outbox_message *late; /* of an earlier night; NULL: of this one */
	char *waits; /* its file in the outbox, while it was not taken; NULL: none */
	char *url;   /* of a Pushgateway's group; else the target's own is used */
	char *body;
	size_t body_len;
	const char **headers;
	struct post *post; /* NULL: it is a file, or left out */
};

struct notice {
	const struct notify_config *config;
	const struct night *night;
	const struct notify_how *how;
	struct outbox_list late;
	struct notify_outcome *late_outcomes;
	struct telling *tellings; /* one a target, then those that are late */
	size_t n_tellings;
	struct telling **removing; /* scratch, one a target */
	struct post *posts;        /* those that go over the network */
	size_t n_posts;
	/* Rendered when the first target needs it. */
	struct bl_buf text, json, junit, metrics, headline, id;
};

static void notice_done(struct notice *x)
{
	for (size_t i = 0; i < x->n_tellings; i++) {
		free(x->tellings[i].waits);
		free(x->tellings[i].url);
		free(x->tellings[i].body);
		free(x->tellings[i].headers);
	}
	free(x->tellings);
	free(x->late_outcomes);
	outbox_list_done(&x->late);
	free(x->removing);
	free(x->posts);
	bl_buf_done(&x->text);
	bl_buf_done(&x->json);
	bl_buf_done(&x->junit);
	bl_buf_done(&x->metrics);
	bl_buf_done(&x->headline);
	bl_buf_done(&x->id);
}

static bool wants(const struct notice *x, const struct notify_target *t)
{
	static const unsigned of_outcome[NIGHT_OUTCOMES] = {
		[NIGHT_OK] = NOTIFY_OK,
		[NIGHT_CHANGED] = NOTIFY_CHANGED,
		[NIGHT_CANNOT_TELL] = NOTIFY_CANNOT_TELL,
		[NIGHT_NOT_MEASURED] = NOTIFY_NOT_MEASURED,
	};
	unsigned is = of_outcome[x->night->outcome] | NOTIFY_ALWAYS;

	if (night_is_worse(x->night))
		is |= NOTIFY_WORSE;
	return x->how->is_test || (t->on & is);
}

/* The night in @f, made once. NULL: no memory. */
static const struct bl_buf *rendered(struct notice *x, enum night_format f)
{
	struct bl_buf *const at[NIGHT_FORMATS] = {
		[NIGHT_TEXT] = &x->text,
		[NIGHT_JSON] = &x->json,
		[NIGHT_JUNIT] = &x->junit,
		[NIGHT_METRICS] = &x->metrics,
	};

	if (!at[f]->len)
		report_night(x->night, f, at[f], NULL);
	return bl_buf_failed(at[f]) ? NULL : at[f];
}

static void failed(struct telling *t, const char *why)
{
	t->outcome->is_sent = false;
	snprintf(t->outcome->text, sizeof t->outcome->text, "%s", why);
}

/* --- files --- */

/* "FOLDER/blklab-quick.prom" */
static char *file_of(const struct notice *x, const struct notify_target *t)
{
	char *path = bl_strf("%s/blklab-%s.%s", t->folder, x->night->scenario,
			     t->kind == NOTIFY_JUNIT ? "xml" : "prom");

	for (char *s = path ? path + strlen(t->folder) + 1 : NULL; s && *s; s++) {
		if (!isalnum((unsigned char)*s) && !strchr("-._", *s))
			*s = '-';
	}
	return path;
}

static void write_target(struct notice *x, struct telling *t)
{
	BL_CLEANUP(bl_freep) char *path = file_of(x, t->target);
	const struct bl_buf *text =
		rendered(x, t->target->kind == NOTIFY_JUNIT ? NIGHT_JUNIT : NIGHT_METRICS);
	struct bl_err err = BL_ERR_INIT;

	if (!path || !text) {
		failed(t, "out of memory");
		return;
	}
	if (!bl_exists(t->target->folder)) {
		bl_fail(&err, -ENOENT, "the folder '%s' does not exist; make it, or name another",
			t->target->folder);
		failed(t, bl_err_text(&err));
		return;
	}
	if (bl_write_file(path, bl_buf_str(text), text->len, &err) < 0) {
		failed(t, bl_err_text(&err));
		return;
	}
	t->outcome->is_sent = true;
	snprintf(t->outcome->text, sizeof t->outcome->text, "wrote '%s', %zu bytes", path,
		 text->len);
	if (x->how->is_test && unlink(path) == 0)
		snprintf(t->outcome->text, sizeof t->outcome->text,
			 "wrote '%s', %zu bytes, and removed it again", path, text->len);
}

/* --- what goes over the network; 0 or -ENOMEM --- */

static int set_body(struct telling *t, struct bl_buf *body)
{
	t->body_len = body->len;
	t->body = bl_buf_take(body);
	return t->body ? 0 : -ENOMEM;
}

static int set_headers(struct telling *t, const char *type)
{
	const struct notify_texts *more = &t->target->headers;

	t->headers = reallocarray(NULL, more->n + 1, sizeof *t->headers);
	if (!t->headers)
		return -ENOMEM;
	t->headers[0] = type;
	for (size_t i = 0; i < more->n; i++)
		t->headers[i + 1] = more->items[i];
	t->post->headers = t->headers;
	t->post->n_headers = more->n + 1;
	return 0;
}

static void compose(struct notice *x, const struct notify_target *t, const struct bl_buf *text,
		    struct bl_buf *out)
{
	struct mail m = {
		.from = t->from,
		.to = (const char *const *)t->to.items,
		.n_to = t->to.n,
		.subject = bl_buf_str(&x->headline),
		.text = bl_buf_str(text),
		.id = bl_buf_str(&x->id),
		.host = x->night->host_name,
		.wall_ms = x->night->ended_ms ? x->night->ended_ms : x->night->started_ms,
	};

	mail_compose(&m, out);
}

/* What is told of the night, as it waits where it was not taken. */
static int message_of(struct notice *x, const struct notify_target *t, struct bl_buf *out)
{
	enum night_format f = t->kind == NOTIFY_PUSHGATEWAY          ? NIGHT_METRICS
			      : t->kind == NOTIFY_MAIL || t->is_text ? NIGHT_TEXT
								     : NIGHT_JSON;
	const struct bl_buf *source = rendered(x, f);

	if (!source)
		return -ENOMEM;
	if (t->kind == NOTIFY_MAIL)
		compose(x, t, source, out);
	else
		bl_buf_add(out, source->data, source->len);
	return bl_buf_failed(out) ? -ENOMEM : 0;
}

/* Mail has a date, and JSON its times. */
static void say_in_chat(const struct telling *t, const struct bl_buf *message, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	char when[32];

	if (t->late)
		bl_buf_addf(&text, "told late, of the night of %.10s: ",
			    bl_format_utc(when, t->late->night_ms));
	bl_buf_adds(&text, bl_buf_str(message));
	notify_chat(bl_buf_str(&text), out);
	out->failed |= text.failed;
}

static int make_webhook(struct notice *x, struct telling *t, struct bl_buf *message)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;

	(void)x;
	if (t->target->is_text)
		say_in_chat(t, message, &said);
	t->post->kind = POST_HTTP;
	t->post->method = "POST";
	t->post->url = t->target->url;
	return set_body(t, t->target->is_text ? &said : message) < 0
		       ? -ENOMEM
		       : set_headers(t, "Content-Type: application/json");
}

static int make_mail(struct notice *x, struct telling *t, struct bl_buf *message)
{
	(void)x;
	t->post->kind = POST_MAIL;
	t->post->url = t->target->url;
	t->post->is_starttls = t->target->is_starttls;
	t->post->from = t->target->from;
	t->post->to = (const char *const *)t->target->to.items;
	t->post->n_to = t->target->to.n;
	return set_body(t, message);
}

/* The whole group is replaced: cells that are no more don't stay there. */
static int make_push(struct notice *x, struct telling *t, struct bl_buf *message)
{
	t->url = notify_group_url(t->target, x->night);
	t->post->kind = POST_HTTP;
	t->post->method = "PUT";
	t->post->url = t->url;
	if (!t->url || set_body(t, message) < 0)
		return -ENOMEM;
	return set_headers(t, "Content-Type: text/plain; version=0.0.4; charset=utf-8");
}

/* Metrics are of the newest night: they wait for nobody. What can't be kept is sent all the same.
 */
static void keep(struct notice *x, struct telling *t, const struct bl_buf *message)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	struct bl_err why = BL_ERR_INIT;

	if (!x->how->outbox || t->target->kind == NOTIFY_PUSHGATEWAY ||
	    outbox_put(x->how->outbox, t->target, x->night->started_ms, message, &t->waits, &why) ==
		    0)
		return;
	bl_buf_addf(&text, "what a target does not take will not be sent again: %s",
		    bl_err_text(&why));
	if (x->how->note)
		x->how->note(x->how->ctx, bl_buf_str(&text));
}

static int message_get(struct notice *x, struct telling *t, struct bl_buf *message)
{
	int r;

	if (t->late) {
		t->waits = strdup(t->late->path);
		return t->waits ? bl_read_file(t->waits, MESSAGE_MAX, message, NULL) : -ENOMEM;
	}
	r = message_of(x, t->target, message);
	if (r == 0)
		keep(x, t, message);
	return r;
}

static int make_post(struct notice *x, struct telling *t)
{
	static int (*const makers[NOTIFY_KINDS])(struct notice *, struct telling *,
						 struct bl_buf *) = {
		[NOTIFY_WEBHOOK] = make_webhook,
		[NOTIFY_MAIL] = make_mail,
		[NOTIFY_PUSHGATEWAY] = make_push,
	};
	BL_CLEANUP(bl_buf_done) struct bl_buf message = BL_BUF_INIT;
	int r = message_get(x, t, &message);

	t->post = &x->posts[x->n_posts];
	t->post->user = t->target->user;
	t->post->password = t->target->password;
	t->post->ca_file = t->target->ca_file;
	if (r == 0)
		r = makers[t->target->kind](x, t, &message);
	t->post->body = t->body;
	t->post->body_len = t->body_len;
	return r;
}

static void prepare(struct notice *x, struct telling *t)
{
	int r;

	if (!t->late && !wants(x, t->target)) {
		t->outcome->is_left_out = true;
		snprintf(t->outcome->text, sizeof t->outcome->text, "does not ask for '%s'",
			 night_outcome_names[x->night->outcome]);
	} else if (t->target->kind == NOTIFY_TEXTFILE || t->target->kind == NOTIFY_JUNIT) {
		write_target(x, t);
	} else if ((r = make_post(x, t)) < 0) {
		*t->post = (struct post){0};
		t->post = NULL;
		failed(t, r == -ENOMEM ? "out of memory" : strerror(-r));
	} else {
		x->n_posts++;
	}
}

static void judge(struct telling *t)
{
	const struct post *p = t->post;
	char tries[64] = "";

	if (!p)
		return;
	if (p->n_tries > 1)
		snprintf(tries, sizeof tries, " (%u attempts)", p->n_tries);
	t->outcome->is_sent = p->result == 0;
	if (t->waits && p->result == 0)
		unlink(t->waits);
	if (p->result < 0)
		snprintf(t->outcome->text, sizeof t->outcome->text, "%.400s%s",
			 bl_err_text(&p->err), tries);
	else
		snprintf(t->outcome->text, sizeof t->outcome->text, "answered %u%s%s%s", p->status,
			 p->said[0] ? ": " : "", p->said, tries);
}

static bool has_to_remove(const struct notice *x, const struct telling *t)
{
	return x->how->is_test && t->target->kind == NOTIFY_PUSHGATEWAY;
}

static void say_removed(struct notify_outcome *o, const struct post *p)
{
	size_t len = strlen(o->text);

	if (p->result == 0)
		snprintf(o->text + len, sizeof o->text - len, ", and the group was removed again");
	else
		snprintf(o->text + len, sizeof o->text - len,
			 "; the group of the test is still there: %.200s", bl_err_text(&p->err));
}

/* Of a test nothing stays: an alarm on it would be a false one. All are removed at once, by what is
 * left of the budget. */
static void remove_tests(struct notice *x, const struct post_limits *limits)
{
	struct telling **whose = x->removing;
	size_t n = 0;

	/* posts[] is in the order of targets: [n] is never behind one that is still to be read */
	for (size_t i = 0; i < x->config->n; i++) {
		struct telling *t = &x->tellings[i];

		if (!t->post || !t->outcome->is_sent || !has_to_remove(x, t))
			continue;
		whose[n] = t;
		x->posts[n] = *t->post;
		x->posts[n].method = "DELETE";
		x->posts[n++].body_len = 0;
	}
	post_all(x->posts, n, limits);
	for (size_t i = 0; i < n; i++)
		say_removed(whose[i]->outcome, &x->posts[i]);
}

/* What telling may take of the budget: a quarter is left where something is to be removed, however
 * long the others take. */
static uint64_t telling_ns(const struct notice *x, uint64_t budget_ns)
{
	for (size_t i = 0; i < x->config->n; i++)
		if (has_to_remove(x, &x->tellings[i]))
			return budget_ns - budget_ns / 4;
	return budget_ns;
}

static void note_failure(const struct notice *x, const struct telling *t)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	char name[NOTIFY_NAME_MAX];

	if (!x->how->note)
		return;
	fmt_clean(&text, notify_name(name, t->target), 0);
	bl_buf_adds(&text, t->late ? " was not told of an earlier night: " : " was not told: ");
	fmt_clean(&text, t->outcome->text, 0); /* it has words of a server in it */
	x->how->note(x->how->ctx, bl_buf_str(&text));
}

/* One note a target is enough. */
static bool was_noted(const struct notice *x, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		const struct notify_outcome *o = x->tellings[k].outcome;

		if (x->tellings[k].target == x->tellings[i].target && !o->is_sent &&
		    !o->is_left_out)
			return true;
	}
	return false;
}

static size_t tell(struct notice *x, struct notify_outcome *outcomes)
{
	uint64_t budget_ns = x->config->budget_ns ? x->config->budget_ns : BUDGET_NS, start_ns;
	struct post_limits limits = {.stop = x->how->stop, .grace_ns = x->how->grace_ns};
	size_t n_failed = 0;

	night_headline(x->night, &x->headline);
	night_id(x->night, &x->id);
	memset(outcomes, 0, x->config->n * sizeof *outcomes);
	for (size_t i = 0; i < x->config->n; i++)
		x->tellings[x->n_tellings++] =
			(struct telling){.target = &x->config->targets[i], .outcome = &outcomes[i]};
	for (size_t i = 0; i < x->late.n; i++)
		x->tellings[x->n_tellings++] = (struct telling){.target = x->late.items[i].target,
								.outcome = &x->late_outcomes[i],
								.late = &x->late.items[i]};
	for (size_t i = 0; i < x->n_tellings; i++)
		prepare(x, &x->tellings[i]);
	start_ns = bl_now_ns();
	limits.budget_ns = telling_ns(x, budget_ns);
	post_all(x->posts, x->n_posts, &limits);
	for (size_t i = 0; i < x->n_tellings; i++)
		judge(&x->tellings[i]);
	if (x->how->is_test) {
		uint64_t took_ns = bl_now_ns() - start_ns;

		/* 0 would be the default; stopping what is under way takes a moment, too */
		limits.budget_ns = took_ns < budget_ns ? budget_ns - took_ns : 1;
		remove_tests(x, &limits);
	}
	for (size_t i = 0; i < x->n_tellings; i++) {
		const struct notify_outcome *o = x->tellings[i].outcome;

		if (o->is_sent || o->is_left_out || was_noted(x, i))
			continue;
		n_failed += i < x->config->n;
		note_failure(x, &x->tellings[i]);
	}
	return n_failed;
}

size_t notify_all(const struct notify_config *c, const struct night *n,
		  const struct notify_how *how)
{
	static const struct notify_how plain;
	BL_CLEANUP(notice_done)
	struct notice x = {.config = c, .night = n, .how = how ? how : &plain};
	BL_CLEANUP(bl_freep) struct notify_outcome *own = NULL;
	struct notify_outcome *outcomes = x.how->outcomes;
	size_t n_all;

	if (x.how->outbox)
		outbox_open(x.how->outbox, c, bl_wall_ms(), &x.late);
	n_all = c->n + x.late.n + 1;
	x.late_outcomes = calloc(x.late.n + 1, sizeof *x.late_outcomes);
	x.tellings = calloc(n_all, sizeof *x.tellings);
	x.removing = calloc(c->n + 1, sizeof(struct telling *));
	x.posts = calloc(n_all, sizeof *x.posts);
	if (!outcomes)
		outcomes = own = calloc(c->n + 1, sizeof *own);
	if (!x.tellings || !x.late_outcomes || !x.removing || !x.posts || !outcomes) {
		if (x.how->note)
			x.how->note(x.how->ctx, "nobody was told: out of memory");
		return c->n;
	}
	return tell(&x, outcomes);
}
