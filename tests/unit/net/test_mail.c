/* The text of a mail. What another program reads in it: tests/system/notify/. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "mail.h"

static const char *const to[] = {"a@example.org", "b@example.org"};

static char *compose(const char *subject, const char *text)
{
	struct mail m = {.from = "lab@example.org",
			 .to = to,
			 .n_to = 2,
			 .subject = subject,
			 .text = text,
			 .id = "0199/é 1",
			 .host = "host1.example.org",
			 .wall_ms = 1795228580123};
	struct bl_buf out = BL_BUF_INIT;

	mail_compose(&m, &out);
	return bl_buf_take(&out);
}

START_TEST(a_plain_mail_is_this)
{
	BL_CLEANUP(bl_freep) char *got = compose("blklab: ok", "hello\n");

	ck_assert_str_eq(got, "From: lab@example.org\r\n"
			      "To: a@example.org,\r\n b@example.org\r\n"
			      "Subject: blklab: ok\r\n"
			      "Date: Sat, 21 Nov 2026 02:36:20 +0000\r\n"
			      "Message-ID: <blklab-0199----1@host1.example.org>\r\n"
			      "Auto-Submitted: auto-generated\r\n"
			      "MIME-Version: 1.0\r\n"
			      "Content-Type: text/plain; charset=utf-8\r\n"
			      "Content-Transfer-Encoding: base64\r\n"
			      "\r\n"
			      "aGVsbG8K\r\n");
}
END_TEST

static const struct {
	const char *subject, *line;
} subjects[] = {
	{"a\r\nBcc: evil@example.org", "Subject: a  Bcc: evil@example.org\r\n"},
	{"caf\xc3\xa9", "Subject: =?UTF-8?B?Y2Fmw6k=?=\r\n"},
	{"=?x?=", "Subject: =?UTF-8?B?PT94Pz0=?=\r\n"},
	{"", "Subject: \r\n"},
	/* 65 letters: folded after 42 */
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "Subject: =?UTF-8?B?YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh?=\r\n"
	 " =?UTF-8?B?YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=?=\r\n"},
	/* the 42nd byte is within a character: cut before it */
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xe2\x82\xac",
	 "Subject: =?UTF-8?B?YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=?=\r\n"
	 " =?UTF-8?B?4oKs?=\r\n"},
};

START_TEST(a_subject_is_one_header_whatever_is_in_it)
{
	BL_CLEANUP(bl_freep) char *got = compose(subjects[_i].subject, "x");

	ck_assert_msg(strstr(got, subjects[_i].line), "no '%s' in '%s'", subjects[_i].line, got);
}
END_TEST

START_TEST(no_line_is_longer_than_78)
{
	char text[4000];
	BL_CLEANUP(bl_freep) char *got = NULL;

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	got = compose(text, text);
	for (char *s = got, *end; *s; s = end + 2) {
		end = strstr(s, "\r\n");
		ck_assert_ptr_nonnull(end);
		ck_assert_int_le(end - s, 78);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mail");
	TCase *t = tcase_create("mail");
	SRunner *sr;
	int failed;

	tcase_add_test(t, a_plain_mail_is_this);
	tcase_add_loop_test(t, a_subject_is_one_header_whatever_is_in_it, 0,
			    BL_ARRAY_LEN(subjects));
	tcase_add_test(t, no_line_is_longer_than_78);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
