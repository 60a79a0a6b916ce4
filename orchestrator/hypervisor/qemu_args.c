#include "qemu_args.h"

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "units.h"

#define CMDLINE_MAX (4 * MiB)

/* Up to the next single comma, ",," being one of the text; *p moves behind it. new. */
static char *next_part(const char **p)
{
	struct bl_buf b = BL_BUF_INIT;
	const char *s = *p;

	for (; *s; s++) {
		if (*s == ',' && s[1] != ',')
			break;
		if (*s == ',')
			s++;
		bl_buf_addc(&b, *s);
	}
	*p = *s == ',' ? s + 1 : s;
	return bl_buf_take(&b);
}

static json_t *key_values(const char *text)
{
	json_t *props = json_object();
	bool is_first = true;

	while (*text) {
		BL_CLEANUP(bl_freep) char *part = next_part(&text);
		char *equals = part ? strchr(part, '=') : NULL;

		if (equals) {
			*equals = '\0';
			json_object_set_new(props, part, json_string(equals + 1));
		} else if (part && is_first) {
			json_object_set_new(props, "driver", json_string(part));
		}
		is_first = false;
	}
	return props;
}

static void add(json_t *args, const char *option, const char *value)
{
	json_t *one = json_pack("{s:s, s:s?}", "option", option, "value", value), *props;

	if (!one) /* not UTF-8 */
		return;
	props = *value == '{' ? json_loads(value, 0, NULL) : key_values(value);
	if (json_is_object(props))
		json_object_set(one, "props", props);
	json_decref(props);
	json_array_append_new(args, one);
}

json_t *qemu_args_read(const char *proc_dir)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/cmdline", proc_dir);
	const char *option = NULL, *end;
	json_t *args;

	if (!path || bl_read_file(path, CMDLINE_MAX, &b, NULL) < 0 || !b.len)
		return NULL;
	args = json_array();
	end = b.data + b.len;
	for (const char *p = b.data; p < end; p += strlen(p) + 1) {
		if (*p == '-') {
			option = p + 1 + (p[1] == '-');
			continue;
		}
		if (option)
			add(args, option, p);
		option = NULL;
	}
	return args;
}

const char *qemu_args_text(const json_t *props, const char *key)
{
	const char *flat = json_string_value(json_object_get(props, key)), *dot;
	BL_CLEANUP(bl_freep) char *head = NULL;

	if (flat)
		return flat;
	dot = strchr(key, '.');
	head = dot ? strndup(key, (size_t)(dot - key)) : NULL;
	return head ? qemu_args_text(json_object_get(props, head), dot + 1) : NULL;
}

const json_t *qemu_args_find(const json_t *args, const char *option, const char *key,
			     const char *value)
{
	const json_t *one;
	size_t i;

	json_array_foreach (args, i, one) {
		const json_t *props = json_object_get(one, "props");
		const char *is = qemu_args_text(props, key);

		if (is && !strcmp(is, value) &&
		    !strcmp(json_string_value(json_object_get(one, "option")), option))
			return props;
	}
	return NULL;
}

const char *qemu_args_value(const json_t *args, const char *option)
{
	const char *found = NULL;
	const json_t *one;
	size_t i;

	json_array_foreach (args, i, one) {
		if (!strcmp(json_string_value(json_object_get(one, "option")), option))
			found = json_string_value(json_object_get(one, "value"));
	}
	return found;
}
