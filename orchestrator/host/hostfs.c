#include "hostfs.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"

int text_field(const char *text, const char *key, char *out, size_t len)
{
	size_t klen = strlen(key), vlen;
	const char *line = text, *s;

	out[0] = '\0';
	while (line && *line) {
		s = line + klen;
		if (strncmp(line, key, klen) == 0 && s[strspn(s, " \t")] == ':') {
			s += strspn(s, " \t") + 1;
			s += strspn(s, " \t");
			vlen = strcspn(s, "\n");
			snprintf(out, len, "%.*s", (int)vlen, s);
			return 0;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return -ENOENT;
}

void bracketed(const char *line, char *out, size_t len)
{
	const char *open = strchr(line, '['), *close = open ? strchr(open, ']') : NULL;

	if (close)
		snprintf(out, len, "%.*s", (int)(close - open - 1), open + 1);
	else
		snprintf(out, len, "%s", line);
}

int host_meminfo(const struct doctor_options *opt, const char *key, uint64_t *ret_bytes)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	char value[64], *end;
	unsigned long long kib;
	int r = host_file(opt, &text, "/proc/meminfo");

	if (r == 0)
		r = text_field(bl_buf_str(&text), key, value, sizeof value);
	if (r < 0)
		return r;
	kib = strtoull(value, &end, 10);
	if (end == value)
		return -EINVAL;
	*ret_bytes = kib * 1024;
	return 0;
}

struct cpu_scan {
	const struct doctor_options *opt;
	const char *suffix;
	struct {
		char value[64];
		unsigned count;
	} kinds[8];
	unsigned n_kinds;
};

static void scan_cpu(void *ctx, const char *name)
{
	struct cpu_scan *s = ctx;
	char value[64];
	unsigned i;

	if (strncmp(name, "cpu", 3) != 0 || !isdigit((unsigned char)name[3]))
		return;
	if (host_line(s->opt, value, sizeof value, "/sys/devices/system/cpu/%s/%s", name,
		      s->suffix) < 0)
		return;
	for (i = 0; i < s->n_kinds; i++)
		if (strcmp(s->kinds[i].value, value) == 0)
			break;
	if (i == BL_ARRAY_LEN(s->kinds))
		return;
	if (i == s->n_kinds) {
		snprintf(s->kinds[i].value, sizeof s->kinds[i].value, "%s", value);
		s->n_kinds++;
	}
	s->kinds[i].count++;
}

int host_cpu_values(const struct doctor_options *opt, const char *suffix, char *out, size_t len,
		    unsigned *ret_kinds)
{
	struct cpu_scan s = {.opt = opt, .suffix = suffix};
	size_t at = 0;
	int r = host_names(opt, "/sys/devices/system/cpu", scan_cpu, &s);

	out[0] = '\0';
	*ret_kinds = s.n_kinds;
	if (r < 0 || s.n_kinds == 0)
		return r < 0 ? r : -ENOENT;
	if (s.n_kinds == 1)
		snprintf(out, len, "%s", s.kinds[0].value);
	for (unsigned i = 0; s.n_kinds > 1 && i < s.n_kinds && at < len; i++)
		at += (size_t)snprintf(out + at, len - at, "%s%s on %u", i ? ", " : "",
				       s.kinds[i].value, s.kinds[i].count);
	return 0;
}

bool cpu_range_next(const char **list, long *ret_from, long *ret_to)
{
	char *end;

	if (!isdigit((unsigned char)**list))
		return false;
	*ret_from = strtol(*list, &end, 10);
	*ret_to = *end == '-' ? strtol(end + 1, &end, 10) : *ret_from;
	*list = end + (*end == ',');
	return true;
}

unsigned host_cpus_online(const struct doctor_options *opt)
{
	const char *list;
	char line[256];
	unsigned n = 0;
	long from, to;

	if (host_line(opt, line, sizeof line, "/sys/devices/system/cpu/online") < 0)
		return 0;
	for (list = line; cpu_range_next(&list, &from, &to);)
		n += (unsigned)(to - from + 1);
	return n;
}
