#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "clock.h"
#include "digest.h"
#include "fetch.h"
#include "fresh_dir.h"
#include "fs.h"
#include "http_server.h"
#include "units.h"

/* SHA-256 of BODY, from sha256sum(1). */
#define BODY     "blklab test body\n"
#define BODY_SHA "0e21d2ae5767273fa3ed19f80af5641e120a70ea1f7797889f1912e42da12808"

static char dir[64];
static struct http_server server;

static void set_up(void)
{
	fresh_dir(dir);
	http_server_start(&server, BODY);
}

static void tear_down(void)
{
	http_server_stop(&server);
	bl_remove_tree(dir, NULL);
}

static int get(const char *what, const char *sha, char **path, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *url = bl_strf("http://127.0.0.1:%d%s", server.port, what);
	struct fetch_request req = {
		.url = url, .sha256 = sha, .cache_dir = dir, .stall_limit_ns = NS_PER_S};

	return fetch_file(&req, path, err);
}

/* Entries of the cache folder: nothing may be left by a failure. */
static int entries(void)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void assert_holds_body(const char *path)
{
	struct bl_buf b = BL_BUF_INIT;

	ck_assert_int_eq(bl_read_file(path, 1000, &b, NULL), 0);
	ck_assert_str_eq(bl_buf_str(&b), BODY);
	bl_buf_done(&b);
}

/* FIPS 180-2, appendix B. */
static const struct {
	const char *in, *sha;
} published[] = {
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
};

START_TEST(a_digest_is_the_published_one_however_the_bytes_are_cut)
{
	const char *in = published[_i].in;
	BL_CLEANUP(digest_freep) struct digest *d = digest_new();
	char hex[DIGEST_TEXT];

	digest_add(d, in, strlen(in));
	ck_assert_str_eq(digest_hex(d, hex), published[_i].sha);
	for (const char *s = in; *s; s++)
		digest_add(d, s, 1);
	ck_assert_str_eq(digest_hex(d, hex), published[_i].sha);
}
END_TEST

START_TEST(strings_are_told_apart_by_where_they_end)
{
	BL_CLEANUP(digest_freep) struct digest *d = digest_new();
	char a[DIGEST_TEXT], b[DIGEST_TEXT];

	digest_adds(d, "ab");
	digest_adds(d, "c");
	digest_hex(d, a);
	digest_adds(d, "a");
	digest_adds(d, "bc");
	ck_assert_str_ne(digest_hex(d, b), a);
}
END_TEST

START_TEST(a_file_is_fetched_once_and_then_comes_from_the_cache)
{
	BL_CLEANUP(bl_freep) char *first = NULL, *second = NULL;
	BL_CLEANUP(bl_freep) char *want = bl_strf("%s/%s/body.deb", dir, BODY_SHA);

	ck_assert_int_eq(get("/ok/body.deb", BODY_SHA, &first, NULL), 0);
	ck_assert_str_eq(first, want);
	assert_holds_body(first);
	ck_assert_int_eq(http_server_requests(&server), 1);
	ck_assert_int_eq(get("/ok/body.deb", BODY_SHA, &second, NULL), 0);
	ck_assert_str_eq(second, want);
	ck_assert_int_eq(http_server_requests(&server), 0);
}
END_TEST

START_TEST(a_cached_file_that_was_changed_is_fetched_again)
{
	BL_CLEANUP(bl_freep) char *first = NULL, *second = NULL;

	ck_assert_int_eq(get("/ok/a", BODY_SHA, &first, NULL), 0);
	ck_assert_int_eq(bl_write_file(first, "spoiled", 7, NULL), 0);
	ck_assert_int_eq(get("/ok/a", BODY_SHA, &second, NULL), 0);
	assert_holds_body(second);
	ck_assert_int_eq(http_server_requests(&server), 2);
}
END_TEST

START_TEST(a_checksum_in_capitals_is_the_same_checksum)
{
	BL_CLEANUP(bl_freep) char *path = NULL;
	char upper[] = BODY_SHA;

	for (char *s = upper; *s; s++)
		*s = *s >= 'a' ? (char)(*s - 32) : *s;
	ck_assert_int_eq(get("/ok/a", upper, &path, NULL), 0);
	ck_assert_ptr_nonnull(strstr(path, BODY_SHA));
}
END_TEST

START_TEST(a_redirect_is_followed_and_the_asked_name_is_kept)
{
	BL_CLEANUP(bl_freep) char *path = NULL;

	ck_assert_int_eq(get("/away/k%3a1.deb", BODY_SHA, &path, NULL), 0);
	ck_assert_str_eq(strrchr(path, '/'), "/k_3a1.deb");
	assert_holds_body(path);
}
END_TEST

START_TEST(a_file_url_works_too)
{
	BL_CLEANUP(bl_freep) char *source = bl_strf("%s/source.deb", dir), *path = NULL;
	BL_CLEANUP(bl_freep) char *url = bl_strf("file://%s", source);
	struct fetch_request req = {.url = url, .sha256 = BODY_SHA, .cache_dir = dir};

	ck_assert_int_eq(bl_write_file(source, BODY, strlen(BODY), NULL), 0);
	ck_assert_int_eq(fetch_file(&req, &path, NULL), 0);
	assert_holds_body(path);
}
END_TEST

static const struct {
	const char *what, *sha;
	int code;
	const char *says;
} failing[] = {
	{"/ok/a", "0000000000000000000000000000000000000000000000000000000000000000", -EBADMSG,
	 "has sha256 " BODY_SHA ", not the wanted 00000000"},
	{"/nothing", BODY_SHA, -EIO, "404"},
	{"/cut", BODY_SHA, -EIO, "bytes remaining"},
	{"/stall", BODY_SHA, -ETIMEDOUT, "/stall': "},
	{"/file", BODY_SHA, -EIO, "Protocol \"file\" not supported or disabled"},
	{"/ok/a", "12", -EINVAL, "sha256: '12' is not 64 hex digits"},
	{"/ok/a", NULL, -EINVAL, "sha256: '' is not 64 hex digits"},
};

START_TEST(a_failed_fetch_says_why_and_leaves_nothing)
{
	struct bl_err err = BL_ERR_INIT;
	char *path = NULL;

	ck_assert_int_eq(get(failing[_i].what, failing[_i].sha, &path, &err), failing[_i].code);
	ck_assert_msg(strstr(err.text, failing[_i].says), "'%s' does not say '%s'", err.text,
		      failing[_i].says);
	ck_assert_ptr_null(path);
	ck_assert_int_eq(entries(), 0);
}
END_TEST

static const char *const no_urls[] = {"", "not a url", "ftp://127.0.0.1/a", "scp://h/x"};

START_TEST(what_is_no_url_we_follow_is_refused)
{
	struct fetch_request req = {.url = no_urls[_i], .sha256 = BODY_SHA, .cache_dir = dir};
	struct bl_err err = BL_ERR_INIT;
	char *path;

	ck_assert_int_eq(fetch_file(&req, &path, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "http, https and file are accepted"));
}
END_TEST

START_TEST(a_closed_port_is_an_error_with_the_address)
{
	struct bl_err err = BL_ERR_INIT;
	char *path;

	http_server_stop(&server);
	ck_assert_int_eq(get("/ok/a", BODY_SHA, &path, &err), -EIO);
	ck_assert_ptr_nonnull(strstr(err.text, "127.0.0.1"));
	http_server_start(&server, BODY);
}
END_TEST

static void note(void *ctx, const char *url, uint64_t done, uint64_t total)
{
	uint64_t *last = ctx;

	(void)url;
	last[0] = done;
	last[1] = total;
}

START_TEST(progress_ends_at_the_size_of_the_file)
{
	BL_CLEANUP(bl_freep) char *url = bl_strf("http://127.0.0.1:%d/ok/p", server.port);
	BL_CLEANUP(bl_freep) char *path = NULL;
	uint64_t last[2] = {0};
	struct fetch_request req = {
		.url = url, .sha256 = BODY_SHA, .cache_dir = dir, .progress = note, .ctx = last};

	ck_assert_int_eq(fetch_file(&req, &path, NULL), 0);
	ck_assert_uint_eq(last[0], strlen(BODY));
	ck_assert_uint_eq(last[1], strlen(BODY));
}
END_TEST

static void *stop_soon(void *flag)
{
	usleep(300000);
	*(volatile sig_atomic_t *)flag = 1;
	return NULL;
}

START_TEST(a_stop_ends_a_stalled_fetch_at_once_and_leaves_nothing)
{
	BL_CLEANUP(bl_freep) char *url = bl_strf("http://127.0.0.1:%d/stall", server.port);
	static volatile sig_atomic_t stop;
	struct fetch_request req = {
		.url = url, .sha256 = BODY_SHA, .cache_dir = dir, .stop = &stop};
	struct bl_err err = BL_ERR_INIT;
	uint64_t start = bl_now_ns();
	pthread_t thread;
	char *path;

	ck_assert_int_eq(pthread_create(&thread, NULL, stop_soon, (void *)(uintptr_t)&stop), 0);
	ck_assert_int_eq(fetch_file(&req, &path, &err), -EINTR);
	ck_assert_uint_lt(bl_now_ns() - start, 700 * NS_PER_MS); /* 300 of them are the wait */
	pthread_join(thread, NULL);
	ck_assert_ptr_nonnull(strstr(err.text, "stopped while fetching 'http://127.0.0.1"));
	ck_assert_int_eq(rmdir(dir), 0); /* no .part in it, nor the folder it was in */
	ck_assert_int_eq(mkdir(dir, 0700), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("net");
	TCase *t = tcase_create("fetch");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, a_digest_is_the_published_one_however_the_bytes_are_cut, 0,
			    BL_ARRAY_LEN(published));
	tcase_add_test(t, strings_are_told_apart_by_where_they_end);
	tcase_add_test(t, a_file_is_fetched_once_and_then_comes_from_the_cache);
	tcase_add_test(t, a_cached_file_that_was_changed_is_fetched_again);
	tcase_add_test(t, a_checksum_in_capitals_is_the_same_checksum);
	tcase_add_test(t, a_redirect_is_followed_and_the_asked_name_is_kept);
	tcase_add_test(t, a_file_url_works_too);
	tcase_add_loop_test(t, a_failed_fetch_says_why_and_leaves_nothing, 0,
			    BL_ARRAY_LEN(failing));
	tcase_add_loop_test(t, what_is_no_url_we_follow_is_refused, 0, BL_ARRAY_LEN(no_urls));
	tcase_add_test(t, a_closed_port_is_an_error_with_the_address);
	tcase_add_test(t, a_stop_ends_a_stalled_fetch_at_once_and_leaves_nothing);
	tcase_add_test(t, progress_ends_at_the_size_of_the_file);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
