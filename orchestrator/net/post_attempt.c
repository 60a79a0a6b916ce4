/* post_attempt.c - one attempt: what libcurl is told, and what its end means. */
#define POST_INTERNAL
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "post_priv.h"
#include "units.h"

/* An answer is a word of the server: what is beyond this is not waited for. */
#define ANSWER_MAX ((size_t)64 << 10)

static void curl_start(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

CURLM *attempt_multi(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, curl_start);
	return curl_multi_init();
}

int attempt_fail(struct attempt *a, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->post->err.text, sizeof a->post->err.text, fmt, ap);
	va_end(ap);
	a->post->err.code = a->post->result = code;
	return code;
}

void attempt_note(struct attempt *a, const char *fmt, ...)
{
	size_t len = strlen(a->post->err.text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->post->err.text + len, sizeof a->post->err.text - len, fmt, ap);
	va_end(ap);
}

/* Foreign text as part of a message: one line, no controls. */
static void clean_into(char out[POST_SAID_MAX], const char *s)
{
	size_t n = 0;

	for (; *s && *s != '\r' && *s != '\n' && n < POST_SAID_MAX - 1; s++)
		out[n++] = (unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s;
	out[n] = '\0';
}

char *post_host(char *out, size_t len, const char *url)
{
	CURLU *u = curl_url();
	char *host = NULL, *port = NULL;

	snprintf(out, len, "?");
	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
		curl_url_get(u, CURLUPART_PORT, &port, 0);
		snprintf(out, len, "%s%s%s", host, port ? ":" : "", port ? port : "");
	}
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	return out;
}

/* --- before --- */

static const char *schemes(const struct post *p)
{
	return p->kind == POST_MAIL ? "smtp,smtps" : "http,https";
}

int post_check_url(enum post_kind kind, const char *url, struct bl_err *err)
{
	CURLU *u = curl_url();
	char *scheme = NULL;
	bool is_ours = false;
	int r = 0;

	if (!u)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK)
		is_ours = kind == POST_MAIL ? !strcmp(scheme, "smtp") || !strcmp(scheme, "smtps")
					    : !strcmp(scheme, "http") || !strcmp(scheme, "https");
	if (!is_ours)
		r = bl_fail(err, -EINVAL,
			    "the address is no URL that can be sent to; %s://HOST is accepted",
			    kind == POST_MAIL ? "smtp:// or smtps" : "http:// or https");
	curl_free(scheme);
	curl_url_cleanup(u);
	return r;
}

static int check_line(struct post *p, const char *what, const char *s)
{
	if (s && strpbrk(s, "\r\n"))
		return bl_fail(&p->err, -EINVAL,
			       "%s: has a line break, which would begin another line of the "
			       "protocol; leave it out",
			       what);
	return 0;
}

int attempt_check(struct post *p)
{
	int r = post_check_url(p->kind, p->url, &p->err);

	for (size_t i = 0; r == 0 && i < p->n_headers; i++)
		r = check_line(p, "header", p->headers[i]);
	for (size_t i = 0; r == 0 && i < p->n_to; i++)
		r = check_line(p, "to", p->to[i]);
	if (r == 0)
		r = check_line(p, "from", p->from);
	if (r == 0 && p->kind == POST_MAIL && (p->n_to == 0 || !p->from))
		r = bl_fail(&p->err, -EINVAL, "a mail needs 'from' and at least one 'to'");
	return r;
}

/* --- libcurl's callbacks --- */

static size_t on_answer(char *data, size_t size, size_t n, void *ctx)
{
	struct attempt *a = ctx;
	size_t len = size * n;

	for (size_t i = 0; i < len && !a->line_is_whole; i++) {
		a->line_is_whole = data[i] == '\n' || a->line_len == sizeof a->line - 1;
		if (!a->line_is_whole)
			a->line[a->line_len++] = data[i] ? data[i] : '?';
	}
	a->n_got += len;
	return a->n_got > ANSWER_MAX ? CURL_WRITEFUNC_ERROR : len;
}

/* Of SMTP the lines of the server: "550 5.1.1 <x@example.org>: no such user". */
static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
	struct attempt *a = ctx;
	size_t len = size * n;
	char line[POST_SAID_MAX];

	if (a->post->kind != POST_MAIL)
		return len;
	snprintf(line, sizeof line, "%.*s", (int)(len < sizeof line ? len : sizeof line - 1), data);
	clean_into(a->line, line);
	if (line[0] == '4' || line[0] == '5')
		clean_into(a->refusal, line);
	return len;
}

static size_t on_read(char *out, size_t size, size_t n, void *ctx)
{
	struct attempt *a = ctx;
	size_t len = size * n, left = a->post->body_len - a->n_sent;

	len = len < left ? len : left;
	memcpy(out, (const char *)a->post->body + a->n_sent, len);
	a->n_sent += len;
	return len;
}

/* --- set up --- */

static int add_to_list(struct curl_slist **list, const char *s)
{
	struct curl_slist *longer = curl_slist_append(*list, s);

	if (!longer)
		return -ENOMEM;
	*list = longer;
	return 0;
}

static int set_http(struct attempt *a)
{
	const struct post *p = a->post;
	int r = add_to_list(&a->headers, "Expect:"); /* no round trip before a small body */

	for (size_t i = 0; r == 0 && i < p->n_headers; i++)
		r = add_to_list(&a->headers, p->headers[i]);
	curl_easy_setopt(a->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)p->body_len);
	curl_easy_setopt(a->curl, CURLOPT_POSTFIELDS, p->body ? p->body : "");
	curl_easy_setopt(a->curl, CURLOPT_CUSTOMREQUEST, p->method);
	curl_easy_setopt(a->curl, CURLOPT_HTTPHEADER, a->headers);
	curl_easy_setopt(a->curl, CURLOPT_FOLLOWLOCATION, 0L);
	return r;
}

static int set_mail(struct attempt *a)
{
	const struct post *p = a->post;
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_to; i++)
		r = add_to_list(&a->to, p->to[i]);
	curl_easy_setopt(a->curl, CURLOPT_MAIL_FROM, p->from);
	curl_easy_setopt(a->curl, CURLOPT_MAIL_RCPT, a->to);
	/* One address that is gone must not silence the mail to all others. */
	curl_easy_setopt(a->curl, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
	curl_easy_setopt(a->curl, CURLOPT_USE_SSL,
			 (long)(p->is_starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
	curl_easy_setopt(a->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(a->curl, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(a->curl, CURLOPT_READDATA, a);
	curl_easy_setopt(a->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)p->body_len);
	return r;
}

int attempt_set_up(struct attempt *a, uint64_t limit_ns)
{
	const struct post *p = a->post;
	CURL *c = curl_easy_init();
	int r;

	a->curl = c;
	a->n_sent = a->n_got = a->line_len = 0;
	a->line_is_whole = false;
	memset(a->line, 0, sizeof a->line);
	a->refusal[0] = a->why[0] = '\0';
	a->retry_after_ns = 0;
	if (!c)
		return attempt_fail(a, -ENOMEM, "out of memory");
	curl_easy_setopt(c, CURLOPT_URL, p->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, schemes(p));
	curl_easy_setopt(c, CURLOPT_USERAGENT, "blklab/" BLKLAB_VERSION);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(limit_ns / NS_PER_MS) + 1);
	/* A name server that is silent would be waited for, too, when the handle is freed. */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, a->why);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, a);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, a);
	if (p->user)
		curl_easy_setopt(c, CURLOPT_USERNAME, p->user);
	if (p->password)
		curl_easy_setopt(c, CURLOPT_PASSWORD, p->password);
	if (p->ca_file)
		curl_easy_setopt(c, CURLOPT_CAINFO, p->ca_file);
	r = p->kind == POST_MAIL ? set_mail(a) : set_http(a);
	return r < 0 ? attempt_fail(a, r, "out of memory") : 0;
}

void attempt_done(struct attempt *a)
{
	curl_easy_cleanup(a->curl);
	curl_slist_free_all(a->headers);
	curl_slist_free_all(a->to);
	a->curl = NULL;
	a->headers = a->to = NULL;
}

/* --- what the end means --- */

static bool judge_http(struct attempt *a)
{
	struct post *p = a->post;
	const char *sep = p->said[0] ? ": " : "";
	curl_off_t wait_s = 0;
	char *where = NULL, host[POST_SAID_MAX];

	curl_easy_getinfo(a->curl, CURLINFO_RETRY_AFTER, &wait_s);
	a->retry_after_ns = wait_s > 0 ? (uint64_t)wait_s * NS_PER_S : 0;
	if (p->status >= 200 && p->status < 300) {
		p->result = 0;
		p->err = (struct bl_err)BL_ERR_INIT;
		return false;
	}
	curl_easy_getinfo(a->curl, CURLINFO_REDIRECT_URL, &where);
	if (p->status >= 300 && p->status < 400) {
		attempt_fail(
			a, -EIO,
			"answered %u and points to %s%s%s; redirections are not followed, name "
			"the place itself",
			p->status, where ? post_host(host, sizeof host, where) : "elsewhere", sep,
			p->said);
		return false;
	}
	attempt_fail(a, -EIO, "answered %u%s%s", p->status, sep, p->said);
	return p->status == 408 || p->status == 429 || p->status >= 500;
}

static bool judge_mail(struct attempt *a)
{
	struct post *p = a->post;

	p->result = 0;
	p->err = (struct bl_err)BL_ERR_INIT;
	clean_into(p->said, a->refusal[0] ? a->refusal : a->line);
	return false;
}

static bool judge_failure(struct attempt *a, CURLcode e)
{
	struct post *p = a->post;
	const char *why = a->why[0] ? a->why : curl_easy_strerror(e);
	char clean[POST_SAID_MAX];

	clean_into(clean, why);
	/* SMTP: 4xx is "not now", 5xx is "never" (RFC 5321, 4.2.1). */
	if (p->kind == POST_MAIL && a->refusal[0] && e != CURLE_OPERATION_TIMEDOUT) {
		attempt_fail(a, -EIO, "refused: %s", a->refusal);
		return a->refusal[0] == '4';
	}
	switch (e) {
	case CURLE_OPERATION_TIMEDOUT:
		attempt_fail(a, -ETIMEDOUT, "no answer: %s", clean);
		return true;
	case CURLE_OUT_OF_MEMORY:
		attempt_fail(a, -ENOMEM, "out of memory");
		return false;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_SSL_CONNECT_ERROR:
		attempt_fail(a, -EIO, "not reached: %s", clean);
		return true;
	default:
		attempt_fail(a, -EIO, "%s", clean);
		return false;
	}
}

bool attempt_judge(struct attempt *a, CURLcode e)
{
	struct post *p = a->post;
	long status = 0;

	curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &status);
	p->status = (unsigned)status;
	clean_into(p->said, a->line);
	/* An answer that goes on without end was an answer. */
	if (p->kind == POST_HTTP && e == CURLE_WRITE_ERROR && a->n_got > ANSWER_MAX)
		e = CURLE_OK;
	if (e != CURLE_OK) {
		p->status = p->kind == POST_MAIL ? p->status : 0; /* half an answer is none */
		return judge_failure(a, e);
	}
	return p->kind == POST_MAIL ? judge_mail(a) : judge_http(a);
}
