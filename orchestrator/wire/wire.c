#include "wire.h"

#include <errno.h>
#include <string.h>

#define HEADER_BYTES 4

static void put_le32(char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(v >> (8 * i));
}

static uint32_t get_le32(const char *p)
{
	uint32_t v = 0;

	for (int i = 3; i >= 0; i--)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

static int add_piece(const char *data, size_t len, void *ctx)
{
	struct bl_buf *out = ctx;

	bl_buf_add(out, data, len);
	return bl_buf_failed(out) ? -1 : 0;
}

int wire_encode(const json_t *msg, struct bl_buf *out, struct bl_err *err)
{
	struct bl_buf text = BL_BUF_INIT;
	char header[HEADER_BYTES];
	int r = 0;

	if (!json_is_string(json_object_get(msg, "type")))
		return bl_fail(err, -EINVAL, "a message needs a string member 'type'");
	if (json_dump_callback(msg, add_piece, &text, JSON_COMPACT) < 0)
		r = bl_fail(err, -ENOMEM, "out of memory for a '%s' message", wire_type(msg));
	else if (text.len > WIRE_FRAME_MAX)
		r = bl_fail(err, -EMSGSIZE,
			    "a '%s' message of %zu bytes is above the frame limit, %u",
			    wire_type(msg), text.len, WIRE_FRAME_MAX);
	if (r == 0) {
		put_le32(header, (uint32_t)text.len);
		bl_buf_add(out, header, sizeof header);
		bl_buf_add(out, text.data, text.len);
		if (bl_buf_failed(out))
			r = bl_fail(err, -ENOMEM, "out of memory for a '%s' message",
				    wire_type(msg));
	}
	bl_buf_done(&text);
	return r;
}

void wire_reader_done(struct wire_reader *r)
{
	bl_buf_done(&r->buf);
	r->skip = 0;
}

/* Throw away what was taken, once it is the larger part: each byte moves a bounded number of
 * times however small the pieces are. */
static void reader_compact(struct wire_reader *r)
{
	if (!r->skip || r->skip < r->buf.len - r->skip)
		return;
	memmove(r->buf.data, r->buf.data + r->skip, r->buf.len - r->skip);
	r->buf.len -= r->skip;
	r->skip = 0;
}

void wire_reader_push(struct wire_reader *r, const void *data, size_t len)
{
	reader_compact(r);
	bl_buf_add(&r->buf, data, len);
}

/* "\x01foo" as "?foo": bytes of the other side may end up on a person's terminal. */
static const char *printable(char out[33], const char *data, size_t len)
{
	size_t n = len < 32 ? len : 32;

	for (size_t i = 0; i < n; i++)
		out[i] = data[i] >= ' ' && data[i] < 127 ? data[i] : '?';
	out[n] = '\0';
	return out;
}

int wire_reader_next(struct wire_reader *r, json_t **ret_msg, struct bl_err *err)
{
	size_t have = r->buf.len - r->skip;
	const char *frame = r->buf.data + r->skip;
	char shown[33];
	json_error_t why;
	uint32_t len;
	json_t *msg;

	if (bl_buf_failed(&r->buf))
		return bl_fail(err, -ENOMEM, "out of memory for a message");
	if (have < HEADER_BYTES)
		return 0;
	len = get_le32(frame);
	if (len == 0 || len > WIRE_FRAME_MAX)
		return bl_fail(err, -EBADMSG, "a frame of %u bytes; 1 to %u are accepted", len,
			       WIRE_FRAME_MAX);
	if (have - HEADER_BYTES < len)
		return 0;
	frame += HEADER_BYTES;
	msg = json_loadb(frame, len, JSON_REJECT_DUPLICATES, &why);
	if (!msg)
		return bl_fail(err, -EBADMSG, "'%s' is not a JSON object: %s",
			       printable(shown, frame, len), why.text);
	if (!json_is_string(json_object_get(msg, "type"))) {
		json_decref(msg);
		return bl_fail(err, -EBADMSG, "'%s' has no string member 'type'",
			       printable(shown, frame, len));
	}
	r->skip += HEADER_BYTES + len;
	*ret_msg = msg;
	return 1;
}

const char *wire_type(const json_t *msg)
{
	const char *type = json_string_value(json_object_get(msg, "type"));

	return type ? type : "";
}
