/* What is sent, when it is sent again, and that nothing takes longer than it may. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "post.h"
#include "post_server.h"
#include "units.h"

static struct post_server server;

static void set_up(void)
{
	/* A proxy of the machine is not what is tested. */
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	post_server_start(&server);
}

static void tear_down(void)
{
	post_server_stop(&server);
}

static const char *const json_header[] = {"Content-Type: application/json", "X-Token: s3cret"};

/* The URL is new. */
static struct post http_post(const char *path)
{
	return (struct post){.kind = POST_HTTP,
			     .url = bl_strf("http://127.0.0.1:%d%s", server.http_port, path),
			     .method = "POST",
			     .headers = json_header,
			     .n_headers = 2,
			     .body = "{\"a\": 1}",
			     .body_len = 8};
}

static struct post mail_post(const char *const *to, size_t n_to)
{
	static const char text[] = "Subject: x\r\n\r\n.dots\r\nend\r\n";

	return (struct post){.kind = POST_MAIL,
			     .url = bl_strf("smtp://127.0.0.1:%d", server.smtp_port),
			     .from = "lab@example.org",
			     .to = to,
			     .n_to = n_to,
			     .body = text,
			     .body_len = sizeof text - 1};
}

static const struct post_limits quick = {.budget_ns = 3 * NS_PER_S,
					 .attempt_ns = 500 * NS_PER_MS,
					 .backoff_ns = 10 * NS_PER_MS,
					 .tries_max = 3};

static void done(struct post *p)
{
	free((void *)p->url);
}

static void assert_says(const struct post *p, const char *says)
{
	ck_assert_msg(strstr(p->err.text, says), "'%s' does not say '%s'", p->err.text, says);
}

START_TEST(a_body_arrives_as_it_is_with_its_headers)
{
	BL_CLEANUP(done) struct post p = http_post("/ok");
	BL_CLEANUP(bl_freep) char *got = NULL;

	ck_assert_uint_eq(post_all(&p, 1, &quick), 0);
	ck_assert_int_eq(p.result, 0);
	ck_assert_uint_eq(p.status, 200);
	ck_assert_uint_eq(p.n_tries, 1);
	ck_assert_str_eq(p.said, "thanks");
	got = post_server_got(&server, "http", 1);
	ck_assert_ptr_nonnull(got);
	ck_assert_ptr_eq(strstr(got, "POST /ok HTTP/1.1\r\n"), got);
	ck_assert_ptr_nonnull(strstr(got, "\r\nContent-Type: application/json\r\n"));
	ck_assert_ptr_nonnull(strstr(got, "\r\nX-Token: s3cret\r\n"));
	ck_assert_ptr_null(strstr(got, "Expect:"));
	ck_assert_str_eq(strstr(got, "\r\n\r\n"), "\r\n\r\n{\"a\": 1}");
}
END_TEST

START_TEST(a_put_is_a_put)
{
	BL_CLEANUP(done) struct post p = http_post("/metrics/job/x");
	BL_CLEANUP(bl_freep) char *got = NULL;

	p.method = "PUT";
	p.user = "me";
	p.password = "pass";
	ck_assert_uint_eq(post_all(&p, 1, &quick), 0);
	got = post_server_got(&server, "http", 1);
	ck_assert_ptr_eq(strstr(got, "PUT /metrics/job/x HTTP/1.1\r\n"), got);
	ck_assert_ptr_nonnull(strstr(got, "\r\nAuthorization: Basic bWU6cGFzcw==\r\n"));
}
END_TEST

/* requests: how many the server saw */
static const struct {
	const char *path;
	int result;
	unsigned status, n_tries;
	const char *says;
} answers[] = {
	{"/flaky", 0, 200, 3, ""},
	{"/bad", -EIO, 400, 1, "answered 400: no ?[31msuch field"},
	{"/nothing", -EIO, 404, 1, "answered 404"},
	{"/away", -EIO, 302, 1,
	 "answered 302 and points to elsewhere.invalid; redirections are not followed, name the "
	 "place itself"},
	{"/full", -EIO, 503, 1, "answered 503; it asks to wait 3600 s, beyond the "},
	{"/cut", -EIO, 0, 3, "not reached: Empty reply from server"},
	{"/hang", -ETIMEDOUT, 0, 3, "no answer: Operation timed out after 5"},
	{"/drip", -ETIMEDOUT, 0, 3, "no answer: Operation timed out after 5"},
	{"/big", 0, 200, 1, ""},
};

START_TEST(each_answer_is_taken_for_what_it_is)
{
	BL_CLEANUP(done) struct post p = http_post(answers[_i].path);
	uint64_t start = bl_now_ns();

	ck_assert_uint_eq(post_all(&p, 1, &quick), answers[_i].result < 0);
	ck_assert_int_eq(p.result, answers[_i].result);
	ck_assert_int_eq(p.err.code, answers[_i].result);
	ck_assert_uint_eq(p.status, answers[_i].status);
	ck_assert_uint_eq(p.n_tries, answers[_i].n_tries);
	ck_assert_int_eq(post_server_count(&server, "http"), (int)answers[_i].n_tries);
	assert_says(&p, answers[_i].says);
	ck_assert_ptr_null(strstr(p.err.text, "secret"));
	ck_assert_uint_lt(bl_now_ns() - start, quick.budget_ns);
}
END_TEST

START_TEST(a_server_that_asks_to_wait_is_waited_for)
{
	BL_CLEANUP(done) struct post p = http_post("/busy");
	uint64_t start = bl_now_ns();

	ck_assert_uint_eq(post_all(&p, 1, &quick), 0);
	ck_assert_uint_eq(p.n_tries, 2);
	ck_assert_uint_ge(bl_now_ns() - start, NS_PER_S);
}
END_TEST

START_TEST(pauses_double)
{
	BL_CLEANUP(done) struct post p = http_post("/cut");
	struct post_limits slow = {.backoff_ns = 200 * NS_PER_MS, .tries_max = 3};
	uint64_t start = bl_now_ns(), took;

	ck_assert_uint_eq(post_all(&p, 1, &slow), 1);
	took = bl_now_ns() - start;
	ck_assert_uint_ge(took, 600 * NS_PER_MS); /* 200 and 400 */
	ck_assert_uint_lt(took, 3 * NS_PER_S);
}
END_TEST

START_TEST(nobody_there_is_said_with_the_address_and_not_with_the_path)
{
	BL_CLEANUP(done) struct post p = http_post("/T00/B00/secret");

	post_server_stop(&server);
	ck_assert_uint_eq(post_all(&p, 1, &quick), 1);
	ck_assert_int_eq(p.result, -EIO);
	ck_assert_uint_eq(p.n_tries, 3);
	assert_says(&p, "not reached: Failed to connect to 127.0.0.1");
	ck_assert_ptr_null(strstr(p.err.text, "secret"));
	post_server_start(&server);
}
END_TEST

START_TEST(the_budget_holds_whatever_they_do_and_the_others_get_theirs)
{
	static const char *const paths[] = {"/hang", "/ok", "/drip", "/flaky", "/hang", "/full"};
	static const char *const to[] = {"ok@example.org"};
	struct post_limits l = {.budget_ns = NS_PER_S, .backoff_ns = NS_PER_MS};
	struct post p[BL_ARRAY_LEN(paths) + 1];
	uint64_t start = bl_now_ns(), took;

	for (size_t i = 0; i < BL_ARRAY_LEN(paths); i++)
		p[i] = http_post(paths[i]);
	p[BL_ARRAY_LEN(paths)] = mail_post(to, 1);
	ck_assert_uint_eq(post_all(p, BL_ARRAY_LEN(p), &l), 4);
	took = bl_now_ns() - start;
	ck_assert_uint_ge(took, NS_PER_S - NS_PER_MS);
	ck_assert_uint_lt(took, 2 * NS_PER_S);
	ck_assert_int_eq(p[0].result, -ETIMEDOUT);
	ck_assert_int_eq(p[1].result, 0);
	ck_assert_int_eq(p[2].result, -ETIMEDOUT);
	ck_assert_int_eq(p[3].result, 0);
	ck_assert_int_eq(p[5].result, -EIO);
	ck_assert_int_eq(p[6].result, 0);
	for (size_t i = 0; i < BL_ARRAY_LEN(p); i++)
		done(&p[i]);
}
END_TEST

static void *stop_soon(void *flag)
{
	usleep(200000);
	*(volatile sig_atomic_t *)flag = 1;
	return NULL;
}

START_TEST(a_stop_ends_it_at_once)
{
	static volatile sig_atomic_t stop;
	struct post_limits l = {.stop = &stop};
	BL_CLEANUP(done) struct post p = http_post("/hang");
	uint64_t start = bl_now_ns();
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, stop_soon, (void *)(uintptr_t)&stop), 0);
	ck_assert_uint_eq(post_all(&p, 1, &l), 1);
	ck_assert_uint_lt(bl_now_ns() - start, NS_PER_S);
	pthread_join(thread, NULL);
	ck_assert_int_eq(p.result, -EINTR);
	assert_says(&p, "stopped before it was sent");
}
END_TEST

START_TEST(a_stop_leaves_the_time_that_is_granted)
{
	static volatile sig_atomic_t stop = 1;
	struct post_limits l = {.stop = &stop, .grace_ns = NS_PER_S / 2};
	struct post p[] = {http_post("/ok"), http_post("/hang")};
	uint64_t start = bl_now_ns();

	ck_assert_uint_eq(post_all(p, 2, &l), 1);
	ck_assert_uint_ge(bl_now_ns() - start, NS_PER_S / 2);
	ck_assert_uint_lt(bl_now_ns() - start, 2 * NS_PER_S);
	ck_assert_int_eq(p[0].result, 0);
	ck_assert_int_eq(p[1].result, -EINTR);
	done(&p[0]);
	done(&p[1]);
}
END_TEST

/* --- mail --- */

START_TEST(a_mail_arrives_with_its_dots)
{
	static const char *const to[] = {"ok@example.org", "ok2@example.org"};
	BL_CLEANUP(done) struct post p = mail_post(to, 2);
	BL_CLEANUP(bl_freep) char *got = NULL;

	ck_assert_uint_eq(post_all(&p, 1, &quick), 0);
	got = post_server_got(&server, "smtp", 1);
	ck_assert_ptr_nonnull(got);
	ck_assert_ptr_eq(strstr(got, "MAIL FROM:<lab@example.org>"), got);
	ck_assert_ptr_nonnull(strstr(got, "RCPT TO:<ok@example.org>\r\n"));
	ck_assert_ptr_nonnull(strstr(got, "RCPT TO:<ok2@example.org>\r\n"));
	ck_assert_ptr_nonnull(strstr(got, "Subject: x\r\n\r\n..dots\r\nend\r\n"));
	ck_assert_str_eq(p.said, "250 2.0.0 queued");
}
END_TEST

START_TEST(one_address_that_is_gone_does_not_silence_the_others)
{
	static const char *const to[] = {"no@example.org", "ok@example.org"};
	BL_CLEANUP(done) struct post p = mail_post(to, 2);

	ck_assert_uint_eq(post_all(&p, 1, &quick), 0);
	ck_assert_str_eq(p.said, "550 5.1.1 no such user");
	ck_assert_int_eq(post_server_count(&server, "smtp"), 1);
}
END_TEST

START_TEST(a_refusal_for_good_is_not_tried_again_and_one_for_now_is)
{
	static const char *const gone[] = {"no@example.org"}, *const later[] = {"later@x.org"};
	struct post p[2] = {mail_post(gone, 1), mail_post(later, 1)};

	ck_assert_uint_eq(post_all(p, 2, &quick), 1);
	ck_assert_int_eq(p[0].result, -EIO);
	ck_assert_uint_eq(p[0].n_tries, 1);
	assert_says(&p[0], "refused: 550 5.1.1 no such user");
	ck_assert_int_eq(p[1].result, 0);
	ck_assert_uint_eq(p[1].n_tries, 2);
	ck_assert_int_eq(post_server_count(&server, "smtp"), 1);
	done(&p[0]);
	done(&p[1]);
}
END_TEST

START_TEST(nothing_is_said_in_the_clear_when_encryption_was_asked_for)
{
	static const char *const to[] = {"ok@example.org"};
	BL_CLEANUP(done) struct post p = mail_post(to, 1);

	p.is_starttls = true;
	p.user = "me";
	p.password = "s3cret";
	ck_assert_uint_eq(post_all(&p, 1, &quick), 1);
	ck_assert_int_eq(p.result, -EIO);
	ck_assert_int_eq(post_server_count(&server, "smtp"), 0);
	ck_assert_ptr_null(strstr(p.err.text, "s3cret"));
}
END_TEST

/* --- what is refused before --- */

static const struct {
	enum post_kind kind;
	const char *url, *header, *says;
} refused[] = {
	{POST_HTTP, "ftp://127.0.0.1/", "A: b", "http:// or https://HOST is accepted"},
	{POST_HTTP, "file:///etc/passwd", "A: b", "http:// or https://HOST is accepted"},
	{POST_HTTP, "", "A: b", "http:// or https://HOST is accepted"},
	{POST_MAIL, "http://127.0.0.1/", "A: b", "smtp:// or smtps://HOST is accepted"},
	{POST_HTTP, "http://127.0.0.1/", "A: b\r\nEvil: yes", "header: has a line break"},
};

START_TEST(what_can_not_be_sent_is_refused_before_anything_is)
{
	const char *header[] = {refused[_i].header};
	struct post p = {.kind = refused[_i].kind,
			 .url = refused[_i].url,
			 .method = "POST",
			 .headers = header,
			 .n_headers = 1};

	ck_assert_uint_eq(post_all(&p, 1, &quick), 1);
	ck_assert_int_eq(p.result, -EINVAL);
	ck_assert_uint_eq(p.n_tries, 0);
	assert_says(&p, refused[_i].says);
}
END_TEST

START_TEST(a_line_break_in_an_address_is_refused)
{
	static const char *const to[] = {"a@b\r\nRCPT TO:<evil@x>"};
	BL_CLEANUP(done) struct post p = mail_post(to, 1);

	ck_assert_uint_eq(post_all(&p, 1, &quick), 1);
	ck_assert_int_eq(p.result, -EINVAL);
	assert_says(&p, "to: has a line break");
}
END_TEST

static const struct {
	const char *url, *host;
} hosts[] = {
	{"https://user:pass@hooks.example.org/T0/secret?k=v", "hooks.example.org"},
	{"http://127.0.0.1:9091", "127.0.0.1:9091"},
	{"smtps://[::1]:465", "[::1]:465"},
	{"nonsense://", "?"},
	{"", "?"},
};

START_TEST(of_an_url_only_the_host_is_said)
{
	char host[64];

	ck_assert_str_eq(post_host(host, sizeof host, hosts[_i].url), hosts[_i].host);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("post");
	TCase *t = tcase_create("post");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, a_body_arrives_as_it_is_with_its_headers);
	tcase_add_test(t, a_put_is_a_put);
	tcase_add_loop_test(t, each_answer_is_taken_for_what_it_is, 0, BL_ARRAY_LEN(answers));
	tcase_add_test(t, a_server_that_asks_to_wait_is_waited_for);
	tcase_add_test(t, pauses_double);
	tcase_add_test(t, nobody_there_is_said_with_the_address_and_not_with_the_path);
	tcase_add_test(t, the_budget_holds_whatever_they_do_and_the_others_get_theirs);
	tcase_add_test(t, a_stop_ends_it_at_once);
	tcase_add_test(t, a_stop_leaves_the_time_that_is_granted);
	tcase_add_test(t, a_mail_arrives_with_its_dots);
	tcase_add_test(t, one_address_that_is_gone_does_not_silence_the_others);
	tcase_add_test(t, a_refusal_for_good_is_not_tried_again_and_one_for_now_is);
	tcase_add_test(t, nothing_is_said_in_the_clear_when_encryption_was_asked_for);
	tcase_add_loop_test(t, what_can_not_be_sent_is_refused_before_anything_is, 0,
			    BL_ARRAY_LEN(refused));
	tcase_add_test(t, a_line_break_in_an_address_is_refused);
	tcase_add_loop_test(t, of_an_url_only_the_host_is_said, 0, BL_ARRAY_LEN(hosts));
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
