/* post.h - hand a few messages to others: HTTP requests and mails, all at once, within a budget.
 *
 * What is sent goes out at least once: an answer that was lost makes it go out again, so it should
 * carry an id of its own. A target that is down, slow or silent costs its own message and nothing
 * else: the others go out beside it, and the call is over when its budget is. SIGPIPE is to be
 * ignored by the program: a TLS library writes to connections that are gone.
 */
#ifndef POST_H
#define POST_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

enum post_kind { POST_HTTP, POST_MAIL };

#define POST_SAID_MAX 200

struct post {
	enum post_kind kind;
	const char *url;             /* http, https; mail: smtp, smtps. Never part of a message */
	const char *user, *password; /* NULL: none; HTTP: basic authentication */
	const char *ca_file;         /* certificates to trust; NULL: the system's */

	/* HTTP. A redirection is not followed: a POST would become a GET, and what the headers hold
	 * is for this host alone. */
	const char *method;         /* "POST", "PUT" */
	const char *const *headers; /* "Content-Type: application/json"; no line breaks */
	size_t n_headers;

	/* mail */
	bool is_starttls; /* smtp: nothing is said before the connection is encrypted */
	const char *from;
	const char *const *to;
	size_t n_to;

	const void *body; /* mail: the whole message, headers too, lines ending in CRLF */
	size_t body_len;

	/* Written by post_all(). */
	int result;               /* 0; or negative, and @err says why */
	unsigned n_tries;         /* attempts begun */
	unsigned status;          /* of the last answer: HTTP's or SMTP's; 0: there was none */
	char said[POST_SAID_MAX]; /* the answer's first line, clean; of a mail that some of the
				   * recipients don't get: the refusal; "": nothing */
	struct bl_err err;
};

/* 0 in a field: the default. */
struct post_limits {
	uint64_t budget_ns;  /* for all of it; 60 s */
	uint64_t attempt_ns; /* for one attempt; 10 s */
	uint64_t backoff_ns; /* before the second one, then twice as long each time; 1 s */
	unsigned tries_max;  /* 5 */
	const volatile sig_atomic_t *stop; /* seen within 100 ms; may be NULL */
	uint64_t grace_ns;                 /* what is left of the budget then; 0: nothing */
};

/* Send all @posts. Tried again: when there was no connection or it broke, after a timeout, on
 * HTTP's 408, 429 and 5xx, and on SMTP's 4xx; a Retry-After is kept to, and one beyond the budget
 * ends it.
 *
 * Returns how many could not be sent, 0: all went out. Of those result is -EIO (refused or not
 * reached), -ETIMEDOUT, -EINTR (stopped), -EINVAL (no such URL), -ENOMEM.
 * Text in a post must be free of line breaks where it becomes a line of the protocol: -EINVAL. */
size_t post_all(struct post *posts, size_t n, const struct post_limits *limits);

/* Is it an URL of that kind? -EINVAL: what would be accepted; the URL itself is not said. */
int post_check_url(enum post_kind kind, const char *url, struct bl_err *err);

/* "hooks.example.org:8443" of an URL, without what may be secret in it; "?" when it is none.
 * Returns @out. */
char *post_host(char *out, size_t len, const char *url);

#endif
