/* The floor that everything stands on: reasons, buffers, units, files, child programs, identity. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "buf.h"
#include "cleanup.h"
#include "clock.h"
#include "err.h"
#include "fresh_dir.h"
#include "fs.h"
#include "proc.h"
#include "units.h"

static char dir[64];

static void make_dir(void)
{
	fresh_dir(dir);
}

static void drop_dir(void)
{
	ck_assert_int_eq(bl_remove_tree(dir, NULL), 0);
}

START_TEST(the_first_reason_wins_and_callers_add_where)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(bl_fail(&err, -EINVAL, "depth: %d is below the least, 1", 0), -EINVAL);
	ck_assert_int_eq(bl_fail(&err, -ENOMEM, "later"), -ENOMEM);
	bl_wrap(&err, -EINVAL, "line %d", 3);
	ck_assert_str_eq(bl_err_text(&err), "line 3: depth: 0 is below the least, 1");
	ck_assert_int_eq(err.code, -EINVAL);
}
END_TEST

START_TEST(wrapping_nothing_gives_the_errno_text)
{
	struct bl_err err = BL_ERR_INIT;

	bl_wrap(&err, -ENOENT, "store");
	ck_assert_str_eq(bl_err_text(&err), "store: No such file or directory");
	ck_assert_str_eq(bl_err_text(NULL), "no reason given");
	ck_assert_int_eq(bl_fail(NULL, -EIO, "nobody listens"), -EIO);
}
END_TEST

START_TEST(a_reason_longer_than_its_place_is_cut_not_overrun)
{
	struct bl_err err = BL_ERR_INIT;
	char big[4000];

	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	bl_fail(&err, -EINVAL, "%s", big);
	bl_wrap(&err, -EINVAL, "%s", big);
	ck_assert_uint_lt(strlen(err.text), sizeof err.text);
}
END_TEST

START_TEST(a_buffer_grows_and_hands_its_bytes_over)
{
	struct bl_buf b = BL_BUF_INIT;
	char *s;

	ck_assert_str_eq(bl_buf_str(&b), "");
	for (int i = 0; i < 1000; i++)
		bl_buf_addf(&b, "%d,", i);
	ck_assert_uint_eq(b.len, 10 * 2 + 90 * 3 + 900 * 4);
	s = bl_buf_take(&b);
	ck_assert_ptr_nonnull(strstr(s, ",999,"));
	ck_assert_uint_eq(b.len, 0);
	free(s);
	s = bl_buf_take(&b);
	ck_assert_str_eq(s, "");
	free(s);
}
END_TEST

static const struct {
	const char *in;
	uint64_t bytes;
} sizes[] = {
	{"0", 0},
	{"512", 512},
	{"4k", 4096},
	{"4KiB", 4096},
	{"1.5GiB", 1610612736},
	{"2 MiB", 2097152},
	{"16t", 17592186044416},
};

START_TEST(sizes_are_binary_whatever_the_suffix)
{
	uint64_t v = 1;

	ck_assert_int_eq(bl_parse_size(sizes[_i].in, &v, NULL), 0);
	ck_assert_uint_eq(v, sizes[_i].bytes);
}
END_TEST

static const struct {
	const char *in;
	int code;
	const char *says;
} bad_sizes[] = {
	{"", -EINVAL, "'' is not a size; for example 512, 4KiB, 256MiB, 2GiB"},
	{"lots", -EINVAL, "'lots' is not a size; for example 512, 4KiB, 256MiB, 2GiB"},
	{"4q", -EINVAL, "'4q' is not a size; for example 512, 4KiB, 256MiB, 2GiB"},
	{"-1", -EINVAL, "'-1' is not a size; for example 512, 4KiB, 256MiB, 2GiB"},
	{"99999999999999999999", -ERANGE, "'99999999999999999999' is too large for a size"},
	{"18446744073709551615k", -ERANGE, "'18446744073709551615k' is too large for a size"},
};

START_TEST(a_bad_size_is_named)
{
	struct bl_err err = BL_ERR_INIT;
	uint64_t v = 7;

	ck_assert_int_eq(bl_parse_size(bad_sizes[_i].in, &v, &err), bad_sizes[_i].code);
	ck_assert_str_eq(err.text, bad_sizes[_i].says);
	ck_assert_uint_eq(v, 7);
}
END_TEST

START_TEST(times_have_units_and_a_bare_number_is_seconds)
{
	uint64_t v;

	ck_assert_int_eq(bl_parse_time("10", &v, NULL), 0);
	ck_assert_uint_eq(v, 10 * NS_PER_S);
	ck_assert_int_eq(bl_parse_time("500ms", &v, NULL), 0);
	ck_assert_uint_eq(v, 500 * NS_PER_MS);
	ck_assert_int_eq(bl_parse_time("1.5s", &v, NULL), 0);
	ck_assert_uint_eq(v, 1500 * NS_PER_MS);
	ck_assert_int_eq(bl_parse_time("2x", &v, NULL), -EINVAL);
}
END_TEST

START_TEST(numbers_outside_their_bounds_say_the_bounds)
{
	struct bl_err err = BL_ERR_INIT;
	uint64_t v = 0;

	ck_assert_int_eq(bl_parse_u64("64", 0, 64, &v, NULL), 0);
	ck_assert_uint_eq(v, 64);
	ck_assert_int_eq(bl_parse_u64("65", 0, 64, &v, &err), -ERANGE);
	ck_assert_str_eq(err.text, "65 is above the most, 64");
	err = (struct bl_err)BL_ERR_INIT;
	ck_assert_int_eq(bl_parse_u64("0", 1, 64, &v, &err), -ERANGE);
	ck_assert_str_eq(err.text, "0 is below the least, 1");
	ck_assert_int_eq(bl_parse_u64("1x", 0, 64, &v, NULL), -EINVAL);
}
END_TEST

static const struct {
	uint64_t ns;
	const char *text;
} times[] = {
	{0, "0 ns"},           {999, "999 ns"},        {1000, "1 us"},       {412345, "412 us"},
	{999499, "999 us"},    {999500, "1.00 ms"},    {1234567, "1.23 ms"}, {12345678, "12.3 ms"},
	{10000000000, "10 s"}, {1500000000, "1.50 s"},
};

START_TEST(times_are_shown_with_three_digits)
{
	char out[BL_UNIT_TEXT_MAX];

	ck_assert_str_eq(bl_format_ns(out, times[_i].ns), times[_i].text);
}
END_TEST

START_TEST(sizes_counts_and_clocks_are_shown_as_people_say_them)
{
	char out[BL_UNIT_TEXT_MAX];

	ck_assert_str_eq(bl_format_size(out, 4096), "4 KiB");
	ck_assert_str_eq(bl_format_size(out, 1610612736), "1.50 GiB");
	ck_assert_str_eq(bl_format_count(out, 9810), "9810");
	ck_assert_str_eq(bl_format_count(out, 98100), "98.1k");
	ck_assert_str_eq(bl_format_clock(out, 724 * NS_PER_S), "12:04");
	ck_assert_str_eq(bl_format_clock(out, 3723 * NS_PER_S), "1:02:03");
}
END_TEST

START_TEST(a_file_is_replaced_whole_and_read_back)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/a/b/f", dir);
	BL_CLEANUP(bl_freep) char *folder = bl_strf("%s/a/b", dir);
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	uint64_t v;

	ck_assert_int_eq(bl_mkdir_p(folder, NULL), 0);
	ck_assert_int_eq(bl_mkdir_p(folder, NULL), 0);
	ck_assert_int_eq(bl_write_file(path, "42\nrest", 7, NULL), 0);
	ck_assert_int_eq(bl_read_file(path, 100, &b, NULL), 0);
	ck_assert_str_eq(bl_buf_str(&b), "42\nrest");
	ck_assert_int_eq(bl_read_u64(path, &v), 0);
	ck_assert_uint_eq(v, 42);
	ck_assert_int_eq(bl_read_file(path, 3, &b, NULL), -EFBIG);
	ck_assert_int_eq(bl_read_file(folder, 100, &b, NULL), -EISDIR);
}
END_TEST

/* `--report /dev/stdout`, a pipe of the shell, a disk in place of a file. */
START_TEST(what_is_no_file_is_never_replaced_by_one)
{
	BL_CLEANUP(bl_freep) char *file = bl_strf("%s/f", dir);
	BL_CLEANUP(bl_freep) char *link = bl_strf("%s/link", dir);
	BL_CLEANUP(bl_freep) char *device = bl_strf("%s/nowhere", dir);
	BL_CLEANUP(bl_freep) char *fifo = bl_strf("%s/fifo", dir);
	BL_CLEANUP(bl_freep) char *disk = bl_strf("%s/disk", dir);
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	BL_CLEANUP(bl_closep) int fd = -1;
	struct bl_err err = BL_ERR_INIT;
	struct stat st;
	char got[8];

	ck_assert_int_eq(bl_write_file(file, "old", 3, NULL), 0);
	ck_assert_int_eq(symlink(file, link), 0);
	ck_assert_int_eq(bl_write_file(link, "new", 3, NULL), 0);
	ck_assert_int_eq(lstat(link, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_int_eq(bl_read_file(file, 8, &b, NULL), 0);
	ck_assert_str_eq(bl_buf_str(&b), "new");

	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bl_write_file(fifo, "piped", 5, NULL), 0);
	ck_assert_int_eq(read(fd, got, sizeof got), 5);
	ck_assert_int_eq(stat(fifo, &st), 0);
	ck_assert(S_ISFIFO(st.st_mode));

	ck_assert_int_eq(symlink("/dev/null", device), 0);
	ck_assert_int_eq(bl_write_file(device, "x", 1, NULL), 0);
	ck_assert_int_eq(stat("/dev/null", &st), 0);
	ck_assert(S_ISCHR(st.st_mode));

	ck_assert_int_eq(bl_write_file(dir, "x", 1, NULL), -EISDIR);
	if (mknod(disk, S_IFBLK | 0600, makedev(7, 255)) < 0)
		return; /* only root makes one */
	ck_assert_int_eq(bl_write_file(disk, "x", 1, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "it is a disk"));
	ck_assert_int_eq(stat(disk, &st), 0);
	ck_assert(S_ISBLK(st.st_mode));
}
END_TEST

START_TEST(a_folder_below_a_file_is_refused_with_its_name)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/f", dir);
	BL_CLEANUP(bl_freep) char *below = bl_strf("%s/f/g", dir);
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(bl_write_file(path, "x", 1, NULL), 0);
	ck_assert_int_lt(bl_mkdir_p(below, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, below));
}
END_TEST

START_TEST(removing_a_tree_does_not_follow_links)
{
	BL_CLEANUP(bl_freep) char *keep = bl_strf("%s/keep", dir);
	BL_CLEANUP(bl_freep) char *tree = bl_strf("%s/tree", dir);
	BL_CLEANUP(bl_freep) char *link = bl_strf("%s/tree/link", dir);
	BL_CLEANUP(bl_freep) char *file = bl_strf("%s/keep/file", dir);

	bl_mkdir_p(keep, NULL);
	bl_mkdir_p(tree, NULL);
	ck_assert_int_eq(bl_write_file(file, "x", 1, NULL), 0);
	ck_assert_int_eq(symlink(keep, link), 0);
	ck_assert_int_eq(bl_remove_tree(tree, NULL), 0);
	ck_assert(!bl_exists(tree));
	ck_assert(bl_exists(file));
	ck_assert_int_eq(bl_remove_tree(tree, NULL), 0);
}
END_TEST

START_TEST(a_child_program_gets_its_input_and_gives_output_and_status)
{
	const char *const cat[] = {"cat", NULL};
	const char *const fail[] = {"sh", "-c", "echo oops >&2; exit 3", NULL};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT, bad = BL_BUF_INIT;
	static char big[300000];

	memset(big, 'a', sizeof big);
	ck_assert_int_eq(bl_proc_run(cat, big, sizeof big, &out, NULL, 0, NULL), 0);
	ck_assert_uint_eq(out.len, sizeof big);
	ck_assert_int_eq(bl_proc_run(fail, NULL, 0, NULL, &bad, 0, NULL), 3);
	ck_assert_str_eq(bl_buf_str(&bad), "oops\n");
	bl_buf_done(&bad);
}
END_TEST

START_TEST(a_child_that_hangs_is_ended_at_its_limit)
{
	const char *const argv[] = {"sleep", "60", NULL};
	struct bl_err err = BL_ERR_INIT;
	uint64_t start = bl_now_ns();

	ck_assert_int_eq(bl_proc_run(argv, NULL, 0, NULL, NULL, 200 * NS_PER_MS, &err), -ETIMEDOUT);
	ck_assert_uint_lt(bl_now_ns() - start, 10 * NS_PER_S);
	ck_assert_ptr_nonnull(strstr(err.text, "'sleep'"));
}
END_TEST

START_TEST(a_program_that_is_not_there_is_named)
{
	const char *const argv[] = {"blklab-no-such-program", NULL};
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(bl_proc_run(argv, NULL, 0, NULL, NULL, 0, &err), -ENOENT);
	ck_assert_str_eq(err.text, "the program 'blklab-no-such-program' is not installed");
}
END_TEST

START_TEST(uuids_carry_their_time_version_and_variant)
{
	char a[BL_UUID_TEXT], b[BL_UUID_TEXT], utc[32];

	/* RFC 9562, A.6: unix_ts_ms 0x017F22E279B0 is 2022-02-22T19:22:22Z */
	bl_uuid7(a, 0x017F22E279B0);
	bl_uuid7(b, 0x017F22E279B0);
	ck_assert_int_eq(strncmp(a, "017f22e2-79b0-7", 15), 0);
	ck_assert_ptr_nonnull(strchr("89ab", a[19]));
	ck_assert_str_ne(a, b);
	ck_assert_str_eq(bl_format_utc(utc, 0x017F22E279B0), "2022-02-22T19:22:22Z");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("base");
	TCase *t = tcase_create("values");
	TCase *f = tcase_create("files");
	SRunner *r;
	int failed;

	tcase_add_test(t, the_first_reason_wins_and_callers_add_where);
	tcase_add_test(t, wrapping_nothing_gives_the_errno_text);
	tcase_add_test(t, a_reason_longer_than_its_place_is_cut_not_overrun);
	tcase_add_test(t, a_buffer_grows_and_hands_its_bytes_over);
	tcase_add_loop_test(t, sizes_are_binary_whatever_the_suffix, 0, BL_ARRAY_LEN(sizes));
	tcase_add_loop_test(t, a_bad_size_is_named, 0, BL_ARRAY_LEN(bad_sizes));
	tcase_add_test(t, times_have_units_and_a_bare_number_is_seconds);
	tcase_add_test(t, numbers_outside_their_bounds_say_the_bounds);
	tcase_add_loop_test(t, times_are_shown_with_three_digits, 0, BL_ARRAY_LEN(times));
	tcase_add_test(t, sizes_counts_and_clocks_are_shown_as_people_say_them);
	tcase_add_test(t, uuids_carry_their_time_version_and_variant);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(f, make_dir, drop_dir);
	tcase_add_test(f, a_file_is_replaced_whole_and_read_back);
	tcase_add_test(f, what_is_no_file_is_never_replaced_by_one);
	tcase_add_test(f, a_folder_below_a_file_is_refused_with_its_name);
	tcase_add_test(f, removing_a_tree_does_not_follow_links);
	tcase_add_test(f, a_child_program_gets_its_input_and_gives_output_and_status);
	tcase_add_test(f, a_child_that_hangs_is_ended_at_its_limit);
	tcase_add_test(f, a_program_that_is_not_there_is_named);
	suite_add_tcase(s, f);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
