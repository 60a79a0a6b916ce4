#include "key_tree.h"

#include <stdio.h>
#include <string.h>

static const char *type_name(const json_t *v)
{
	static const char *const names[] = {"object", "array", "string", "integer",
					    "real",   "true",  "false",  "null"};

	return names[json_typeof(v)];
}

void key_tree_missing(json_t *want, const json_t *have, const char *path, struct bl_buf *out)
{
	const char *key;
	json_t *value;

	json_object_foreach (want, key, value) {
		const json_t *other = json_object_get(have, key);
		char sub[256];

		snprintf(sub, sizeof(sub), "%s/%s", path, key);
		if (!other)
			bl_buf_addf(out, "%s is missing\n", sub);
		else if (json_typeof(value) != json_typeof(other))
			bl_buf_addf(out, "%s is %s, in fio %s\n", sub, type_name(other),
				    type_name(value));
		else if (json_is_object(value) && strcmp(key, "bins") && strcmp(key, "job options"))
			key_tree_missing(value, other, sub, out);
	}
}
