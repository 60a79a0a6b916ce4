/* What `blklab run` says at its end, above all the commands that are there to be copied. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "fresh_dir.h"
#include "fs.h"
#include "out_file.h"
#include "run_closing.h"
#include "synthetic.h"

static char *close_as(const char *argv0)
{
	static const struct synthetic small = {
		.repeats = 3, .seconds = 1, .seed = 5, .is_small = true};
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct cli cli = {.out = out, .err = out, .columns = 80, .program = cli_program(argv0)};
	struct args a = {.store = "out/s.db"};
	struct progress p = {.n_trials = 9, .n_done = 9, .n_ok = 9};
	struct bl_err err = BL_ERR_INIT;

	synthetic_run(&small, &d);
	ck_assert_msg(run_closing(&cli, &a, "out/s.db", &p, &d, EXIT_FINE, &err) == EXIT_FINE, "%s",
		      bl_err_text(&err));
	fclose(out);
	return text;
}

START_TEST(commands_to_copy_call_the_program_as_it_was_called)
{
	BL_CLEANUP(bl_freep) char *built = close_as("build/blklab");
	BL_CLEANUP(bl_freep) char *installed = close_as("blklab");

	ck_assert_ptr_nonnull(
		strstr(built, "\npage     build/blklab report --store out/s.db --output"));
	ck_assert_ptr_nonnull(strstr(built, "\ncompare  build/blklab compare '"));
	ck_assert_ptr_nonnull(strstr(installed, "\npage     blklab report --store"));
	ck_assert_ptr_nonnull(strstr(installed, "\ncompare  blklab compare '"));
}
END_TEST

static const struct {
	const char *argv0, *says;
} names[] = {
	{"blklab", "blklab"},
	{"./blklab", "./blklab"},
	{"/opt/lab/bin/blklab", "/opt/lab/bin/blklab"},
	{"../my lab/blklab", "blklab"}, /* not one word of a shell */
	{"./$(reboot)", "blklab"},
	{"-blklab", "blklab"},
	{"", "blklab"},
	{NULL, "blklab"},
};

START_TEST(only_a_path_of_one_word_stands_for_the_program)
{
	ck_assert_str_eq(cli_program(names[_i].argv0), names[_i].says);
}
END_TEST

START_TEST(a_disk_is_refused_before_anything_is_measured)
{
	char dir[64];
	struct bl_err err = BL_ERR_INIT;

	fresh_dir(dir);
	BL_CLEANUP(bl_freep) char *page = bl_strf("%s/page.html", dir);
	BL_CLEANUP(bl_freep) char *disk = bl_strf("%s/disk", dir);

	ck_assert_int_eq(out_file_check("--report", page, &err), 0);
	if (mknod(disk, S_IFBLK | 0600, makedev(7, 255)) == 0) { /* only root makes one */
		ck_assert_int_eq(out_file_check("--report", disk, &err), -EINVAL);
		ck_assert_ptr_nonnull(strstr(bl_err_text(&err), "is a disk; name a file"));
	}
	ck_assert_int_eq(bl_remove_tree(dir, NULL), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("closing");
	TCase *t = tcase_create("commands");
	SRunner *r;
	int failed;

	tcase_add_test(t, commands_to_copy_call_the_program_as_it_was_called);
	tcase_add_loop_test(t, only_a_path_of_one_word_stands_for_the_program, 0,
			    BL_ARRAY_LEN(names));
	tcase_add_test(t, a_disk_is_refused_before_anything_is_measured);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
