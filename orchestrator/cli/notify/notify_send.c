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
#include "post.h"
#include "units.h"

#define BUDGET_NS (60 * NS_PER_S)

/* One target being told. */
struct telling {
	const struct notify_target *target;
	struct notify_outcome *outcome;
	char *url; /* of a Pushgateway's group; else the target's own is used */
	char *body;
	size_t body_len;
	const char **headers;
	struct post *post; /* NULL: it is a file, or left out */
};

struct notice {
	const struct notify_config *config;
	const struct night *night;
	const struct notify_how *how;
	struct telling *tellings;  /* one a target */
	struct telling **removing; /* scratch, one a target */
	struct post *posts;        /* those that go over the network */
	size_t n_posts;
	/* Rendered when the first target needs it. */
	struct bl_buf text, json, junit, metrics, headline, id;
};

static void notice_done(struct notice *x)
{
	for (size_t i = 0; x->tellings && i < x->config->n; i++) {
		free(x->tellings[i].url);
		free(x->tellings[i].body);
		free(x->tellings[i].headers);
	}
	free(x->tellings);
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

static int make_webhook(struct notice *x, struct telling *t)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf body = BL_BUF_INIT;
	const struct bl_buf *source = rendered(x, t->target->is_text ? NIGHT_TEXT : NIGHT_JSON);

	if (!source)
		return -ENOMEM;
	if (t->target->is_text)
		notify_chat(bl_buf_str(source), &body);
	else
		bl_buf_add(&body, source->data, source->len);
	t->post->kind = POST_HTTP;
	t->post->method = "POST";
	t->post->url = t->target->url;
	return set_body(t, &body) < 0 ? -ENOMEM : set_headers(t, "Content-Type: application/json");
}

static int make_mail(struct notice *x, struct telling *t)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf body = BL_BUF_INIT;
	const struct bl_buf *text = rendered(x, NIGHT_TEXT);
	struct mail m = {
		.from = t->target->from,
		.to = (const char *const *)t->target->to.items,
		.n_to = t->target->to.n,
		.subject = bl_buf_str(&x->headline),
		.text = text ? bl_buf_str(text) : "",
		.id = bl_buf_str(&x->id),
		.host = x->night->host_name,
		.wall_ms = x->night->ended_ms ? x->night->ended_ms : x->night->started_ms,
	};

	if (!text)
		return -ENOMEM;
	mail_compose(&m, &body);
	t->post->kind = POST_MAIL;
	t->post->url = t->target->url;
	t->post->is_starttls = t->target->is_starttls;
	t->post->from = m.from;
	t->post->to = m.to;
	t->post->n_to = m.n_to;
	return set_body(t, &body);
}

/* The whole group is replaced: cells that are no more don't stay there. */
static int make_push(struct notice *x, struct telling *t)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf body = BL_BUF_INIT;
	const struct bl_buf *source = rendered(x, NIGHT_METRICS);

	if (!source)
		return -ENOMEM;
	bl_buf_add(&body, source->data, source->len);
	t->url = notify_group_url(t->target, x->night);
	t->post->kind = POST_HTTP;
	t->post->method = "PUT";
	t->post->url = t->url;
	if (!t->url || set_body(t, &body) < 0)
		return -ENOMEM;
	return set_headers(t, "Content-Type: text/plain; version=0.0.4; charset=utf-8");
}

static int make_post(struct notice *x, struct telling *t)
{
	static int (*const makers[NOTIFY_KINDS])(struct notice *, struct telling *) = {
		[NOTIFY_WEBHOOK] = make_webhook,
		[NOTIFY_MAIL] = make_mail,
		[NOTIFY_PUSHGATEWAY] = make_push,
	};
	int r;

	t->post = &x->posts[x->n_posts];
	t->post->user = t->target->user;
	t->post->password = t->target->password;
	t->post->ca_file = t->target->ca_file;
	r = makers[t->target->kind](x, t);
	t->post->body = t->body;
	t->post->body_len = t->body_len;
	return r;
}

static void prepare(struct notice *x, struct telling *t)
{
	if (!wants(x, t->target)) {
		t->outcome->is_left_out = true;
		snprintf(t->outcome->text, sizeof t->outcome->text, "does not ask for '%s'",
			 night_outcome_names[x->night->outcome]);
	} else if (t->target->kind == NOTIFY_TEXTFILE || t->target->kind == NOTIFY_JUNIT) {
		write_target(x, t);
	} else if (make_post(x, t) < 0) {
		*t->post = (struct post){0};
		t->post = NULL;
		failed(t, "out of memory");
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
	bl_buf_adds(&text, " was not told: ");
	fmt_clean(&text, t->outcome->text, 0); /* it has words of a server in it */
	x->how->note(x->how->ctx, bl_buf_str(&text));
}

static size_t tell(struct notice *x, struct notify_outcome *outcomes)
{
	uint64_t budget_ns = x->config->budget_ns ? x->config->budget_ns : BUDGET_NS, start_ns;
	struct post_limits limits = {.stop = x->how->stop};
	size_t n_failed = 0;

	night_headline(x->night, &x->headline);
	night_id(x->night, &x->id);
	for (size_t i = 0; i < x->config->n; i++) {
		x->tellings[i].target = &x->config->targets[i];
		x->tellings[i].outcome = &outcomes[i];
		outcomes[i] = (struct notify_outcome){0};
		prepare(x, &x->tellings[i]);
	}
	start_ns = bl_now_ns();
	limits.budget_ns = telling_ns(x, budget_ns);
	post_all(x->posts, x->n_posts, &limits);
	for (size_t i = 0; i < x->config->n; i++)
		judge(&x->tellings[i]);
	if (x->how->is_test) {
		uint64_t took_ns = bl_now_ns() - start_ns;

		/* 0 would be the default; stopping what is under way takes a moment, too */
		limits.budget_ns = took_ns < budget_ns ? budget_ns - took_ns : 1;
		remove_tests(x, &limits);
	}
	for (size_t i = 0; i < x->config->n; i++) {
		if (outcomes[i].is_sent || outcomes[i].is_left_out)
			continue;
		n_failed++;
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

	x.tellings = calloc(c->n + 1, sizeof *x.tellings);
	x.removing = calloc(c->n + 1, sizeof(struct telling *));
	x.posts = calloc(c->n + 1, sizeof *x.posts);
	if (!outcomes)
		outcomes = own = calloc(c->n + 1, sizeof *own);
	if (!x.tellings || !x.removing || !x.posts || !outcomes) {
		if (x.how->note)
			x.how->note(x.how->ctx, "nobody was told: out of memory");
		free(BL_STEAL(x.tellings));
		return c->n;
	}
	return tell(&x, outcomes);
}
