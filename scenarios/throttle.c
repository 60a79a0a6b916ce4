#include "throttle.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

#define IOPS_MAX  UINT64_C(1000000000)
#define BYTES_MIN KiB
#define BYTES_MAX (1024 * GiB)

bool throttle_is_on(const struct throttle *t)
{
	return t->iops || t->bytes_s;
}

/* What of @text is before @unit at its end, into @out; false: it ends otherwise. */
static bool number_before(const char *text, const char *unit, char *out, size_t len)
{
	size_t n = strlen(text), u = strlen(unit);

	if (n <= u || n - u >= len || strcmp(text + n - u, unit) != 0)
		return false;
	memcpy(out, text, n - u);
	out[n - u] = '\0';
	return true;
}

int throttle_parse(const char *text, struct throttle *ret, struct bl_err *err)
{
	struct throttle t = {0};
	char number[64];
	bool is_good = strcmp(text, "off") == 0;

	if (number_before(text, "iops", number, sizeof number))
		is_good = bl_parse_u64(number, 1, IOPS_MAX, &t.iops, NULL) == 0;
	else if (number_before(text, "/s", number, sizeof number))
		is_good = bl_parse_size(number, &t.bytes_s, NULL) == 0 && t.bytes_s >= BYTES_MIN &&
			  t.bytes_s <= BYTES_MAX;
	if (!is_good)
		return bl_fail(err, -EINVAL, "'%.*s' is not a limit; " THROTTLE_ACCEPTS,
			       (int)strnlen(text, 60), text);
	*ret = t;
	return 0;
}

void throttle_to_text(const struct throttle *t, struct bl_buf *out)
{
	unsigned long long bytes = t->bytes_s;

	if (t->iops)
		bl_buf_addf(out, "%lluiops", (unsigned long long)t->iops);
	else if (bytes && bytes % MiB == 0)
		bl_buf_addf(out, "%lluMiB/s", bytes / MiB);
	else if (bytes && bytes % KiB == 0)
		bl_buf_addf(out, "%lluKiB/s", bytes / KiB);
	else if (bytes)
		bl_buf_addf(out, "%llu/s", bytes);
	else
		bl_buf_adds(out, "off");
}
