/* Ctrl-C: what is said, and by whom it is heard. */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static int heard(char *out, size_t len, int fd)
{
	ssize_t n = read(fd, out, len - 1);

	out[n > 0 ? n : 0] = '\0';
	return n > 0;
}

START_TEST(each_verb_says_what_ctrl_c_stops)
{
	struct cli cli = {0};
	char text[256];
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	cli_catch_stop(&cli, "stops looking", "once more");
	ck_assert_int_eq(*cli.stop, 0);
	raise(SIGINT);
	ck_assert_int_eq(*cli.stop, 1);
	ck_assert(heard(text, sizeof text, ends[0]));
	ck_assert_str_eq(text, "\nblklab: stops looking\n");
	raise(SIGTERM);
	ck_assert(heard(text, sizeof text, ends[0]));
	ck_assert_str_eq(text, "\nblklab: once more\n");
}
END_TEST

START_TEST(the_third_time_it_ends_at_once)
{
	struct cli cli = {0};

	cli_catch_stop(&cli, "", "");
	for (int i = 0; i < 3; i++)
		raise(SIGINT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("stop");
	TCase *t = tcase_create("stop");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, each_verb_says_what_ctrl_c_stops);
	tcase_add_test_raise_signal(t, the_third_time_it_ends_at_once, SIGINT);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
