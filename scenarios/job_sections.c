#include "job_sections.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more of @n items; sizes double. */
static void *grow(void *items, size_t n, size_t size)
{
	return n & (n - 1) ? items : reallocarray(items, n ? 2 * n : 1, size);
}

int sections_open(struct sections *s, const char *name, bool is_command, const char *where,
		  struct bl_err *err)
{
	struct section made = {
		.is_global = !strncmp(name, "global", 6),
		.is_command = is_command,
		.file = is_command ? 0 : s->n_files,
	};
	struct section *items;

	if (s->n >= SECTIONS_MAX)
		return bl_fail(err, -E2BIG, "more than %d sections", SECTIONS_MAX);
	items = grow(s->items, s->n, sizeof(*items));
	if (!items)
		return bl_fail(err, -ENOMEM, "out of memory");
	s->items = items;
	made.name = strdup(name);
	made.where = strdup(where);
	s->items[s->n++] = made;
	return made.name && made.where ? 0 : bl_fail(err, -ENOMEM, "out of memory");
}

int sections_add(struct sections *s, const char *option, const char *value, const char *where,
		 struct bl_err *err)
{
	struct section_option *options, made = {0};
	struct section *last;

	assert(s->n > 0);
	last = &s->items[s->n - 1];
	if (last->n >= SECTION_OPTIONS_MAX)
		return bl_fail(err, -E2BIG, "[%s] has more than %d options", last->name,
			       SECTION_OPTIONS_MAX);
	options = grow(last->options, last->n, sizeof(*options));
	if (!options)
		return bl_fail(err, -ENOMEM, "out of memory");
	last->options = options;
	made.name = strdup(option);
	made.value = value ? strdup(value) : NULL;
	made.where = strdup(where);
	last->options[last->n++] = made;
	if (!made.name || !made.where || (value && !made.value))
		return bl_fail(err, -ENOMEM, "out of memory");
	return 0;
}

void sections_done(struct sections *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct section *one = &s->items[i];

		for (size_t k = 0; k < one->n; k++) {
			free(one->options[k].name);
			free(one->options[k].value);
			free(one->options[k].where);
		}
		free(one->options);
		free(one->name);
		free(one->where);
	}
	free(s->items);
	*s = (struct sections){0};
}
