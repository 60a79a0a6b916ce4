#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

static void push_frame(struct wire_reader *r, uint32_t len, const char *text)
{
	unsigned char head[4] = {len & 255, len >> 8 & 255, len >> 16 & 255, len >> 24};

	wire_reader_push(r, head, 4);
	wire_reader_push(r, text, strlen(text));
}

START_TEST(a_frame_is_its_length_in_little_endian_and_compact_json)
{
	struct bl_buf out = BL_BUF_INIT;
	json_t *m = json_pack("{s:s, s:i}", "type", "ping", "id", 7);

	ck_assert_int_eq(wire_encode(m, &out, NULL), 0);
	ck_assert_uint_eq(out.len, 4 + strlen("{\"type\":\"ping\",\"id\":7}"));
	ck_assert_mem_eq(out.data, "\x16\0\0\0{\"type\":\"ping\",\"id\":7}", out.len);
	json_decref(m);
	bl_buf_done(&out);
}
END_TEST

START_TEST(messages_come_back_whole_however_the_bytes_are_cut)
{
	struct bl_buf out = BL_BUF_INIT;

	for (int i = 0; i < 50; i++) {
		json_t *m = json_pack("{s:s, s:i, s:s}", "type", "run", "id", i, "jobs",
				      "[a]\nrw=read\n\"quoted\" \xc3\xa4");

		ck_assert_int_eq(wire_encode(m, &out, NULL), 0);
		json_decref(m);
	}
	for (size_t step = 1; step < 400; step += 37) {
		struct wire_reader r = {0};
		json_int_t seen = 0;

		for (size_t at = 0; at < out.len; at += step) {
			size_t n = out.len - at < step ? out.len - at : step;
			json_t *m;

			wire_reader_push(&r, out.data + at, n);
			while (wire_reader_next(&r, &m, NULL) == 1) {
				ck_assert_int_eq(json_integer_value(json_object_get(m, "id")),
						 seen++);
				ck_assert_str_eq(json_string_value(json_object_get(m, "jobs")),
						 "[a]\nrw=read\n\"quoted\" \xc3\xa4");
				json_decref(m);
			}
		}
		ck_assert_int_eq(seen, 50);
		ck_assert_uint_lt(r.buf.len, out.len); /* taken messages are let go */
		wire_reader_done(&r);
	}
	bl_buf_done(&out);
}
END_TEST

static const struct {
	const char *text;
	uint32_t len; /* 0: of the text */
	const char *says;
} lost[] = {
	{"{\"type\":\"x\"}", 0xffffffff, "a frame of 4294967295 bytes; 1 to 33554432 are accepted"},
	{"{\"type\":\"x\"}", WIRE_FRAME_MAX + 1, "a frame of 33554433 bytes; 1 to 33554432"},
	{"garbage\x1b[2J", 0, "'garbage?[2J' is not a JSON object: "},
	{"[1, 2]", 0, "'[1, 2]' has no string member 'type'"},
	{"\"text\"", 0, "is not a JSON object: '[' or '{' expected"},
	{"{\"id\":1}", 0, "'{\"id\":1}' has no string member 'type'"},
	{"{\"type\":5}", 0, "'{\"type\":5}' has no string member 'type'"},
	{"{\"type\":\"a\",\"type\":\"b\"}", 0, "duplicate object key"},
	{"{\"type\":\"a\"} {}", 0, "end of file expected"},
	{"{\"type\":\"\\ud800\"}", 0, "is not a JSON object: "},
};

START_TEST(a_frame_that_is_no_message_loses_the_stream_for_good)
{
	struct wire_reader r = {0};
	struct bl_err err = BL_ERR_INIT;
	json_t *m = NULL;

	push_frame(&r, lost[_i].len ? lost[_i].len : (uint32_t)strlen(lost[_i].text),
		   lost[_i].text);
	ck_assert_int_eq(wire_reader_next(&r, &m, &err), -EBADMSG);
	ck_assert_msg(strstr(err.text, lost[_i].says), "'%s' does not say '%s'", err.text,
		      lost[_i].says);
	push_frame(&r, 12, "{\"type\":\"x\"}");
	ck_assert_int_eq(wire_reader_next(&r, &m, NULL), -EBADMSG);
	ck_assert_ptr_null(m);
	wire_reader_done(&r);
}
END_TEST

START_TEST(an_empty_frame_is_refused)
{
	struct wire_reader r = {0};
	json_t *m;

	push_frame(&r, 0, "");
	ck_assert_int_eq(wire_reader_next(&r, &m, NULL), -EBADMSG);
	wire_reader_done(&r);
}
END_TEST

START_TEST(json_nested_without_end_is_refused_not_followed)
{
	struct wire_reader r = {0};
	char *deep = malloc(1 << 20);
	json_t *m;

	memset(deep, '[', (1 << 20) - 1);
	deep[(1 << 20) - 1] = '\0';
	push_frame(&r, (1 << 20) - 1, deep);
	ck_assert_int_eq(wire_reader_next(&r, &m, NULL), -EBADMSG);
	free(deep);
	wire_reader_done(&r);
}
END_TEST

START_TEST(a_message_above_the_limit_is_not_sent)
{
	struct bl_err err = BL_ERR_INIT;
	struct bl_buf out = BL_BUF_INIT;
	char *big = malloc(WIRE_FRAME_MAX + 1);
	json_t *m;

	memset(big, 'x', WIRE_FRAME_MAX);
	big[WIRE_FRAME_MAX] = '\0';
	m = json_pack("{s:s, s:s}", "type", "log", "text", big);
	ck_assert_int_eq(wire_encode(m, &out, &err), -EMSGSIZE);
	ck_assert_ptr_nonnull(strstr(err.text, "'log'"));
	ck_assert_uint_eq(out.len, 0);
	json_decref(m);
	free(big);
	bl_buf_done(&out);
}
END_TEST

START_TEST(a_message_without_a_type_is_not_sent)
{
	struct bl_buf out = BL_BUF_INIT;
	json_t *m = json_object();

	ck_assert_int_eq(wire_encode(m, &out, NULL), -EINVAL);
	ck_assert_str_eq(wire_type(m), "");
	ck_assert_uint_eq(out.len, 0);
	json_decref(m);
	bl_buf_done(&out);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("wire");
	TCase *t = tcase_create("frames");
	SRunner *sr;
	int failed;

	tcase_add_test(t, a_frame_is_its_length_in_little_endian_and_compact_json);
	tcase_add_test(t, messages_come_back_whole_however_the_bytes_are_cut);
	tcase_add_loop_test(t, a_frame_that_is_no_message_loses_the_stream_for_good, 0,
			    sizeof lost / sizeof lost[0]);
	tcase_add_test(t, an_empty_frame_is_refused);
	tcase_add_test(t, json_nested_without_end_is_refused_not_followed);
	tcase_add_test(t, a_message_above_the_limit_is_not_sent);
	tcase_add_test(t, a_message_without_a_type_is_not_sent);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
