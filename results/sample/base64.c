#include "base64.h"

#include <errno.h>
#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *data, size_t len, struct bl_buf *out)
{
	const uint8_t *in = data;
	char four[4];
	size_t i;

	for (i = 0; i + 3 <= len; i += 3) {
		uint32_t v = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];

		for (int k = 0; k < 4; k++)
			four[k] = alphabet[v >> (18 - 6 * k) & 63];
		bl_buf_add(out, four, 4);
	}
	if (i < len) {
		uint32_t v = (uint32_t)in[i] << 16 | (i + 1 < len ? (uint32_t)in[i + 1] << 8 : 0);

		four[0] = alphabet[v >> 18 & 63];
		four[1] = alphabet[v >> 12 & 63];
		four[2] = '=';
		if (i + 1 < len)
			four[2] = alphabet[v >> 6 & 63];
		four[3] = '=';
		bl_buf_add(out, four, 4);
	}
}

/* 0..63, or -1 */
static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

int base64_decode(const char *text, size_t len, struct bl_buf *out, struct bl_err *err)
{
	if (len % 4)
		return bl_fail(err, -EBADMSG, "base64: %zu characters are not a multiple of four",
			       len);
	for (size_t i = 0; i < len; i += 4) {
		size_t pad = i + 4 < len || text[i + 3] != '=' ? 0 : text[i + 2] == '=' ? 2 : 1;
		uint32_t v = 0;

		for (size_t k = 0; k < 4; k++) {
			int d = k < 4 - pad ? digit(text[i + k]) : 0;

			if (d < 0)
				return bl_fail(err, -EBADMSG, "base64: byte 0x%02x at %zu",
					       (unsigned char)text[i + k], i + k);
			v = v << 6 | (uint32_t)d;
		}
		/* the bits that padding leaves over must be zero: one text per value */
		if ((pad == 1 && (v & 0xff)) || (pad == 2 && (v & 0xffff)))
			return bl_fail(err, -EBADMSG, "base64: bits after the end");
		bl_buf_add(out,
			   (const uint8_t[]){(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v},
			   3 - pad);
	}
	return 0;
}
