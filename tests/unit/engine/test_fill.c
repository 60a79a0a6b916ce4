/* Data that can be checked from outside, and files that are made to be read. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

#define BLOCK (1u << 20)

static void check_filled(const char *path, uint64_t size, uint64_t seed)
{
	char *want = aligned_alloc(8, BLOCK), *got = malloc(BLOCK);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert(fd >= 0 && want && got);
	for (uint64_t at = 0; at < size; at += BLOCK) {
		size_t n = size - at < BLOCK ? (size_t)(size - at) : BLOCK;

		engine_fill_block(want, at, seed);
		ck_assert_int_eq(pread(fd, got, n, (off_t)at), (ssize_t)n);
		ck_assert_int_eq(memcmp(want, got, n), 0);
	}
	close(fd);
	free(want);
	free(got);
}

START_TEST(a_filled_file_holds_the_blocks_of_its_seed_to_the_last_byte)
{
	const char *path = scratch_file("fill", 0);
	uint64_t size = 3 * BLOCK + 12345;
	_Atomic uint64_t done = 0;
	struct bl_err err = BL_ERR_INIT;
	struct stat st;

	ck_assert_msg(engine_fill(path, size, 99, &done, NULL, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(atomic_load(&done), size);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq((uint64_t)st.st_size, size);
	check_filled(path, size, 99);
}
END_TEST

START_TEST(blocks_differ_by_offset_and_by_seed)
{
	char *a = aligned_alloc(8, BLOCK), *b = aligned_alloc(8, BLOCK);

	engine_fill_block(a, 0, 1);
	engine_fill_block(b, BLOCK, 1);
	ck_assert_int_ne(memcmp(a, b, 4096), 0);
	engine_fill_block(b, 0, 2);
	ck_assert_int_ne(memcmp(a, b, 4096), 0);
	engine_fill_block(b, 0, 1);
	ck_assert_int_eq(memcmp(a, b, BLOCK), 0);
	free(a);
	free(b);
}
END_TEST

START_TEST(a_fill_can_be_stopped)
{
	const char *path = scratch_file("stopped", 0);
	_Atomic bool stop = true;
	struct bl_err err = BL_ERR_INIT;
	char says[200];

	ck_assert_int_lt(engine_fill(path, BLOCK, 1, NULL, &stop, &err), 0);
	snprintf(says, sizeof(says), "'%s': stopped at byte 0 of 1048576", path);
	ck_assert_str_eq(err.text, says);
}
END_TEST

START_TEST(a_file_that_is_too_short_to_be_read_is_filled_first_not_read_as_a_hole)
{
	const char *path = scratch_file("short", 0);
	struct sample *s = run_one("[a]\nrw=randread\nsize=3m\nrandseed=5\n", path);
	struct stat st;

	ck_assert_uint_eq(s->dir[IO_READ].ios, 768);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq((uint64_t)st.st_size, 3 * BLOCK);
	ck_assert_uint_ge((uint64_t)st.st_blocks * 512, 3 * BLOCK);
	check_filled(path, 3 * BLOCK, 5);
	sample_free(s);
}
END_TEST

START_TEST(written_data_has_no_two_blocks_alike)
{
	const char *path = scratch_file("unlike", 64 * 4096);
	uint64_t first[64];
	int fd;

	sample_free(run_one("[a]\nrw=write\nioengine=io_uring\niodepth=4\nbs=8k\n", path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < 64; i++) {
		ck_assert_int_eq(pread(fd, &first[i], 8, i * 4096), 8);
		for (int k = 0; k < i; k++)
			ck_assert_uint_ne(first[i], first[k]);
	}
	close(fd);
}
END_TEST

START_TEST(sizes_of_targets_are_found)
{
	const char *path = scratch_file("size", 12345);
	struct bl_err err = BL_ERR_INIT;
	uint64_t bytes = 0;

	ck_assert_int_eq(engine_target_size(path, &bytes, &err), 0);
	ck_assert_uint_eq(bytes, 12345);
	ck_assert_int_lt(engine_target_size("/dev/zero", &bytes, &err), 0);
	ck_assert_str_eq(err.text, "'/dev/zero' is a character device without a size; a file or a "
				   "block device is accepted");
}
END_TEST

TCase *fill_cases(void)
{
	TCase *t = tcase_create("fill");

	tcase_add_test(t, a_filled_file_holds_the_blocks_of_its_seed_to_the_last_byte);
	tcase_add_test(t, blocks_differ_by_offset_and_by_seed);
	tcase_add_test(t, a_fill_can_be_stopped);
	tcase_add_test(t, a_file_that_is_too_short_to_be_read_is_filled_first_not_read_as_a_hole);
	tcase_add_test(t, written_data_has_no_two_blocks_alike);
	tcase_add_test(t, sizes_of_targets_are_found);
	return t;
}
