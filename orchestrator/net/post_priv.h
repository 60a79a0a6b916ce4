/* post_priv.h - one attempt to send one post; between the files of net/ only. */
#ifndef POST_PRIV_H
#define POST_PRIV_H

#ifndef POST_INTERNAL
#error "post_priv.h is for orchestrator/net/ only: include post.h"
#endif

#include <curl/curl.h>

#include "post.h"

enum attempt_state { ATTEMPT_WAITS, ATTEMPT_RUNS, ATTEMPT_OVER };

struct attempt {
	struct post *post;
	enum attempt_state state;
	uint64_t not_before_ns;  /* while it waits */
	uint64_t retry_after_ns; /* what the last answer asked for; 0: nothing */
	/* while it runs */
	CURL *curl;
	struct curl_slist *headers, *to;
	char why[CURL_ERROR_SIZE];
	size_t n_sent;               /* bytes of a mail */
	size_t n_got;                /* bytes of an answer */
	char line[POST_SAID_MAX];    /* the answer's first line so far, raw */
	char refusal[POST_SAID_MAX]; /* the SMTP server's last line of code 400 and more */
	size_t line_len;
	bool line_is_whole;
};

/* libcurl, started when nobody did before. NULL: no memory. */
CURLM *attempt_multi(void);

/* Could this be sent at all? 0, or negative with the post's err. */
int attempt_check(struct post *p);

/* A handle that is ready to go. On failure attempt_done() is still to be called. */
int attempt_set_up(struct attempt *a, uint64_t limit_ns);
void attempt_done(struct attempt *a);

/* Write the post's result from how the attempt ended. Returns whether another may do better. */
bool attempt_judge(struct attempt *a, CURLcode e);

/* The post's result and reason, in place of an earlier attempt's. Returns @code. */
int attempt_fail(struct attempt *a, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Behind the reason. */
void attempt_note(struct attempt *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
