#include "notify_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#define NOTIFY_CONFIG_INTERNAL
#include "notify_config_priv.h"
#include "post.h"
#include "units.h"

#define CONFIG_BYTES_MAX ((size_t)64 << 10)

const char *const notify_kind_names[] = {
	[NOTIFY_WEBHOOK] = "webhook",
	[NOTIFY_MAIL] = "mail",
	[NOTIFY_PUSHGATEWAY] = "pushgateway",
	[NOTIFY_TEXTFILE] = "textfile",
	[NOTIFY_JUNIT] = "junit",
};
_Static_assert(BL_ARRAY_LEN(notify_kind_names) == NOTIFY_KINDS, "one name a kind");

char *notify_name(char out[NOTIFY_NAME_MAX], const struct notify_target *t)
{
	char host[96];
	size_t n;

	if (t->kind == NOTIFY_MAIL)
		snprintf(out, NOTIFY_NAME_MAX, "mail to %s%s by %s", t->to.items[0],
			 t->to.n > 1 ? ", ..." : "", post_host(host, sizeof host, t->url));
	else if (t->url)
		snprintf(out, NOTIFY_NAME_MAX, "%s %s", notify_kind_names[t->kind],
			 post_host(host, sizeof host, t->url));
	else
		snprintf(out, NOTIFY_NAME_MAX, "%s %s", notify_kind_names[t->kind], t->folder);
	n = strlen(out);
	if (t->place)
		snprintf(out + n, NOTIFY_NAME_MAX - n, " (%s)", t->place);
	return out;
}

static void texts_done(struct notify_texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->items[i]);
	free(t->items);
	*t = (struct notify_texts){0};
}

static void target_done(struct notify_target *t)
{
	char *texts[] = {t->url,  t->user, t->password, t->ca_file,
			 t->from, t->job,  t->folder,   t->place};

	for (size_t i = 0; i < BL_ARRAY_LEN(texts); i++)
		free(texts[i]);
	texts_done(&t->headers);
	texts_done(&t->to);
	texts_done(&t->group_names);
	texts_done(&t->group_values);
}

void notify_config_done(struct notify_config *c)
{
	for (size_t i = 0; i < c->n; i++)
		target_done(&c->targets[i]);
	free(c->targets);
	texts_done(&c->warnings);
	*c = (struct notify_config){0};
}

/* "127.evil.example.org" and "localhost.example.org" are hosts of others. */
static bool is_loopback(const char *url)
{
	char host[96];
	size_t len;

	post_host(host, sizeof host, url);
	len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	host[len < sizeof host ? len : 0] = '\0';
	return (!strncmp(host, "127.", 4) && !host[strspn(host, "0123456789.")]) ||
	       !strcmp(host, "[::1]") || !strcasecmp(host, "localhost");
}

/* "//user:password@host": before the path, that may have an @ of its own. */
static bool has_userinfo(const char *url)
{
	const char *authority = strstr(url, "//");

	return authority && memchr(authority + 2, '@', strcspn(authority + 2, "/?#"));
}

/* The first header whose value lets in whoever has it: RFC 9110, 11.6.2; RFC 6265; and what
 * services call theirs, "X-Api-Key". NULL: none. */
static const char *secret_header(const struct notify_texts *headers)
{
	static const char *const words[] = {"auth", "cookie", "token", "secret", "password", "key"};

	for (size_t i = 0; i < headers->n; i++) {
		const char *value = strchr(headers->items[i], ':');

		for (size_t k = 0; k < BL_ARRAY_LEN(words); k++) {
			const char *at = strcasestr(headers->items[i], words[k]);

			if (at && at < value)
				return headers->items[i];
		}
	}
	return NULL;
}

#define IN_THE_CLEAR                                                                               \
	"would go to '%s' over the network in the clear; it is sent by https://, and by http:// "  \
	"to "                                                                                      \
	"this host itself (127.0.0.1, [::1], localhost); say https:// in the URL"

/* Nobody on the way may read what opens a door. The path of a chat's URL does, too, but is not
 * known from any other path. */
static int check_http(struct config_reader *r, const struct notify_target *t, struct text_pos at)
{
	const char *header = secret_header(&t->headers);
	char host[96], q[QUOTE_MAX];

	if (strncasecmp(t->url, "http:", 5) != 0 || is_loopback(t->url))
		return 0;
	text_quote(q, post_host(host, sizeof host, t->url));
	if (t->password || has_userinfo(t->url))
		return config_fail(r, at, "user", "the password " IN_THE_CLEAR, q);
	if (header)
		return config_fail(r, at, "headers", "'%.*s' " IN_THE_CLEAR,
				   (int)strcspn(header, ":"), header, q);
	return 0;
}

static int check_mail(struct config_reader *r, const struct notify_target *t, struct text_pos at)
{
	bool is_encrypted = t->is_starttls || !strncasecmp(t->url, "smtps:", 6);

	if ((t->user || has_userinfo(t->url)) && !is_encrypted && !is_loopback(t->url))
		return config_fail(r, at, "user",
				   "the password would go over the network in the clear; say "
				   "'starttls: yes', or smtps:// in 'smtp'");
	return 0;
}

/* What no single key can see. */
static int check_target(struct config_reader *r, const struct notify_target *t, struct text_pos at)
{
	if (t->url &&
	    post_check_url(t->kind == NOTIFY_MAIL ? POST_MAIL : POST_HTTP, t->url, r->err))
		return text_pos_note(r->err, -EINVAL, r->path, at);
	if (!t->user != !t->password)
		return config_fail(r, at, t->user ? "user" : "password",
				   "is said without the other; both are needed: 'user', and "
				   "'password_file' or 'password_env'");
	if (!t->url)
		return 0;
	return t->kind == NOTIFY_MAIL ? check_mail(r, t, at) : check_http(r, t, at);
}

static int read_target(struct config_reader *r, const struct ynode *node)
{
	const char *name = strrchr(r->path, '/');
	struct notify_target *all, *t;
	size_t kind = 0;
	int code;

	if (node->kind != YNODE_MAPPING || node->n != 1)
		return config_fail(
			r, node->at, "targets",
			"an entry is one target, 'webhook: {...}'; one of webhook, mail, "
			"pushgateway, textfile, junit is accepted");
	while (kind < NOTIFY_KINDS && strcmp(notify_kind_names[kind], node->keys[0]->text) != 0)
		kind++;
	if (kind == NOTIFY_KINDS) {
		struct hint hint = hint_for(node->keys[0]->text, notify_kind_names,
					    sizeof notify_kind_names[0], NOTIFY_KINDS);
		char q[QUOTE_MAX];

		return config_fail(r, node->keys[0]->at, text_quote(q, node->keys[0]->text),
				   "is no kind of target; %sone of webhook, mail, pushgateway, "
				   "textfile, junit is accepted",
				   hint.text);
	}
	all = reallocarray(r->config->targets, r->config->n + 1, sizeof *all);
	if (!all)
		return bl_fail(r->err, -ENOMEM, "out of memory");
	r->config->targets = all;
	t = &all[r->config->n++];
	*t = (struct notify_target){
		.kind = (enum notify_kind)kind,
		.place = bl_strf("%s:%zu", name ? name + 1 : r->path, (size_t)node->at.line)};
	code = config_target(r, t, node->items[0]);
	return code < 0 ? code : check_target(r, t, node->at);
}

static int read_targets(struct config_reader *r, const struct ynode *node)
{
	if (node->kind != YNODE_SEQUENCE || node->n == 0)
		return config_fail(r, node->at, "targets",
				   "is %s; a list of targets is accepted, each '- webhook: {...}'",
				   node->kind == YNODE_SEQUENCE ? "empty" : ynode_kind_text(node));
	for (size_t i = 0; i < node->n; i++) {
		int code = read_target(r, node->items[i]);

		if (code < 0)
			return code;
	}
	return 0;
}

static int read_budget(struct config_reader *r, const struct ynode *node)
{
	uint64_t ns = 0;
	char q[QUOTE_MAX];

	if (node->kind != YNODE_SCALAR || bl_parse_time(node->text, &ns, NULL) < 0 ||
	    ns < NS_PER_S || ns > 3600 * NS_PER_S)
		return config_fail(r, node->at, "budget",
				   "'%s' is not a time from 1s to 1h, for all targets together",
				   node->text ? text_quote(q, node->text) : ynode_kind_text(node));
	r->config->budget_ns = ns;
	return 0;
}

static int read_root(struct config_reader *r, const struct ynode *root)
{
	bool has_targets = false;
	int code = 0;

	if (root->kind != YNODE_MAPPING)
		return config_fail(r, root->at, "file",
				   "is %s; 'budget' and 'targets' are accepted",
				   ynode_kind_text(root));
	for (size_t i = 0; i < root->n && code == 0; i++) {
		const struct ynode *key = root->keys[i];
		char q[QUOTE_MAX];

		if (!strcmp(key->text, "budget")) {
			code = read_budget(r, root->items[i]);
		} else if (!strcmp(key->text, "targets")) {
			code = read_targets(r, root->items[i]);
			has_targets = true;
		} else {
			code = config_fail(r, key->at, text_quote(q, key->text),
					   "is not a key of this file; one of budget, targets is "
					   "accepted");
		}
	}
	if (code == 0 && !has_targets)
		return config_fail(r, root->at, "targets",
				   "is missing; a list of targets is accepted, each "
				   "'- webhook: {...}'");
	return code;
}

static void config_donep(struct notify_config *c)
{
	notify_config_done(c);
}

int notify_config_read(const char *path, struct notify_config *ret, struct bl_err *err)
{
	BL_CLEANUP(config_donep) struct notify_config c = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(ytree_freep) struct ynode *root = NULL;
	struct config_reader r = {.path = path, .config = &c, .err = err};
	int code = bl_read_file(path, CONFIG_BYTES_MAX, &text, err);

	if (code == 0)
		code = ytree_parse(bl_buf_str(&text), text.len, path, &root, err);
	if (code == 0)
		code = read_root(&r, root);
	if (code == 0 && r.has_secret)
		code = config_guard(&r, path);
	if (code < 0)
		return code;
	*ret = c;
	c = (struct notify_config){0};
	return 0;
}
