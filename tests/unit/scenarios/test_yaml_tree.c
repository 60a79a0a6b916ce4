#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "yaml_tree.h"

static struct ynode *parse(const char *text)
{
	struct bl_err err = BL_ERR_INIT;
	struct ynode *root = NULL;

	ck_assert_msg(ytree_parse(text, strlen(text), "t.yaml", &root, &err) == 0, "%s", err.text);
	return root;
}

START_TEST(every_node_knows_its_line_and_column)
{
	BL_CLEANUP(ytree_freep)
	struct ynode *root = parse("# comment\n"
				   "a: 1\n"
				   "list: [x, \"y\"]\n"
				   "map:\n"
				   "  deep: >-\n"
				   "    folded\n"
				   "    text\n");

	ck_assert_int_eq(root->kind, YNODE_MAPPING);
	ck_assert_uint_eq(root->n, 3);
	ck_assert_str_eq(root->keys[0]->text, "a");
	ck_assert_uint_eq(root->keys[0]->at.line, 2);
	ck_assert_uint_eq(root->keys[0]->at.column, 1);
	ck_assert_uint_eq(root->items[0]->at.column, 4);
	ck_assert_int_eq(root->items[1]->kind, YNODE_SEQUENCE);
	ck_assert_uint_eq(root->items[1]->items[1]->at.line, 3);
	ck_assert_uint_eq(root->items[1]->items[1]->at.column, 11);
	ck_assert_str_eq(root->items[1]->items[1]->text, "y");
	ck_assert_str_eq(root->items[2]->items[0]->text, "folded text");
	ck_assert_uint_eq(root->items[2]->items[0]->at.line, 5);
}
END_TEST

START_TEST(columns_count_characters_not_bytes)
{
	BL_CLEANUP(ytree_freep) struct ynode *root = parse("{äöü: 1, b: 2}");

	ck_assert_uint_eq(root->keys[1]->at.column, 10);
}
END_TEST

START_TEST(words_that_yaml_1_1_takes_for_booleans_stay_text)
{
	BL_CLEANUP(ytree_freep) struct ynode *root = parse("[off, no, ~, null, 0x10, 1_000]");
	static const char *const words[] = {"off", "no", "~", "null", "0x10", "1_000"};

	for (size_t i = 0; i < BL_ARRAY_LEN(words); i++)
		ck_assert_str_eq(root->items[i]->text, words[i]);
}
END_TEST

START_TEST(an_empty_file_is_an_empty_mapping)
{
	BL_CLEANUP(ytree_freep) struct ynode *root = parse("# nothing\n");

	ck_assert_int_eq(root->kind, YNODE_MAPPING);
	ck_assert_uint_eq(root->n, 0);
}
END_TEST

START_TEST(what_windows_editors_add_is_no_part_of_the_text)
{
	BL_CLEANUP(ytree_freep)
	struct ynode *root = parse("\xef\xbb\xbf"
				   "a: 1\r\nb: two words\r\n");

	ck_assert_str_eq(root->keys[0]->text, "a");
	ck_assert_uint_eq(root->keys[0]->at.column, 1);
	ck_assert_str_eq(root->items[1]->text, "two words");
}
END_TEST

static const struct {
	const char *in, *says;
} bad[] = {
	{"a: 1\nb: 2\na: 3\n", "a: is given twice, first in line 1; keep one (t.yaml:3:1)"},
	{"a: &x 1\n", "anchors ('&name') are not used in scenario files; write the value again "
		      "(t.yaml:1:4)"},
	{"a: *x\n", "aliases ('*name') are not used in scenario files; write the value again "
		    "(t.yaml:1:4)"},
	{"a: !!int 1\n",
	 "tags ('!name') are not used in scenario files; every value is plain text (t.yaml:1:4)"},
	{"a: !!map {}\n",
	 "tags ('!name') are not used in scenario files; every value is plain text (t.yaml:1:4)"},
	{"[a]: 1\n", "a key is a list; a key must be one word (t.yaml:1:1)"},
	{"a: 1\n---\nb: 1\n",
	 "several documents ('---') are not used in scenario files; one scenario a file "
	 "(t.yaml:2:1)"},
	{"a: \"x\\0y\"\n", "a value holds a NUL character; text is accepted (t.yaml:1:4)"},
	{"a: [1, 2\nb: 3\n",
	 "not YAML: did not find expected ',' or ']' while parsing a flow sequence (t.yaml:2:2)"},
	{"a:\tb\n\tc: 1\n",
	 "not YAML: the line is indented with a tab; blanks are accepted (t.yaml:2:1)"},
	{"a: \xff\n",
	 "not YAML: invalid leading UTF-8 octet; the file must be UTF-8 text (t.yaml:1:4)"},
	{"a: b\nc: caf\xe9\n",
	 "not YAML: incomplete UTF-8 octet sequence; the file must be UTF-8 text (t.yaml:2:7)"},
	{"[[[[[[[[[[[[[[[[[[", "nested more than 16 deep; a scenario needs 4 (t.yaml:1:17)"},
};

START_TEST(what_is_not_in_the_subset_is_refused_with_its_place)
{
	struct bl_err err = BL_ERR_INIT;
	struct ynode *root = NULL;

	ck_assert_int_eq(ytree_parse(bad[_i].in, strlen(bad[_i].in), "t.yaml", &root, &err),
			 -EINVAL);
	ck_assert_str_eq(err.text, bad[_i].says);
	ck_assert_ptr_null(root);
}
END_TEST

START_TEST(a_huge_file_and_a_huge_list_are_refused)
{
	BL_CLEANUP(bl_freep) char *text = malloc(YAML_TREE_BYTES_MAX + 2);
	struct bl_err err = BL_ERR_INIT, err2 = BL_ERR_INIT;
	struct ynode *root = NULL;

	memset(text, ' ', YAML_TREE_BYTES_MAX + 1);
	ck_assert_int_eq(ytree_parse(text, YAML_TREE_BYTES_MAX + 1, "t.yaml", &root, &err), -EFBIG);
	for (size_t i = 0; i < 2 * YAML_TREE_CHILDREN_MAX + 8; i += 2)
		memcpy(text + i, "x,", 2);
	text[0] = '[';
	text[1] = ' ';
	ck_assert_int_eq(ytree_parse(text, 2 * YAML_TREE_CHILDREN_MAX + 8, "t.yaml", &root, &err2),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(err2.text, "more than 4096 entries in a list"));
	ck_assert_ptr_null(root);
}
END_TEST

START_TEST(a_quoted_value_is_short_and_printable)
{
	char out[QUOTE_MAX], lots[400];

	ck_assert_str_eq(text_quote(out, "a\tb\x7f"), "a?b?");
	memset(lots, 'x', sizeof lots);
	lots[sizeof lots - 1] = '\0';
	text_quote(out, lots);
	ck_assert_uint_eq(strlen(out), 63);
	ck_assert_str_eq(out + 60, "...");
	/* "é" is two bytes: one that begins at byte 59 must not be cut in two */
	memcpy(lots + 59, "\xc3\xa9", 2);
	text_quote(out, lots);
	ck_assert_str_eq(out + 59, "...");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("yaml_tree");
	TCase *tc = tcase_create("yaml_tree");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, every_node_knows_its_line_and_column);
	tcase_add_test(tc, columns_count_characters_not_bytes);
	tcase_add_test(tc, words_that_yaml_1_1_takes_for_booleans_stay_text);
	tcase_add_test(tc, what_windows_editors_add_is_no_part_of_the_text);
	tcase_add_test(tc, an_empty_file_is_an_empty_mapping);
	tcase_add_loop_test(tc, what_is_not_in_the_subset_is_refused_with_its_place, 0,
			    BL_ARRAY_LEN(bad));
	tcase_add_test(tc, a_huge_file_and_a_huge_list_are_refused);
	tcase_add_test(tc, a_quoted_value_is_short_and_printable);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
