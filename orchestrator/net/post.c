#define POST_INTERNAL
#include "post.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "post_priv.h"
#include "units.h"

#define BUDGET_DEFAULT_NS  (60 * NS_PER_S)
#define ATTEMPT_DEFAULT_NS (10 * NS_PER_S)
#define BACKOFF_DEFAULT_NS (1 * NS_PER_S)
#define TRIES_DEFAULT      5
#define STOP_SEEN_NS       (100 * NS_PER_MS)

/* All of one call. */
struct sending {
	struct attempt *attempts; /* one a post */
	size_t n, n_left;
	struct post_limits limits; /* defaults filled in */
	uint64_t end_ns;
	bool is_stopped; /* and end_ns is that of the grace */
	CURLM *multi;
};

static struct post_limits with_defaults(const struct post_limits *given)
{
	struct post_limits l = given ? *given : (struct post_limits){0};

	l.budget_ns = l.budget_ns ? l.budget_ns : BUDGET_DEFAULT_NS;
	l.attempt_ns = l.attempt_ns ? l.attempt_ns : ATTEMPT_DEFAULT_NS;
	l.backoff_ns = l.backoff_ns ? l.backoff_ns : BACKOFF_DEFAULT_NS;
	l.tries_max = l.tries_max ? l.tries_max : TRIES_DEFAULT;
	return l;
}

/* The post is over, with the result that it has. */
static void close_post(struct sending *s, struct attempt *a)
{
	a->state = ATTEMPT_OVER;
	s->n_left--;
}

static void begin(struct sending *s, struct attempt *a, uint64_t now)
{
	uint64_t left = s->end_ns - now;
	int r;

	a->post->n_tries++;
	r = attempt_set_up(a, left < s->limits.attempt_ns ? left : s->limits.attempt_ns);
	if (r == 0 && curl_multi_add_handle(s->multi, a->curl) != CURLM_OK)
		r = bl_fail(&a->post->err, -ENOMEM, "out of memory");
	if (r < 0) {
		a->post->result = r;
		attempt_done(a);
		close_post(s, a);
		return;
	}
	a->state = ATTEMPT_RUNS;
}

/* Once more later, when that is worth it. */
static void retry(struct sending *s, struct attempt *a, uint64_t now)
{
	const struct post_limits *l = &s->limits;
	uint64_t wait = l->backoff_ns << (a->post->n_tries - 1 < 16 ? a->post->n_tries - 1 : 16);

	if (a->post->n_tries >= l->tries_max) {
		close_post(s, a);
		return;
	}
	wait = wait < a->retry_after_ns ? a->retry_after_ns : wait;
	if (wait >= s->end_ns - now) {
		if (a->retry_after_ns >= wait)
			attempt_note(a, "; it asks to wait %llu s, beyond the %llu s that are left",
				     (unsigned long long)(wait / NS_PER_S),
				     (unsigned long long)((s->end_ns - now) / NS_PER_S));
		close_post(s, a);
		return;
	}
	a->not_before_ns = now + wait;
	a->state = ATTEMPT_WAITS;
}

static void end_attempt(struct sending *s, struct attempt *a, CURLcode e, uint64_t now)
{
	bool is_worth_more = attempt_judge(a, e);

	curl_multi_remove_handle(s->multi, a->curl);
	attempt_done(a);
	if (a->post->result < 0 && is_worth_more && now < s->end_ns)
		retry(s, a, now);
	else
		close_post(s, a);
}

static struct attempt *attempt_of(struct sending *s, const CURL *c)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->attempts[i].curl == c)
			return &s->attempts[i];
	}
	return NULL;
}

static void take_answers(struct sending *s)
{
	CURLMsg *msg;
	int n;

	while ((msg = curl_multi_info_read(s->multi, &n))) {
		struct attempt *a = attempt_of(s, msg->easy_handle);

		if (a && msg->msg == CURLMSG_DONE)
			end_attempt(s, a, msg->data.result, bl_now_ns());
	}
}

/* Until something is to be done by us, 100 ms at most: a stop is seen then. */
static int nap_ms(const struct sending *s, uint64_t now)
{
	uint64_t nap = STOP_SEEN_NS;

	if (s->end_ns - now < nap)
		nap = s->end_ns - now;
	for (size_t i = 0; i < s->n; i++) {
		const struct attempt *a = &s->attempts[i];

		if (a->state == ATTEMPT_WAITS && a->not_before_ns < now + nap)
			nap = a->not_before_ns > now ? a->not_before_ns - now : 0;
	}
	return (int)((nap + NS_PER_MS - 1) / NS_PER_MS);
}

static void see_stop(struct sending *s, uint64_t now)
{
	if (s->is_stopped || !s->limits.stop || !*s->limits.stop)
		return;
	s->is_stopped = true;
	if (now + s->limits.grace_ns < s->end_ns)
		s->end_ns = now + s->limits.grace_ns;
}

static void send_all(struct sending *s)
{
	while (s->n_left) {
		uint64_t now = bl_now_ns();
		int running;

		see_stop(s, now);
		if (now >= s->end_ns)
			return;
		for (size_t i = 0; i < s->n; i++) {
			struct attempt *a = &s->attempts[i];

			if (a->state == ATTEMPT_WAITS && a->not_before_ns <= now)
				begin(s, a, now);
		}
		if (curl_multi_perform(s->multi, &running) != CURLM_OK)
			return;
		take_answers(s);
		if (s->n_left)
			curl_multi_poll(s->multi, NULL, 0, nap_ms(s, now), NULL);
	}
}

/* What is not over when the time is, or when we were stopped. */
static void give_up(struct sending *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct attempt *a = &s->attempts[i];

		if (a->state == ATTEMPT_OVER)
			continue;
		if (a->state == ATTEMPT_RUNS) {
			curl_multi_remove_handle(s->multi, a->curl);
			attempt_done(a);
		}
		/* The reason of the attempt before says more than that time is up. */
		if (s->is_stopped)
			attempt_fail(a, -EINTR, "stopped before it was sent");
		else if (a->post->result == 0 || a->state == ATTEMPT_RUNS)
			attempt_fail(a, -ETIMEDOUT, "no answer within %.3g s",
				     (double)s->limits.budget_ns / NS_PER_S);
		close_post(s, a);
	}
}

size_t post_all(struct post *posts, size_t n, const struct post_limits *limits)
{
	BL_CLEANUP(bl_freep) struct attempt *attempts = calloc(n ? n : 1, sizeof *attempts);
	struct sending s = {.attempts = attempts, .n = n, .n_left = n};
	size_t failed = 0;

	s.limits = with_defaults(limits);
	s.end_ns = bl_now_ns() + s.limits.budget_ns;
	s.multi = attempts ? attempt_multi() : NULL;
	for (size_t i = 0; i < n; i++) {
		posts[i].result = 0;
		posts[i].n_tries = posts[i].status = 0;
		posts[i].said[0] = '\0';
		posts[i].err = (struct bl_err)BL_ERR_INIT;
		if (!s.multi) {
			posts[i].result = bl_fail(&posts[i].err, -ENOMEM, "out of memory");
			continue;
		}
		attempts[i].post = &posts[i];
		posts[i].result = attempt_check(&posts[i]);
		if (posts[i].result < 0)
			close_post(&s, &attempts[i]);
	}
	if (s.multi) {
		send_all(&s);
		give_up(&s);
		curl_multi_cleanup(s.multi);
	}
	for (size_t i = 0; i < n; i++)
		failed += posts[i].result < 0;
	return failed;
}
