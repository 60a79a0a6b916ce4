/* job_expand.c - ${VAR}, and numbers of this machine to calculate with. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "jobfile.h"
#include "units.h"

#define DEPTH_MAX 32 /* of parentheses */

static void add_environment(const char *text, struct bl_buf *out)
{
	const char *end;

	for (const char *s = text; *s; s++) {
		end = s[0] == '$' && s[1] == '{' ? strchr(s, '}') : NULL;
		if (!end) {
			bl_buf_addc(out, *s);
			continue;
		}
		BL_CLEANUP(bl_freep) char *var = strndup(s + 2, (size_t)(end - s) - 2);
		const char *value = var ? getenv(var) : NULL;

		bl_buf_adds(out, value ? value : "");
		s = end;
	}
}

static unsigned long long machine_number(unsigned which)
{
	unsigned long long page = (unsigned long long)sysconf(_SC_PAGESIZE);

	if (which == 0)
		return page;
	if (which == 1)
		return (unsigned long long)sysconf(_SC_PHYS_PAGES) * page / MiB;
	return (unsigned long long)sysconf(_SC_NPROCESSORS_ONLN);
}

/* True when a keyword was there. */
static bool add_keywords(const char *text, struct bl_buf *out)
{
	static const char *const words[] = {"$pagesize", "$mb_memory", "$ncpus"};
	bool any = false;

	while (*text) {
		unsigned k = 0;

		while (k < BL_ARRAY_LEN(words) && strncmp(text, words[k], strlen(words[k])) != 0)
			k++;
		if (k == BL_ARRAY_LEN(words)) {
			bl_buf_addc(out, *text++);
			continue;
		}
		bl_buf_addf(out, "%llu", machine_number(k));
		text += strlen(words[k]);
		any = true;
	}
	return any;
}

struct calc {
	const char *s;
	unsigned depth;
	bool failed;
};

static int64_t sum(struct calc *c);

static int64_t number(struct calc *c)
{
	int64_t v = 0;

	while (isspace((unsigned char)*c->s))
		c->s++;
	if (*c->s == '(' && c->depth < DEPTH_MAX) {
		c->s++;
		c->depth++;
		v = sum(c);
		c->depth--;
		c->failed |= *c->s != ')';
		c->s += *c->s == ')';
	} else if (isdigit((unsigned char)*c->s)) {
		for (; isdigit((unsigned char)*c->s); c->s++)
			c->failed |= __builtin_mul_overflow(v, 10, &v) ||
				     __builtin_add_overflow(v, *c->s - '0', &v);
	} else {
		c->failed = true;
	}
	while (isspace((unsigned char)*c->s))
		c->s++;
	return v;
}

static int64_t product(struct calc *c)
{
	int64_t v = number(c), w;

	while (!c->failed && (*c->s == '*' || *c->s == '/')) {
		char op = *c->s++;

		w = number(c);
		if (op == '*') {
			c->failed |= __builtin_mul_overflow(v, w, &v);
			continue;
		}
		c->failed |= w == 0 || (v == INT64_MIN && w == -1);
		v = c->failed ? 0 : v / w;
	}
	return v;
}

static int64_t sum(struct calc *c)
{
	int64_t v = product(c);

	while (!c->failed && (*c->s == '+' || *c->s == '-')) {
		bool minus = *c->s++ == '-';
		int64_t w = product(c);

		c->failed |=
			minus ? __builtin_sub_overflow(v, w, &v) : __builtin_add_overflow(v, w, &v);
	}
	return v;
}

void job_expand(const char *text, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf seen = BL_BUF_INIT, replaced = BL_BUF_INIT;
	struct calc c = {0};
	int64_t v;

	add_environment(text, &seen);
	if (!add_keywords(bl_buf_str(&seen), &replaced)) {
		bl_buf_adds(out, bl_buf_str(&seen));
	} else {
		c.s = bl_buf_str(&replaced);
		v = sum(&c);
		if (c.failed || *c.s)
			bl_buf_adds(out, bl_buf_str(&replaced));
		else
			bl_buf_addf(out, "%lld", (long long)v);
	}
	out->failed |= bl_buf_failed(&seen) || bl_buf_failed(&replaced);
}
