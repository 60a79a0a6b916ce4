/* mail.h - a mail as SMTP carries it: RFC 5322 with MIME, plain text in UTF-8. */
#ifndef MAIL_H
#define MAIL_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct mail {
	const char *from; /* addresses as they are, "lab@example.org"; no line breaks */
	const char *const *to;
	size_t n_to;
	const char *subject; /* UTF-8; line breaks and other controls become spaces */
	const char *text;    /* UTF-8 */
	const char *id;      /* of the message, without host: letters, digits and "-._"; others
			      * become '-'. The same id is the same message to who reads it. */
	const char *host;    /* of this machine; "": localhost */
	uint64_t wall_ms;
};

/* Append the whole message, lines ending in CRLF and none longer than 78. The subject is encoded
 * (RFC 2047) where it is not plain ASCII, the text is base64. */
void mail_compose(const struct mail *m, struct bl_buf *out);

#endif
