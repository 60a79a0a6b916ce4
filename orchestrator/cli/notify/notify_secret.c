/* notify_secret.c - secrets of a notify file: from files and from the environment. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "fs.h"
#define NOTIFY_CONFIG_INTERNAL
#include "notify_config_priv.h"

#define SECRET_BYTES_MAX 4096

int config_fail(struct config_reader *r, struct text_pos at, const char *what, const char *fmt, ...)
{
	char text[BL_ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return text_pos_fail(r->err, -EINVAL, r->path, at, "%s: %s", what, text);
}

int config_no_memory(struct config_reader *r)
{
	return bl_fail(r->err, -ENOMEM, "out of memory while reading '%s'", r->path);
}

int config_add_text(struct config_reader *r, struct notify_texts *to, char *text)
{
	char **items = text ? reallocarray(to->items, to->n + 1, sizeof *items) : NULL;

	if (!items) {
		free(text);
		return config_no_memory(r);
	}
	to->items = items;
	items[to->n++] = text;
	return 0;
}

/* --- secrets --- */

int config_guard(struct config_reader *r, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 077))
		return 0;
	return config_add_text(r, &r->config->warnings,
			       bl_strf("'%s' holds a secret and can be read by others (mode %04o): "
				       "chmod 600 it",
				       path, st.st_mode & 07777u));
}

char *config_resolve(const struct config_reader *r, const char *name)
{
	const char *slash = strrchr(r->path, '/');

	if (name[0] == '/' || !slash)
		return strdup(name);
	return bl_strf("%.*s/%s", (int)(slash - r->path), r->path, name);
}

/* What a secret may be: one line, which is not empty. @from is what it came from. */
static int take_secret(struct config_reader *r, const char *key, struct text_pos at,
		       const char *from, char *text, char **ret)
{
	size_t len = strlen(text);

	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		text[--len] = '\0';
	if (len == 0 || strpbrk(text, "\r\n"))
		return config_fail(r, at, key, "%s %s; one line is accepted", from,
				   len ? "has several lines" : "is empty");
	free(*ret);
	*ret = strdup(text);
	return *ret ? 0 : config_no_memory(r);
}

int config_secret_of_file(struct config_reader *r, const char *key, const struct ynode *node,
			  char **ret)
{
	BL_CLEANUP(bl_freep) char *path = config_resolve(r, node->text), *from = NULL;
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	int code;

	if (!path)
		return config_no_memory(r);
	code = bl_read_file(path, SECRET_BYTES_MAX, &text, r->err);
	if (code < 0) {
		bl_wrap(r->err, code, "%s", key);
		return text_pos_note(r->err, code, r->path, node->at);
	}
	bl_buf_addc(&text, '\n');
	from = bl_strf("'%s'", path);
	if (bl_buf_failed(&text) || !from)
		return config_no_memory(r);
	code = config_guard(r, path);
	return code < 0 ? code : take_secret(r, key, node->at, from, text.data, ret);
}

int config_secret_of_environment(struct config_reader *r, const char *key, const struct ynode *node,
				 char **ret)
{
	const char *value = getenv(node->text);
	BL_CLEANUP(bl_freep) char *copy = strdup(value ? value : "");
	BL_CLEANUP(bl_freep) char *from = NULL;
	char q[QUOTE_MAX];

	text_quote(q, node->text);
	if (!value)
		return config_fail(r, node->at, key,
				   "there is no environment variable '%s'; set it, or name a file "
				   "by the key that ends in _file",
				   q);
	from = bl_strf("environment variable '%s'", q);
	if (!copy || !from)
		return config_no_memory(r);
	return take_secret(r, key, node->at, from, copy, ret);
}
