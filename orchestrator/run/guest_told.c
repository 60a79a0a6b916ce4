#include "guest_told.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "cleanup.h"
#include "tame.h"

#define FACTS_MAX      64
#define FACT_VALUE_MAX 1024
#define IRQ_NAMES_MAX  2048  /* vectors that a PCI function can have (MSI-X table size) */
#define IRQ_COUNTS_MAX 16384 /* characters: some 1000 CPUs */
#define EVENTS_MAX     128

uint64_t told_number(const json_t *msg, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(msg, key));

	return v > 0 ? (uint64_t)v : 0;
}

void told_tame_here(char *text)
{
	bl_tame(text, SIZE_MAX, text, SIZE_MAX);
}

void told_text(const json_t *msg, const char *key, char *out, size_t len)
{
	bl_tame(out, len, json_string_value(json_object_get(msg, key)), SIZE_MAX);
}

const char *told_type(const json_t *msg, char out[33])
{
	told_text(msg, "type", out, 33);
	return out;
}

static int add_value(struct facts *out, const char *key, const json_t *v)
{
	char text[FACT_VALUE_MAX], name[64];

	bl_tame(name, sizeof name, key, SIZE_MAX);
	if (json_is_string(v)) {
		bl_tame(text, sizeof text, json_string_value(v), SIZE_MAX);
		return facts_add(out, name, text);
	}
	if (json_is_integer(v))
		return facts_addf(out, name, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	if (json_is_boolean(v))
		return facts_add(out, name, json_is_true(v) ? "yes" : "no");
	return 0;
}

int told_module_errors(struct facts *out, const json_t *list)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		char module[64], error[128];

		told_text(item, "module", module, sizeof module);
		told_text(item, "error", error, sizeof error);
		if (i < FACTS_MAX)
			bl_buf_addf(&b, "%s%s: %s", i ? "; " : "", module, error);
	}
	return b.len ? facts_add(out, "module_errors", bl_buf_str(&b)) : 0;
}

int told_facts(struct facts *out, const json_t *object, struct bl_err *err)
{
	size_t n = 0;

	for (void *it = json_object_iter((json_t *)(uintptr_t)object); it;
	     it = json_object_iter_next((json_t *)(uintptr_t)object, it)) {
		int r = strcmp(json_object_iter_key(it), "type") == 0
				? 0
				: add_value(out, json_object_iter_key(it),
					    json_object_iter_value(it));

		if (r < 0)
			return bl_fail(err, r, "out of memory");
		if (++n > FACTS_MAX)
			return bl_fail(err, -EBADMSG, "the guest told more than %d facts",
				       FACTS_MAX);
	}
	return 0;
}

/* "0:1234 3:55": a guest may say anything. */
static bool is_counts(const char *s)
{
	size_t n;

	do {
		n = strspn(s, "0123456789");
		if (!n || n > 10 || s[n] != ':')
			return false;
		s += n + 1;
		n = strspn(s, "0123456789");
		if (!n || n > 20)
			return false;
		s += n;
	} while (*s++ == ' ');
	return s[-1] == '\0';
}

int told_interrupts(const json_t *msg, struct facts *out, struct bl_err *err)
{
	json_t *object = json_object_get(msg, "interrupts"), *counts;
	const char *name;
	char tamed[64];

	if (json_object_size(object) > IRQ_NAMES_MAX)
		return bl_fail(err, -EBADMSG, "the guest told of %zu interrupts, more than %d",
			       json_object_size(object), IRQ_NAMES_MAX);
	json_object_foreach (object, name, counts) {
		if (json_string_length(counts) > IRQ_COUNTS_MAX || !json_is_string(counts) ||
		    strlen(json_string_value(counts)) != json_string_length(counts) ||
		    !is_counts(json_string_value(counts)))
			return bl_fail(
				err, -EBADMSG,
				"the guest's counts of an interrupt are not \"CPU:COUNT ...\" "
				"of at most %d characters",
				IRQ_COUNTS_MAX);
		bl_tame(tamed, sizeof tamed, name, SIZE_MAX);
		if (facts_add(out, tamed, json_string_value(counts)) < 0)
			return bl_fail(err, -ENOMEM, "out of memory");
	}
	return 0;
}

/* The bytes were checked by series_decode(): printable names without blanks, each once. What is
 * not in the catalogue is not what an agent sends. */
static bool is_guests_signal(const char *name)
{
	static const char *const groups[] = {"disk.", "irq.", "pressure.", "memory."};

	for (size_t i = 0; i < BL_ARRAY_LEN(groups); i++)
		if (!strncmp(name, groups[i], strlen(groups[i])))
			return name[strlen(groups[i])] != '\0';
	if (strncmp(name, "cpu", 3) != 0)
		return false;
	name += 3;
	return name[0] >= '0' && name[0] <= '9' && name[strspn(name, "0123456789")] == '.';
}

static int check_telemetry(const struct series_set *s, struct bl_err *err)
{
	for (size_t i = 0; i < s->n_series; i++)
		if (!is_guests_signal(s->items[i].name))
			return bl_fail(err, -EBADMSG,
				       "the guest's telemetry has a signal '%s'; cpuN.*, disk.*, "
				       "irq.*, pressure.* and memory.* are a guest's",
				       s->items[i].name);
	/* They ascend; a clock of 292 years can be shifted without a wrap. */
	if (s->n && s->at_ns[s->n - 1] > INT64_MAX / 2)
		return bl_fail(err, -EBADMSG, "the guest's telemetry has a moment at %llu ns",
			       (unsigned long long)s->at_ns[s->n - 1]);
	return 0;
}

int told_telemetry(const json_t *msg, struct series_set *ret, struct bl_err *err)
{
	const json_t *text = json_object_get(msg, "telemetry");
	BL_CLEANUP(bl_buf_done) struct bl_buf bytes = BL_BUF_INIT;
	BL_CLEANUP(series_done) struct series_set set = {0};
	int r = 0;

	if (!text)
		return 0;
	if (!json_is_string(text))
		return bl_fail(err, -EBADMSG, "the guest's telemetry is no text");
	r = base64_decode(json_string_value(text), json_string_length(text), &bytes, err);
	if (r == 0 && bl_buf_failed(&bytes))
		r = bl_fail(err, -ENOMEM, "out of memory");
	if (r == 0)
		r = series_decode(bytes.data, bytes.len, &set, err);
	if (r == 0)
		r = check_telemetry(&set, err);
	if (r < 0)
		return bl_wrap(err, r, "telemetry from the guest");
	*ret = set;
	set = (struct series_set){0};
	return 0;
}

int told_events(const json_t *msg, struct facts *out, struct bl_err *err)
{
	const json_t *list = json_object_get(msg, "events");
	char key[24], text[FACT_VALUE_MAX];

	if (json_array_size(list) > EVENTS_MAX)
		return bl_fail(err, -EBADMSG, "the guest told of %zu events, more than %d",
			       json_array_size(list), EVENTS_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		snprintf(key, sizeof key, "%zu", i);
		bl_tame(text, sizeof text, json_string_value(json_array_get(list, i)), SIZE_MAX);
		if (facts_add(out, key, text) < 0)
			return bl_fail(err, -ENOMEM, "out of memory");
	}
	return 0;
}
