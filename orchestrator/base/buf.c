#include "buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct bl_buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 64;
	char *data;

	if (b->failed || more > SIZE_MAX / 2 - b->len - 1) {
		b->failed = true;
		return false;
	}
	if (b->len + more + 1 <= b->cap)
		return true;
	while (cap < b->len + more + 1)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->cap = cap;
	return true;
}

void bl_buf_add(struct bl_buf *b, const void *data, size_t len)
{
	if (!reserve(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void bl_buf_adds(struct bl_buf *b, const char *s)
{
	bl_buf_add(b, s, strlen(s));
}

void bl_buf_addc(struct bl_buf *b, char c)
{
	bl_buf_add(b, &c, 1);
}

void bl_buf_addf(struct bl_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

const char *bl_buf_str(const struct bl_buf *b)
{
	return b->data ? b->data : "";
}

bool bl_buf_failed(const struct bl_buf *b)
{
	return b->failed;
}

char *bl_buf_take(struct bl_buf *b)
{
	char *data;

	reserve(b, 0);
	if (b->failed) {
		bl_buf_done(b);
		return NULL;
	}
	b->data[b->len] = '\0';
	data = b->data;
	*b = (struct bl_buf)BL_BUF_INIT;
	return data;
}

void bl_buf_done(struct bl_buf *b)
{
	free(b->data);
	*b = (struct bl_buf)BL_BUF_INIT;
}
