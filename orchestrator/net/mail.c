#include "mail.h"

#include <ctype.h>
#include <nettle/base64.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define LINE_BYTES 57 /* of text in a line of base64: 76 characters (RFC 2045, 6.8) */
#define WORD_BYTES 42 /* of text in an encoded word: 12 + 56 of at most 75 (RFC 2047, 2) */

static void add_base64(struct bl_buf *out, const char *s, size_t len)
{
	char text[BASE64_ENCODE_RAW_LENGTH(LINE_BYTES) + 1];

	base64_encode_raw(text, len, (const uint8_t *)s);
	bl_buf_add(out, text, BASE64_ENCODE_RAW_LENGTH(len));
}

/* How many of at most @max bytes of @s end with a whole character. */
static size_t whole_characters(const char *s, size_t len, size_t max)
{
	size_t n = len < max ? len : max;

	while (n < len && n > 1 && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* Plain when a reader would see just that: short ASCII that does not look encoded. */
static bool is_plain(const char *s)
{
	if (strlen(s) > 64 || strstr(s, "=?") || s[0] == ' ')
		return false;
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
			return false;
	}
	return true;
}

static void add_subject(struct bl_buf *out, const char *subject)
{
	struct bl_buf line = BL_BUF_INIT;
	const char *s;
	size_t len;

	for (s = subject; *s; s++)
		bl_buf_addc(&line, (unsigned char)*s < 0x20 || *s == 0x7f ? ' ' : *s);
	s = bl_buf_str(&line);
	len = line.len;
	bl_buf_adds(out, "Subject: ");
	if (is_plain(s)) {
		bl_buf_adds(out, s);
		len = 0;
	}
	while (len) {
		size_t n = whole_characters(s, len, WORD_BYTES);

		bl_buf_adds(out, "=?UTF-8?B?");
		add_base64(out, s, n);
		s += n;
		len -= n;
		bl_buf_adds(out, len ? "?=\r\n " : "?=");
	}
	bl_buf_adds(out, "\r\n");
	out->failed |= line.failed;
	bl_buf_done(&line);
}

/* RFC 5322, 3.3; always English, always UTC. */
static void add_date(struct bl_buf *out, uint64_t wall_ms)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;

	gmtime_r(&t, &tm);
	bl_buf_addf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday],
		    tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
		    tm.tm_sec);
}

static void add_id_part(struct bl_buf *out, const char *s)
{
	for (; *s; s++)
		bl_buf_addc(out, isalnum((unsigned char)*s) || strchr("-._", *s) ? *s : '-');
}

void mail_compose(const struct mail *m, struct bl_buf *out)
{
	size_t len = strlen(m->text);

	bl_buf_addf(out, "From: %s\r\n", m->from);
	for (size_t i = 0; i < m->n_to; i++)
		bl_buf_addf(out, "%s%s", i ? ",\r\n " : "To: ", m->to[i]);
	bl_buf_adds(out, "\r\n");
	add_subject(out, m->subject);
	add_date(out, m->wall_ms);
	bl_buf_adds(out, "Message-ID: <blklab-");
	add_id_part(out, m->id);
	bl_buf_addc(out, '@');
	add_id_part(out, m->host[0] ? m->host : "localhost");
	/* So that no absence notice comes back (RFC 3834). */
	bl_buf_adds(out, ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
			 "Content-Type: text/plain; charset=utf-8\r\n"
			 "Content-Transfer-Encoding: base64\r\n\r\n");
	for (size_t at = 0; at < len; at += LINE_BYTES) {
		size_t n = len - at < LINE_BYTES ? len - at : LINE_BYTES;

		add_base64(out, m->text + at, n);
		bl_buf_adds(out, "\r\n");
	}
}
