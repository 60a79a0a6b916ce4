/* The parser of the tables: what it takes, what it refuses, and in which words. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "options.h"
#include "rows.h"

static const struct operand_row operands[] = {
	{.name = "THING", .kind = OPTION_TEXT, .is_needed = true, .at = AT(scenario), .help = "x"},
	{.name = "MORE", .kind = OPTION_TEXT, .at = AT(cell), .help = "x"},
};
static const struct option_row options[] = {ROW_STORE, ROW_ACCEL, ROW_REPEATS, ROW_JSON, ROW_WITH};
static const struct verb verb = {
	.name = "try",
	.summary = "x",
	.about = "x",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
};

#define WORDS_MAX 8

static int parse(const char *const words[WORDS_MAX], struct args *a, struct bl_err *err)
{
	char *argv[WORDS_MAX];
	int argc = 0;

	while (argc < WORDS_MAX && words[argc]) {
		argv[argc] = (char *)words[argc];
		argc++;
	}
	return options_parse(&verb, argc, argv, a, err);
}

START_TEST(options_stand_before_between_and_behind_operands)
{
	static const char *const words[WORDS_MAX] = {"--json", "one", "--store=a.db", "-n",
						     "7",      "two", "--accel",      "tcg"};
	struct bl_err err = BL_ERR_INIT;
	struct args a;

	ck_assert_msg(parse(words, &a, &err) == 0, "%s", bl_err_text(&err));
	ck_assert_str_eq(a.scenario, "one");
	ck_assert_str_eq(a.cell, "two");
	ck_assert_str_eq(a.store, "a.db");
	ck_assert_str_eq(a.accel, "tcg");
	ck_assert_uint_eq(a.repeats, 7);
	ck_assert(a.json);
	ck_assert(!a.quiet);
}
END_TEST

START_TEST(defaults_come_from_the_table_and_the_rest_is_absent)
{
	static const char *const words[WORDS_MAX] = {"one"};
	struct args a;

	ck_assert_int_eq(parse(words, &a, NULL), 0);
	ck_assert_str_eq(a.accel, "auto");
	ck_assert_ptr_null(a.store);
	ck_assert_ptr_null(a.cell);
	ck_assert_uint_eq(a.repeats, 0);
}
END_TEST

START_TEST(a_number_may_have_a_word_beside_it)
{
	static const char *const words[WORDS_MAX] = {"one", "--repeats", "auto"};
	struct args a;

	ck_assert_int_eq(parse(words, &a, NULL), 0);
	ck_assert_uint_eq(a.repeats, UINT64_MAX);
}
END_TEST

START_TEST(an_option_of_words_may_be_given_again)
{
	static const char *const words[WORDS_MAX] = {"--with", "a=1", "one",
						     "-w",     "b=2", "--with=a=3"};
	struct args a;

	ck_assert_int_eq(parse(words, &a, NULL), 0);
	ck_assert_str_eq(a.scenario, "one");
	ck_assert_uint_eq(a.with.n, 3);
	ck_assert_str_eq(a.with.items[0], "a=1");
	ck_assert_str_eq(a.with.items[1], "b=2");
	ck_assert_str_eq(a.with.items[2], "a=3");
	ck_assert_uint_eq(a.cells.n, 0);
}
END_TEST

START_TEST(an_option_of_words_may_not_be_given_for_ever)
{
	char with[] = "-w", value[] = "a=1", thing[] = "one";
	char *argv[2 * OPTION_WORDS_MAX + 3] = {thing};
	struct bl_err err = BL_ERR_INIT;
	int argc = 1;
	struct args a;

	for (int i = 0; i < OPTION_WORDS_MAX; i++) {
		argv[argc++] = with;
		argv[argc++] = value;
	}
	ck_assert_int_eq(options_parse(&verb, argc, argv, &a, NULL), 0);
	ck_assert_uint_eq(a.with.n, OPTION_WORDS_MAX);
	argv[argc++] = with;
	argv[argc++] = value;
	ck_assert_int_eq(options_parse(&verb, argc, argv, &a, &err), -E2BIG);
	ck_assert_str_eq(bl_err_text(&err), "--with: may be given 64 times");
}
END_TEST

START_TEST(behind_two_dashes_everything_is_an_operand)
{
	static const char *const words[WORDS_MAX] = {"--", "--json", "-"};
	struct args a;

	ck_assert_int_eq(parse(words, &a, NULL), 0);
	ck_assert_str_eq(a.scenario, "--json");
	ck_assert_str_eq(a.cell, "-");
	ck_assert(!a.json);
}
END_TEST

START_TEST(the_last_operand_may_be_a_list)
{
	static const struct operand_row list[] = {
		{.name = "THING",
		 .kind = OPTION_FILE,
		 .is_needed = true,
		 .at = AT(scenario),
		 .help = "x"},
		{.name = "FILE",
		 .kind = OPTION_WORDS,
		 .is_needed = true,
		 .at = AT(cells),
		 .help = "x"},
	};
	struct verb v = verb;
	char one[] = "one", two[] = "two", three[] = "three", json[] = "-j";
	char *argv[] = {one, two, json, three};
	struct bl_err err = BL_ERR_INIT;
	struct bl_buf usage = BL_BUF_INIT;
	struct args a;

	v.operands = list;
	v.n_operands = 2;
	ck_assert_int_eq(options_parse(&v, 4, argv, &a, NULL), 0);
	ck_assert_str_eq(a.scenario, "one");
	ck_assert_uint_eq(a.cells.n, 2);
	ck_assert_str_eq(a.cells.items[0], "two");
	ck_assert_str_eq(a.cells.items[1], "three");
	ck_assert(a.json);
	ck_assert_int_eq(options_parse(&v, 1, argv, &a, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(bl_err_text(&err), "FILE is missing"));
	verb_usage(&v, &usage);
	ck_assert_str_eq(bl_buf_str(&usage), "[OPTION]... THING FILE...");
	bl_buf_done(&usage);
}
END_TEST

START_TEST(help_needs_no_operands)
{
	static const char *const words[WORDS_MAX] = {"-h"};
	struct args a;

	ck_assert_int_eq(parse(words, &a, NULL), 0);
	ck_assert(a.help);
}
END_TEST

static const struct {
	const char *words[WORDS_MAX];
	int code;
	const char *says;
} bad[] = {
	{{NULL}, -EINVAL, "THING is missing; blklab try [OPTION]... THING [MORE]"},
	{{"a", "b", "c"}, -EINVAL, "'c': one word too many; blklab try [OPTION]... THING [MORE]"},
	{{"a", "--stroe=x"}, -EINVAL, "--stroe: no such option; the nearest is --store"},
	{{"a", "--rep", "1"}, -EINVAL, "--rep: no such option; the nearest is --repeats"},
	{{"a", "--zzzzzzzz"},
	 -EINVAL,
	 "--zzzzzzzz: no such option; 'blklab try --help' lists them"},
	{{"a", "-x"}, -EINVAL, "-x: no such option; 'blklab try --help' lists them"},
	{{"a", "--store"}, -EINVAL, "--store: needs a value, FILE"},
	{{"a", "--store="}, -EINVAL, "--store: '' is no FILE"},
	{{"a", "--with="}, -EINVAL, "--with: '' is no AXIS=VALUE"},
	{{"a", "--json=yes"}, -EINVAL, "--json: takes no value, but 'yes' is given"},
	{{"a", "--accel", "xen"}, -EINVAL, "--accel: 'xen' is not accepted; one of auto, kvm, tcg"},
	{{"a", "--repeats", "0"}, -ERANGE, "--repeats: 0 is below the least, 1; or 'auto'"},
	{{"a", "-n", "1001"}, -ERANGE, "--repeats: 1001 is above the most, 1000; or 'auto'"},
	{{"a", "-n", "many"}, -EINVAL, "--repeats: 'many' is not a whole number; or 'auto'"},
};

START_TEST(a_bad_word_is_refused_with_what_would_be_accepted)
{
	struct args a = {.scenario = "untouched"};
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(parse(bad[_i].words, &a, &err), bad[_i].code);
	ck_assert_str_eq(bl_err_text(&err), bad[_i].says);
	ck_assert_str_eq(a.scenario, "untouched");
}
END_TEST

START_TEST(a_mistyped_verb_names_the_nearest)
{
	struct bl_err near = BL_ERR_INIT, far = BL_ERR_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf all = BL_BUF_INIT;

	ck_assert_int_eq(verb_unknown("plna", &near), -EINVAL);
	ck_assert_str_eq(bl_err_text(&near), "'plna' is not a verb; the nearest is plan");
	verb_unknown("benchmark", &far);
	for (size_t i = 0; i < n_verbs; i++)
		bl_buf_addf(&all, "%s%s", i ? ", " : "'benchmark' is not a verb; one of ",
			    verbs[i]->name);
	ck_assert_str_eq(bl_err_text(&far), bl_buf_str(&all));
}
END_TEST

/* Properties every table must have, so that a new row can't break the pages made from it. */
START_TEST(every_table_is_sound)
{
	const struct verb *v = verb_page((size_t)_i);
	const struct option_row *row, *other;
	struct bl_err err = BL_ERR_INIT;
	struct args a;
	char help[] = "--help", *argv[] = {help};

	ck_assert_msg(options_parse(v, 1, argv, &a, &err) == 0, "%s: %s", v->name,
		      bl_err_text(&err)); /* also parses every default */
	ck_assert_msg(!v->run == (v->n_actions > 0), "%s: run or actions", v->name);
	ck_assert_msg(!v->n_actions || (!v->n_operands && !v->n_options),
		      "%s: what belongs to its actions", v->name);
	for (size_t i = 0; i < v->n_actions; i++) {
		size_t len = strlen(v->name);

		ck_assert_int_eq(strncmp(v->actions[i]->name, v->name, len), 0);
		ck_assert_int_eq(v->actions[i]->name[len], ' ');
		ck_assert_ptr_eq(strchr(verb_last_word(v->actions[i]), ' '), NULL);
	}
	ck_assert_uint_le(strlen(v->summary), 65);
	for (size_t i = 0; (row = verb_option(v, i)); i++) {
		ck_assert_msg((row->kind == OPTION_FLAG) == (row->arg == NULL), "%s --%s: arg",
			      v->name, row->name);
		ck_assert_msg((row->kind == OPTION_ENUM) == (row->values != NULL),
			      "%s --%s: values", v->name, row->name);
		ck_assert_msg(row->kind != OPTION_COUNT || row->min <= row->max, "%s --%s: range",
			      v->name, row->name);
		for (size_t k = i + 1; (other = verb_option(v, k)); k++) {
			ck_assert_str_ne(row->name, other->name);
			ck_assert_msg(!row->letter || row->letter != other->letter, "%s: -%c twice",
				      v->name, row->letter);
			ck_assert_msg(row->at != other->at, "%s: --%s and --%s set one field",
				      v->name, row->name, other->name);
		}
	}
}
END_TEST

START_TEST(the_word_behind_a_verb_with_actions_is_one)
{
	const struct verb *baseline = verb_find("baseline"), *run = verb_find("run"), *v = baseline;
	char show[] = "show", name[] = "db", near[] = "shwo", option[] = "--help";
	char *words[] = {show, name}, *wrong[] = {near}, *help[] = {option}, **argv = words;
	struct bl_err err = BL_ERR_INIT;
	int argc = 2;

	ck_assert_int_eq(verb_take_action(&v, &argc, &argv, &err), 0);
	ck_assert_str_eq(v->name, "baseline show");
	ck_assert_int_eq(argc, 1);
	ck_assert_str_eq(argv[0], "db");
	v = baseline, argc = 1, argv = wrong;
	ck_assert_int_eq(verb_take_action(&v, &argc, &argv, &err), -EINVAL);
	ck_assert_str_eq(bl_err_text(&err), "'shwo' is not an action; the nearest is show");
	err = (struct bl_err)BL_ERR_INIT;
	argc = 0;
	ck_assert_int_eq(verb_take_action(&v, &argc, &argv, &err), -EINVAL);
	ck_assert_str_eq(bl_err_text(&err),
			 "ACTION is missing; one of record, list, show, check, retire");
	argc = 1, argv = help; /* the verb explains itself */
	ck_assert_int_eq(verb_take_action(&v, &argc, &argv, &err), 0);
	ck_assert_ptr_eq(v, baseline);
	v = run, argc = 2, argv = words; /* it has none */
	ck_assert_int_eq(verb_take_action(&v, &argc, &argv, &err), 0);
	ck_assert_ptr_eq(v, run);
	ck_assert_int_eq(argc, 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("options");
	TCase *t = tcase_create("parse");
	SRunner *r;
	int failed, n_pages = 0;

	while (verb_page((size_t)n_pages))
		n_pages++;
	tcase_add_test(t, options_stand_before_between_and_behind_operands);
	tcase_add_test(t, defaults_come_from_the_table_and_the_rest_is_absent);
	tcase_add_test(t, behind_two_dashes_everything_is_an_operand);
	tcase_add_test(t, a_number_may_have_a_word_beside_it);
	tcase_add_test(t, an_option_of_words_may_be_given_again);
	tcase_add_test(t, an_option_of_words_may_not_be_given_for_ever);
	tcase_add_test(t, the_last_operand_may_be_a_list);
	tcase_add_test(t, help_needs_no_operands);
	tcase_add_loop_test(t, a_bad_word_is_refused_with_what_would_be_accepted, 0,
			    BL_ARRAY_LEN(bad));
	tcase_add_test(t, a_mistyped_verb_names_the_nearest);
	tcase_add_test(t, the_word_behind_a_verb_with_actions_is_one);
	tcase_add_loop_test(t, every_table_is_sound, 0, n_pages);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
