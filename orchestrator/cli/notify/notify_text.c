#include "notify_text.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

#include "base64.h"
#include "cleanup.h"
#include "fmt.h"

/* Slack takes <...> for links and mentions and has these three escapes; Mattermost shows them as
 * the characters they are. "@channel" works in the headline of the latter. */
static void add_escaped(struct bl_buf *out, const char *s, size_t len, bool is_code)
{
	for (size_t i = 0; i < len; i++) {
		switch (s[i]) {
		case '&':
			bl_buf_adds(out, "&amp;");
			break;
		case '<':
			bl_buf_adds(out, "&lt;");
			break;
		case '>':
			bl_buf_adds(out, "&gt;");
			break;
		case '`': /* three of them would end the block */
			bl_buf_addc(out, '\'');
			break;
		case '@':
			bl_buf_adds(out, is_code ? "@" : "(at)");
			break;
		default:
			bl_buf_addc(out, s[i]);
		}
	}
}

void notify_chat(const char *text, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *dumped = NULL;
	size_t headline = strcspn(text, "\n");
	json_t *o;

	add_escaped(&said, text, headline, false);
	bl_buf_adds(&said, "\n```");
	add_escaped(&said, text + headline, strlen(text + headline), true);
	bl_buf_adds(&said, "```");
	o = bl_buf_failed(&said) ? NULL : json_pack("{s:s}", "text", bl_buf_str(&said));
	dumped = o ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	if (dumped)
		bl_buf_adds(out, dumped);
	else
		out->failed = true;
}

static bool is_plain(const char *s)
{
	if (!s[0] || !strcmp(s, ".") || !strcmp(s, ".."))
		return false;
	for (; *s; s++) {
		if (!isalnum((unsigned char)*s) && !strchr("-._", *s))
			return false;
	}
	return true;
}

/* "/instance/host1", or "/scenario@base64/YSBi"; "=" is the empty value (Pushgateway's README). */
static void add_label(struct bl_buf *url, const char *name, const char *value)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf coded = BL_BUF_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf clean = BL_BUF_INIT;

	if (is_plain(value)) {
		bl_buf_addf(url, "/%s/%s", name, value);
		return;
	}
	fmt_clean(&clean, value, 0); /* as in the metrics, whose labels it replaces */
	base64_encode(fmt_part(&coded, &clean), clean.len, &coded);
	for (size_t i = 0; i < coded.len; i++) { /* the alphabet for URLs */
		if (coded.data[i] == '+' || coded.data[i] == '/')
			coded.data[i] = coded.data[i] == '+' ? '-' : '_';
	}
	url->failed |= coded.failed;
	bl_buf_addf(url, "/%s@base64/%s", name, coded.len ? bl_buf_str(&coded) : "=");
}

static bool has_label(const struct notify_target *t, const char *name)
{
	for (size_t i = 0; i < t->group_names.n; i++) {
		if (!strcmp(t->group_names.items[i], name))
			return true;
	}
	return false;
}

char *notify_group_url(const struct notify_target *t, const struct night *n)
{
	struct bl_buf url = BL_BUF_INIT;
	size_t len = strlen(t->url);

	while (len && t->url[len - 1] == '/')
		len--;
	bl_buf_addf(&url, "%.*s/metrics", (int)len, t->url);
	add_label(&url, "job", t->job ? t->job : "blklab");
	if (!has_label(t, "instance"))
		add_label(&url, "instance", n->host_name);
	if (!has_label(t, "scenario"))
		add_label(&url, "scenario", n->scenario);
	for (size_t i = 0; i < t->group_names.n; i++)
		add_label(&url, t->group_names.items[i], t->group_values.items[i]);
	return bl_buf_take(&url);
}

static size_t add_names(const struct notify_config *c, const struct notify_outcome *outcomes,
			bool is_left_out, struct bl_buf *out)
{
	char name[NOTIFY_NAME_MAX];
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct notify_outcome *o = &outcomes[i];

		if (is_left_out ? !o->is_left_out : o->is_left_out || !o->is_sent)
			continue;
		bl_buf_adds(out, n++ ? ", " : "");
		fmt_clean(out, notify_name(name, &c->targets[i]), 0);
	}
	return n;
}

void notify_told(const struct notify_config *c, const struct notify_outcome *outcomes,
		 const char *night_outcome, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf others = BL_BUF_INIT;

	bl_buf_adds(out, "told: ");
	if (!add_names(c, outcomes, false, out))
		bl_buf_adds(out, "nobody");
	if (add_names(c, outcomes, true, &others))
		bl_buf_addf(out, "; does not ask for '%s': %s", night_outcome, bl_buf_str(&others));
	out->failed |= bl_buf_failed(&others);
}
