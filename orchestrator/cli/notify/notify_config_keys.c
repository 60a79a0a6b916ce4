/* notify_config_keys.c - the keys that targets have: a row each. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#define NOTIFY_CONFIG_INTERNAL
#include "notify_config_priv.h"

#define WEBHOOK  (1u << NOTIFY_WEBHOOK)
#define MAIL     (1u << NOTIFY_MAIL)
#define GATEWAY  (1u << NOTIFY_PUSHGATEWAY)
#define TEXTFILE (1u << NOTIFY_TEXTFILE)
#define JUNIT    (1u << NOTIFY_JUNIT)
#define HTTP     (WEBHOOK | GATEWAY)
#define NETWORK  (HTTP | MAIL)

/* --- kinds of values --- */

struct key_row;
typedef int (*key_fn)(struct config_reader *r, const struct key_row *row, struct notify_target *t,
		      const struct ynode *node);
struct key_row {
	const char *name;
	unsigned kinds, needed; /* of targets */
	key_fn read;
	size_t at; /* of the field in struct notify_target */
	const char *accepts;
};

static void *field(const struct key_row *row, struct notify_target *t)
{
	return (char *)t + row->at;
}

/* NULL, with the reason: not one value, or it would break a line of a protocol. */
static const char *scalar(struct config_reader *r, const struct key_row *row,
			  const struct ynode *node)
{
	if (node->kind != YNODE_SCALAR || !node->text[0]) {
		config_fail(r, node->at, row->name, "%s; accepted: %s",
			    node->kind == YNODE_SCALAR ? "has no value" : "is not one value",
			    row->accepts);
		return NULL;
	}
	for (const char *s = node->text; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f) {
			config_fail(r, node->at, row->name,
				    "has a control character in it; accepted: %s", row->accepts);
			return NULL;
		}
	}
	return node->text;
}

static int read_text(struct config_reader *r, const struct key_row *row, struct notify_target *t,
		     const struct ynode *node)
{
	char **to = field(row, t);

	if (!scalar(r, row, node))
		return -EINVAL;
	free(*to);
	*to = strdup(node->text);
	return *to ? 0 : config_no_memory(r);
}

/* An URL may have "user:password@" in it. */
static int read_url(struct config_reader *r, const struct key_row *row, struct notify_target *t,
		    const struct ynode *node)
{
	int code = read_text(r, row, t, node);

	if (code == 0 && strchr(node->text, '@'))
		r->has_secret = true;
	return code;
}

static int read_path(struct config_reader *r, const struct key_row *row, struct notify_target *t,
		     const struct ynode *node)
{
	char **to = field(row, t);

	if (!scalar(r, row, node))
		return -EINVAL;
	free(*to);
	*to = config_resolve(r, node->text);
	return *to ? 0 : config_no_memory(r);
}

static int read_file(struct config_reader *r, const struct key_row *row, struct notify_target *t,
		     const struct ynode *node)
{
	return scalar(r, row, node) ? config_secret_of_file(r, row->name, node, field(row, t))
				    : -EINVAL;
}

static int read_environment(struct config_reader *r, const struct key_row *row,
			    struct notify_target *t, const struct ynode *node)
{
	return scalar(r, row, node)
		       ? config_secret_of_environment(r, row->name, node, field(row, t))
		       : -EINVAL;
}

static int read_yes_no(struct config_reader *r, const struct key_row *row, struct notify_target *t,
		       const struct ynode *node)
{
	const char *text = scalar(r, row, node);
	char q[QUOTE_MAX];

	if (!text)
		return -EINVAL;
	if (strcmp(text, "yes") && strcmp(text, "no") && strcmp(text, "true") &&
	    strcmp(text, "false"))
		return config_fail(r, node->at, row->name, "'%s' is neither yes nor no",
				   text_quote(q, text));
	*(bool *)field(row, t) = text[0] == 'y' || text[0] == 't';
	return 0;
}

static int read_format(struct config_reader *r, const struct key_row *row, struct notify_target *t,
		       const struct ynode *node)
{
	const char *text = scalar(r, row, node);
	char q[QUOTE_MAX];

	if (!text)
		return -EINVAL;
	if (strcmp(text, "json") && strcmp(text, "text"))
		return config_fail(r, node->at, row->name, "'%s' is not accepted; %s",
				   text_quote(q, text), row->accepts);
	*(bool *)field(row, t) = text[0] == 't';
	return 0;
}

/* An address as it goes behind RCPT TO, so without a name and angle brackets. */
static int check_address(struct config_reader *r, const char *key, const struct ynode *node)
{
	const char *at = node->kind == YNODE_SCALAR ? strchr(node->text, '@') : NULL;
	char q[QUOTE_MAX];

	if (at && at != node->text && at[1] && !strpbrk(node->text, " \t\r\n<>,;:\"()[]\\"))
		return 0;
	return config_fail(r, node->at, key, "'%s' is not a plain address, 'name@example.org'",
			   node->text ? text_quote(q, node->text) : ynode_kind_text(node));
}

static int read_from(struct config_reader *r, const struct key_row *row, struct notify_target *t,
		     const struct ynode *node)
{
	int code = check_address(r, row->name, node);

	return code < 0 ? code : read_text(r, row, t, node);
}

/* One item, or a list of them. */
static const struct ynode *item_of(const struct ynode *node, size_t i)
{
	return node->kind == YNODE_SEQUENCE ? node->items[i] : node;
}

static size_t items_of(const struct ynode *node)
{
	return node->kind == YNODE_SEQUENCE ? node->n : 1;
}

static int read_to(struct config_reader *r, const struct key_row *row, struct notify_target *t,
		   const struct ynode *node)
{
	int code = 0;

	if (items_of(node) == 0)
		return config_fail(r, node->at, row->name, "is empty; accepted: %s", row->accepts);
	for (size_t i = 0; i < items_of(node) && code == 0; i++) {
		const struct ynode *item = item_of(node, i);

		code = check_address(r, row->name, item);
		if (code == 0)
			code = config_add_text(r, field(row, t), strdup(item->text));
	}
	return code;
}

static int read_on(struct config_reader *r, const struct key_row *row, struct notify_target *t,
		   const struct ynode *node)
{
	static const char *const names[] = {"ok",          "changed",      "worse",
					    "cannot-tell", "not-measured", "always"};

	t->on = 0;
	for (size_t i = 0; i < items_of(node); i++) {
		const struct ynode *item = item_of(node, i);
		const char *text = scalar(r, row, item);
		size_t k = 0;
		char q[QUOTE_MAX];

		if (!text)
			return -EINVAL;
		while (k < BL_ARRAY_LEN(names) && strcmp(names[k], text) != 0)
			k++;
		if (k == BL_ARRAY_LEN(names))
			return config_fail(
				r, item->at, row->name, "'%s' is not accepted; %s%s",
				text_quote(q, text),
				hint_for(text, names, sizeof names[0], BL_ARRAY_LEN(names)).text,
				row->accepts);
		t->on |= 1u << k;
	}
	return 0;
}

/* --- headers and grouping --- */

/* RFC 9110, 5.6.2 */
static bool is_token(const char *s)
{
	for (const char *c = s; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("!#$%&'*+-.^_`|~", *c))
			return false;
	}
	return s[0] != '\0';
}

/* The value of a header: text, or { file: F } or { env: V }. *ret is new. */
static int header_value(struct config_reader *r, const struct key_row *row,
			const struct ynode *node, char **ret)
{
	bool is_source = node->kind == YNODE_MAPPING && node->n == 1;
	const char *source = is_source ? node->keys[0]->text : "";

	*ret = NULL;
	if (is_source && !strcmp(source, "file") && scalar(r, row, node->items[0]))
		return config_secret_of_file(r, row->name, node->items[0], ret);
	if (is_source && !strcmp(source, "env") && scalar(r, row, node->items[0]))
		return config_secret_of_environment(r, row->name, node->items[0], ret);
	if (!scalar(r, row, node))
		return -EINVAL;
	r->has_secret = true;
	*ret = strdup(node->text);
	return *ret ? 0 : config_no_memory(r);
}

static int read_headers(struct config_reader *r, const struct key_row *row, struct notify_target *t,
			const struct ynode *node)
{
	int code = 0;

	if (node->kind != YNODE_MAPPING)
		return config_fail(r, node->at, row->name, "is %s; accepted: %s",
				   ynode_kind_text(node), row->accepts);
	for (size_t i = 0; i < node->n && code == 0; i++) {
		BL_CLEANUP(bl_freep) char *value = NULL;
		char q[QUOTE_MAX];

		if (!is_token(node->keys[i]->text))
			return config_fail(r, node->keys[i]->at, row->name,
					   "'%s' is no name of a header",
					   text_quote(q, node->keys[i]->text));
		code = header_value(r, row, node->items[i], &value);
		if (code == 0)
			code = config_add_text(r, &t->headers,
					       bl_strf("%s: %s", node->keys[i]->text, value));
	}
	return code;
}

static int read_grouping(struct config_reader *r, const struct key_row *row,
			 struct notify_target *t, const struct ynode *node)
{
	int code = 0;

	if (node->kind != YNODE_MAPPING)
		return config_fail(r, node->at, row->name, "is %s; accepted: %s",
				   ynode_kind_text(node), row->accepts);
	for (size_t i = 0; i < node->n && code == 0; i++) {
		const char *name = node->keys[i]->text;
		char q[QUOTE_MAX];

		if (!strcmp(name, "job") || !(isalpha((unsigned char)name[0]) || name[0] == '_') ||
		    name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_")])
			return config_fail(r, node->keys[i]->at, row->name,
					   "'%s' is not accepted as a label; letters, digits and _ "
					   "are, and 'job' is a key beside 'grouping'",
					   text_quote(q, name));
		if (!scalar(r, row, node->items[i]))
			return -EINVAL;
		code = config_add_text(r, &t->group_names, strdup(name));
		if (code == 0)
			code = config_add_text(r, &t->group_values, strdup(node->items[i]->text));
	}
	return code;
}

/* --- the table --- */

#define TO(f) offsetof(struct notify_target, f)

static const struct key_row rows[] = {
	{"url", HTTP, 0, read_url, TO(url), "http:// or https:// and a host"},
	{"url_file", HTTP, 0, read_file, TO(url), "a file whose one line is the URL"},
	{"url_env", HTTP, 0, read_environment, TO(url), "an environment variable with the URL"},
	{"smtp", MAIL, MAIL, read_url, TO(url), "smtp://HOST:PORT or smtps://HOST:PORT"},
	{"starttls", MAIL, 0, read_yes_no, TO(is_starttls), "yes or no"},
	{"user", NETWORK, 0, read_text, TO(user), "a name"},
	{"password_file", NETWORK, 0, read_file, TO(password), "a file whose one line it is"},
	{"password_env", NETWORK, 0, read_environment, TO(password), "an environment variable"},
	{"ca_file", NETWORK, 0, read_path, TO(ca_file), "a file with certificates to trust"},
	{"from", MAIL, MAIL, read_from, TO(from), "an address"},
	{"to", MAIL, MAIL, read_to, TO(to), "an address, or a list of them"},
	{"format", WEBHOOK, 0, read_format, TO(is_text),
	 "json (reports/nights/night.schema.json) or text (for Slack and Mattermost)"},
	{"headers", WEBHOOK, 0, read_headers, 0,
	 "'Name: value', where value is text, { file: FILE } or { env: VARIABLE }"},
	{"job", GATEWAY, 0, read_text, TO(job), "the group's job; blklab otherwise"},
	{"grouping", GATEWAY, 0, read_grouping, 0,
	 "'label: value'; instance and scenario are added unless they are there"},
	{"folder", TEXTFILE | JUNIT, TEXTFILE | JUNIT, read_path, TO(folder),
	 "the folder that the file goes to"},
	{"on", NETWORK | TEXTFILE | JUNIT, 0, read_on, 0,
	 "ok, changed, worse, cannot-tell, not-measured and always are, or a list of them"},
};

static int unknown_key(struct config_reader *r, enum notify_kind kind, const struct ynode *key)
{
	const char *names[BL_ARRAY_LEN(rows)];
	BL_CLEANUP(bl_buf_done) struct bl_buf known = BL_BUF_INIT;
	char q[QUOTE_MAX];
	size_t n = 0;

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		if (!(rows[i].kinds & 1u << kind))
			continue;
		bl_buf_addf(&known, "%s%s", n ? ", " : "", rows[i].name);
		names[n++] = rows[i].name;
	}
	return config_fail(r, key->at, text_quote(q, key->text),
			   "is not a key of %s; %sone of %s is accepted", notify_kind_names[kind],
			   hint_for(key->text, names, sizeof names[0], n).text, bl_buf_str(&known));
}

static const struct key_row *row_of(enum notify_kind kind, const char *name)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		if (rows[i].kinds & 1u << kind && !strcmp(rows[i].name, name))
			return &rows[i];
	}
	return NULL;
}

static bool has_key(const struct ynode *node, const char *name)
{
	for (size_t i = 0; i < node->n; i++) {
		if (!strcmp(node->keys[i]->text, name))
			return true;
	}
	return false;
}

static int check_needed(struct config_reader *r, const struct notify_target *t,
			const struct ynode *node)
{
	const char *name = notify_kind_names[t->kind];
	unsigned n_urls =
		has_key(node, "url") + has_key(node, "url_file") + has_key(node, "url_env");

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		if (rows[i].needed & 1u << t->kind && !has_key(node, rows[i].name))
			return config_fail(r, node->at, rows[i].name,
					   "is missing from %s; accepted: %s", name,
					   rows[i].accepts);
	}
	if (1u << t->kind & HTTP && n_urls != 1)
		return config_fail(r, node->at, name,
				   "has %u of url, url_file, url_env; one is accepted", n_urls);
	if (has_key(node, "password_file") && has_key(node, "password_env"))
		return config_fail(r, node->at, name,
				   "has password_file and password_env; one is accepted");
	return 0;
}

int config_target(struct config_reader *r, struct notify_target *t, const struct ynode *node)
{
	int code = 0;

	if (node->kind != YNODE_MAPPING)
		return config_fail(r, node->at, notify_kind_names[t->kind],
				   "is %s; a mapping is accepted, '{ key: value }'",
				   ynode_kind_text(node));
	/* All names first: a value may be missing because its key is misspelt. */
	for (size_t i = 0; i < node->n; i++) {
		if (!row_of(t->kind, node->keys[i]->text))
			return unknown_key(r, t->kind, node->keys[i]);
	}
	code = check_needed(r, t, node);
	/* People hear of what they would act on; programs keep the series. */
	t->on = 1u << t->kind & (WEBHOOK | MAIL) ? NOTIFY_CHANGED | NOTIFY_NOT_MEASURED
						 : NOTIFY_ALWAYS;
	for (size_t i = 0; i < node->n && code == 0; i++) {
		const struct key_row *row = row_of(t->kind, node->keys[i]->text);

		code = row->read(r, row, t, node->items[i]);
	}
	return code;
}
