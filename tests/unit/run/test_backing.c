/* Backing disks: filled, allocated, out of the page cache, and gone afterwards. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backing.h"
#include "cleanup.h"
#include "engine.h"
#include "fs.h"
#include "proc.h"
#include "qemuimg.h"
#include "units.h"

#define SIZE (8 * MiB)

static char dir[64];

/* Beside the sources' build, not /tmp: that may be a tmpfs, which has no page cache to drop. */
static void make_dir(void)
{
	strcpy(dir, "blklab-backing-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void drop_dir(void)
{
	umount(dir); /* of a test that failed half-way */
	ck_assert_int_eq(bl_remove_tree(dir, NULL), 0);
}

static struct backing_request request(enum cell_format format)
{
	return (struct backing_request){
		.dir = dir, .name = "t", .format = format, .size_bytes = SIZE, .seed = 7};
}

static unsigned n_files(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static uint64_t fact(const struct facts *f, const char *key)
{
	const char *v = facts_get(f, key);

	ck_assert_msg(v != NULL, "there is no fact '%s'", key);
	return strtoull(v, NULL, 10);
}

/* Every byte of the raw file @path is what engine_fill() says for seed 7. */
static void check_data(const char *path)
{
	BL_CLEANUP(bl_freep) char *have = malloc(MiB), *want = malloc(MiB);
	int fd = open(path, O_RDONLY);

	ck_assert_int_ge(fd, 0);
	for (uint64_t at = 0; at < SIZE; at += MiB) {
		engine_fill_block(want, at, 7);
		ck_assert_int_eq(pread(fd, have, MiB, (off_t)at), MiB);
		ck_assert_mem_eq(have, want, MiB);
	}
	close(fd);
}

START_TEST(a_raw_disk_is_wholly_allocated_and_holds_what_the_seed_says)
{
	struct backing_request req = request(FORMAT_RAW);
	struct bl_err err = BL_ERR_INIT;
	struct facts facts = {0};
	struct backing b = {0};

	ck_assert_msg(backing_make(&req, &b, &facts, &err) == 0, "%s", err.text);
	ck_assert(!b.guest_must_fill);
	ck_assert_uint_ge(fact(&facts, "backing.allocated_bytes"), SIZE);
	ck_assert_uint_eq(fact(&facts, "backing.mapped_bytes"), SIZE);
	check_data(b.path);
	backing_remove(&b);
	ck_assert_uint_eq(n_files(dir), 0);
	facts_done(&facts);
}
END_TEST

static const struct {
	uint64_t cluster_size;
	enum cell_prealloc preallocation;
} qcow2[] = {{0, PREALLOC_OFF},
	     {4096, PREALLOC_OFF},
	     {2 * MiB, PREALLOC_METADATA},
	     {0, PREALLOC_FALLOC},
	     {0, PREALLOC_FULL}};

START_TEST(a_qcow2_disk_has_all_its_clusters_and_holds_what_the_seed_says)
{
	struct backing_request req = request(FORMAT_QCOW2);
	BL_CLEANUP(bl_freep) char *raw = bl_strf("%s/back.raw", dir);
	BL_CLEANUP(bl_buf_done) struct bl_buf info = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct facts facts = {0};
	struct backing b = {0};
	char want[64];

	req.cluster_size = qcow2[_i].cluster_size;
	req.preallocation = qcow2[_i].preallocation;
	ck_assert_msg(backing_make(&req, &b, &facts, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(fact(&facts, "backing.mapped_bytes"), SIZE);
	ck_assert_uint_ge(fact(&facts, "backing.allocated_bytes"), SIZE);
	ck_assert_int_eq(
		qemuimg_run((const char *[]){"qemu-img", "info", "--output=json", b.path, NULL},
			    &info, NULL, NULL, NULL, &err),
		0);
	snprintf(want, sizeof want, "\"cluster-size\": %llu",
		 (unsigned long long)(req.cluster_size ? req.cluster_size : 65536));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&info), want));
	ck_assert_int_eq(
		qemuimg_run((const char *[]){"qemu-img", "convert", "-O", "raw", b.path, raw, NULL},
			    NULL, NULL, NULL, NULL, &err),
		0);
	check_data(raw);
	backing_remove(&b);
	facts_done(&facts);
}
END_TEST

START_TEST(the_filled_source_of_qcow2_is_made_once_and_forgotten_at_the_end)
{
	struct backing_request req = request(FORMAT_QCOW2);
	struct backing a = {0}, b = {0};
	struct facts facts = {0};
	struct stat first, second;
	BL_CLEANUP(bl_freep) char *source = NULL;
	char prefix[64];

	source = bl_strf("%s/%ssource.raw", dir, backing_prefix(prefix));
	ck_assert_int_eq(backing_make(&req, &a, &facts, NULL), 0);
	ck_assert_int_eq(stat(source, &first), 0);
	req.name = "u";
	ck_assert_int_eq(backing_make(&req, &b, &facts, NULL), 0);
	ck_assert_int_eq(stat(source, &second), 0);
	ck_assert_int_eq(first.st_mtim.tv_nsec, second.st_mtim.tv_nsec);
	ck_assert_int_eq(first.st_mtim.tv_sec, second.st_mtim.tv_sec);
	backing_remove(&a);
	backing_remove(&b);
	backing_forget_source(dir);
	ck_assert_uint_eq(n_files(dir), 0);
	facts_done(&facts);
}
END_TEST

START_TEST(without_precondition_a_disk_stays_unallocated_and_says_so)
{
	struct backing_request req = request(FORMAT_QCOW2);
	struct facts facts = {0};
	struct backing b = {0};

	req.precondition = PRECONDITION_NONE;
	ck_assert_int_eq(backing_make(&req, &b, &facts, NULL), 0);
	ck_assert(!b.guest_must_fill);
	ck_assert_uint_eq(fact(&facts, "backing.mapped_bytes"), 0);
	ck_assert_uint_lt(fact(&facts, "backing.allocated_bytes"), SIZE / 2);
	ck_assert_ptr_nonnull(strstr(facts_get(&facts, "backing.fill"), "none"));
	backing_remove(&b);
	facts_done(&facts);
}
END_TEST

START_TEST(the_guest_is_left_to_fill_when_asked_so)
{
	struct backing_request req = request(FORMAT_RAW);
	struct facts facts = {0};
	struct backing b = {0};

	req.fill = BACKING_FILL_GUEST;
	ck_assert_int_eq(backing_make(&req, &b, &facts, NULL), 0);
	ck_assert(b.guest_must_fill);
	ck_assert_ptr_null(facts_get(&facts, "backing.allocated_bytes"));
	backing_remove(&b);
	facts_done(&facts);
}
END_TEST

START_TEST(dropping_the_cache_leaves_nothing_of_the_disk_in_memory)
{
	struct backing_request req = request(FORMAT_RAW);
	struct facts before = {0}, after = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf data = BL_BUF_INIT;
	struct backing b = {0};

	ck_assert_int_eq(backing_make(&req, &b, &before, NULL), 0);
	ck_assert_int_eq(bl_read_file(b.path, SIZE, &data, NULL), 0); /* now it is cached */
	ck_assert_int_eq(backing_drop_cache(&b, &after, NULL), 0);
	ck_assert_uint_eq(fact(&after, "backing.cached_bytes"), 0);
	backing_remove(&b);
	facts_done(&before);
	facts_done(&after);
}
END_TEST

START_TEST(a_folder_without_room_is_refused_with_needed_and_free_bytes)
{
	struct backing_request req = request(FORMAT_RAW);
	struct bl_err err = BL_ERR_INIT;
	struct facts facts = {0};
	struct backing b = {0};

	req.size_bytes = (uint64_t)1 << 50;
	ck_assert_int_eq(backing_make(&req, &b, &facts, &err), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(err.text, " bytes free ("));
	ck_assert_ptr_nonnull(strstr(err.text, "needs 1125899973951488 ("));
	ck_assert_uint_eq(n_files(dir), 0);
}
END_TEST

/* Somebody else who takes the room once the disk has begun to grow. */
static void *hog_main(void *path)
{
	int fd;

	while (n_files(dir) == 0)
		usleep(200);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	if (fd < 0 || posix_fallocate(fd, 0, 300 * MiB) != 0)
		fprintf(stderr, "no room was left to take\n");
	close(fd);
	return NULL;
}

/* The check beforehand can be overtaken by others. */
START_TEST(running_full_half_way_says_how_far_it_came_and_leaves_nothing)
{
	struct backing_request req = request(FORMAT_RAW);
	BL_CLEANUP(bl_freep) char *hog = bl_strf("%s/hog", dir);
	struct bl_err err = BL_ERR_INIT;
	struct facts facts = {0};
	struct backing b = {0};
	pthread_t thread;
	int r;

	if (geteuid() != 0 || mount("none", dir, "tmpfs", 0, "size=480m") < 0) {
		fprintf(stderr, "cannot mount a small tmpfs here: not tested\n");
		return;
	}
	req.size_bytes = 400 * MiB;
	pthread_create(&thread, NULL, hog_main, hog);
	r = backing_make(&req, &b, &facts, &err);
	pthread_join(thread, NULL);
	unlink(hog);
	backing_remove(&b);
	ck_assert_uint_eq(n_files(dir), 0);
	umount(dir);
	ck_assert_int_eq(r, -ENOSPC);
	ck_assert_ptr_nonnull(strstr(err.text, "ran out of space after"));
	ck_assert_ptr_nonnull(strstr(err.text, "of 419430400 bytes"));
	facts_done(&facts);
}
END_TEST

static volatile sig_atomic_t stop = 1;

START_TEST(a_stop_ends_the_filling_and_leaves_nothing)
{
	struct backing_request raw = request(FORMAT_RAW), qcow = request(FORMAT_QCOW2);
	struct facts facts = {0};
	struct backing b = {0};

	raw.stop = qcow.stop = &stop;
	ck_assert_int_eq(backing_make(&raw, &b, &facts, NULL), -EINTR);
	ck_assert_int_eq(backing_make(&qcow, &b, &facts, NULL), -EINTR);
	ck_assert_uint_eq(n_files(dir), 0);
	facts_done(&facts);
}
END_TEST

START_TEST(raw_has_no_metadata_to_preallocate)
{
	struct backing_request req = request(FORMAT_RAW);
	struct bl_err err = BL_ERR_INIT;
	struct facts facts = {0};
	struct backing b = {0};

	req.preallocation = PREALLOC_METADATA;
	ck_assert_int_eq(backing_make(&req, &b, &facts, &err), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(err.text, "use off, falloc or full"));
	facts_done(&facts);
}
END_TEST

static void touch(const char *name)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s", dir, name);

	ck_assert_int_eq(bl_write_file(path, "x", 1, NULL), 0);
}

/* What stands for a block device here: a file that nobody of the lab made. */
#define NODE_SIZE (SIZE + 2 * MiB)

static char *make_node(void)
{
	BL_CLEANUP(bl_freep) char *text = malloc(NODE_SIZE);
	char *path = bl_strf("%s/disk", dir);

	memset(text, 'x', NODE_SIZE);
	ck_assert_int_eq(bl_write_file(path, text, NODE_SIZE, NULL), 0);
	return path;
}

static void check_rest(const char *path)
{
	BL_CLEANUP(bl_freep) char *rest = malloc(2 * MiB);
	int fd = open(path, O_RDONLY);

	ck_assert_int_eq(pread(fd, rest, 2 * MiB, SIZE), 2 * MiB);
	for (size_t i = 0; i < 2 * MiB; i++)
		ck_assert_int_eq(rest[i], 'x');
	close(fd);
}

START_TEST(a_raw_device_is_filled_where_it_may_be_and_stays)
{
	BL_CLEANUP(bl_freep) char *node = make_node();
	struct backing_request req = request(FORMAT_RAW);
	struct facts facts = {0};
	struct backing b = {0};

	req.node = node;
	req.node_bytes = SIZE + MiB;
	ck_assert_int_eq(backing_make(&req, &b, &facts, NULL), 0);
	ck_assert_str_eq(b.path, node);
	ck_assert(b.is_block && !b.guest_must_fill);
	ck_assert_uint_eq(b.size_bytes, SIZE);
	ck_assert_uint_eq(b.disk_bytes, NODE_SIZE); /* the guest sees all of it */
	check_data(node);
	check_rest(node);
	backing_remove(&b);
	ck_assert(bl_exists(node));
	ck_assert_uint_eq(n_files(dir), 1);
	facts_done(&facts);
}
END_TEST

START_TEST(a_device_that_is_filled_already_is_left_as_it_is)
{
	BL_CLEANUP(bl_freep) char *node = make_node();
	struct backing_request req = request(FORMAT_RAW);
	struct facts facts = {0};
	struct backing b = {0};
	char first;
	int fd;

	req.node = node;
	req.node_bytes = SIZE;
	req.is_filled = true;
	ck_assert_int_eq(backing_make(&req, &b, &facts, NULL), 0);
	fd = open(node, O_RDONLY);
	ck_assert_int_eq(pread(fd, &first, 1, 0), 1);
	close(fd);
	ck_assert_int_eq(first, 'x');
	ck_assert_ptr_nonnull(strstr(facts_get(&facts, "backing.fill"), "kept"));
	ck_assert_ptr_null(facts_get(&facts, "backing.fill_ns"));
	backing_remove(&b);
	facts_done(&facts);
}
END_TEST

START_TEST(a_qcow2_on_a_device_is_left_to_the_guest_to_fill)
{
	BL_CLEANUP(bl_freep) char *node = make_node();
	struct backing_request req = request(FORMAT_QCOW2);
	struct facts facts = {0};
	struct backing b = {0};
	uint64_t mapped = 1;

	req.node = node;
	req.node_bytes = SIZE + MiB;
	ck_assert_int_eq(backing_make(&req, &b, &facts, NULL), 0);
	ck_assert(b.is_block && b.guest_must_fill);
	ck_assert_uint_eq(b.disk_bytes, SIZE); /* the image's size, not the device's */
	ck_assert_int_eq(qemuimg_mapped_bytes(node, FORMAT_QCOW2, &mapped, NULL), 0);
	ck_assert_uint_eq(mapped, 0);
	backing_remove(&b);
	ck_assert(bl_exists(node));
	facts_done(&facts);
}
END_TEST

START_TEST(a_device_without_room_is_refused_with_needed_and_usable_bytes)
{
	BL_CLEANUP(bl_freep) char *node = make_node();
	struct backing_request req = request(FORMAT_RAW);
	struct bl_err err = BL_ERR_INIT;
	struct facts facts = {0};
	struct backing b = {0};

	req.node = node;
	req.node_bytes = SIZE - 1;
	ck_assert_int_eq(backing_make(&req, &b, &facts, &err), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(err.text, "has 8388607 bytes to use"));
	ck_assert_ptr_nonnull(strstr(err.text, "needs 8388608"));
	ck_assert_ptr_null(b.path);
	facts_done(&facts);
}
END_TEST

/* Else its tables would end in the lab's claim: seen to take 27 262 976 bytes for 16 MiB. */
START_TEST(a_qcow2_on_a_device_needs_room_for_its_tables)
{
	BL_CLEANUP(bl_freep) char *node = make_node();
	BL_CLEANUP(facts_done) struct facts facts = {0};
	struct backing_request req = request(FORMAT_QCOW2);
	struct backing b = {0};

	req.node = node;
	req.node_bytes = SIZE + SIZE / 50;
	req.cluster_size = 2 * MiB;
	ck_assert_int_eq(backing_make(&req, &b, &facts, NULL), -ENOSPC);
	req.cluster_size = 512;
	ck_assert_int_eq(backing_make(&req, &b, &facts, NULL), -ENOSPC);
}
END_TEST

/* Full, it has gaps: 9 MiB at 512 bytes are more than `qemu-img measure` says. */
START_TEST(a_full_qcow2_ends_where_it_was_said_to)
{
	static const char *const argv[] = {"qemu-io", "-t", "unsafe", "-f", "qcow2", NULL, NULL};
	BL_CLEANUP(bl_freep) char *node = make_node();
	BL_CLEANUP(facts_done) struct facts facts = {0};
	BL_CLEANUP(bl_buf_done) struct bl_buf lines = BL_BUF_INIT, said = BL_BUF_INIT;
	struct backing_request req = request(FORMAT_QCOW2);
	const char *fill[BL_ARRAY_LEN(argv)], *end;
	struct backing b = {0};

	memcpy(fill, argv, sizeof argv);
	fill[5] = node;
	req.node = node;
	req.size_bytes = 9 * MiB;
	req.node_bytes = NODE_SIZE;
	req.cluster_size = 512;
	ck_assert_int_eq(backing_make(&req, &b, &facts, NULL), 0);
	for (unsigned i = 0; i < 9; i++)
		bl_buf_addf(&lines, "write %uM 1M\n", i);
	ck_assert_int_eq(bl_proc_run(fill, lines.data, lines.len, NULL, NULL, 0, NULL), 0);
	const char *check[] = {"qemu-img", "check", "--output=json", node, NULL};

	ck_assert_int_eq(bl_proc_run(check, NULL, 0, &said, NULL, 0, NULL), 0);
	end = strstr(bl_buf_str(&said), "\"image-end-offset\": ");
	ck_assert_ptr_nonnull(end);
	ck_assert_uint_le(strtoull(strchr(end, ' '), NULL, 10), b.image_bytes);
	ck_assert_uint_gt(strtoull(strchr(end, ' '), NULL, 10), 9 * MiB);
	backing_remove(&b);
}
END_TEST

START_TEST(only_files_of_processes_that_are_gone_are_stale)
{
	char prefix[64], mine[128], dead[128];
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	snprintf(mine, sizeof mine, "%sa.raw", backing_prefix(prefix));
	snprintf(dead, sizeof dead, "blklab-%ld-12345-a.raw", (long)pid);
	touch(mine);
	touch(dead);
	touch("blklab-notes.txt");
	touch("blklab--1-2-x");
	touch("precious.raw");
	ck_assert_int_eq(backing_remove_stale(dir, NULL, NULL, NULL), 1);
	ck_assert_uint_eq(n_files(dir), 4);
	/* The same number, another process: the start time tells. */
	snprintf(dead, sizeof dead, "blklab-%ld-1-a.raw", (long)getpid());
	touch(dead);
	ck_assert_int_eq(backing_remove_stale(dir, NULL, NULL, NULL), 1);
	ck_assert_int_eq(backing_remove_stale("/nowhere/at/all", NULL, NULL, NULL), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("backing");
	TCase *t = tcase_create("backing");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, make_dir, drop_dir);
	tcase_add_test(t, a_raw_disk_is_wholly_allocated_and_holds_what_the_seed_says);
	tcase_add_loop_test(t, a_qcow2_disk_has_all_its_clusters_and_holds_what_the_seed_says, 0,
			    BL_ARRAY_LEN(qcow2));
	tcase_add_test(t, the_filled_source_of_qcow2_is_made_once_and_forgotten_at_the_end);
	tcase_add_test(t, without_precondition_a_disk_stays_unallocated_and_says_so);
	tcase_add_test(t, the_guest_is_left_to_fill_when_asked_so);
	tcase_add_test(t, dropping_the_cache_leaves_nothing_of_the_disk_in_memory);
	tcase_add_test(t, a_folder_without_room_is_refused_with_needed_and_free_bytes);
	tcase_add_test(t, running_full_half_way_says_how_far_it_came_and_leaves_nothing);
	tcase_add_test(t, a_stop_ends_the_filling_and_leaves_nothing);
	tcase_add_test(t, raw_has_no_metadata_to_preallocate);
	tcase_add_test(t, a_raw_device_is_filled_where_it_may_be_and_stays);
	tcase_add_test(t, a_device_that_is_filled_already_is_left_as_it_is);
	tcase_add_test(t, a_qcow2_on_a_device_is_left_to_the_guest_to_fill);
	tcase_add_test(t, a_device_without_room_is_refused_with_needed_and_usable_bytes);
	tcase_add_test(t, a_qcow2_on_a_device_needs_room_for_its_tables);
	tcase_add_test(t, a_full_qcow2_ends_where_it_was_said_to);
	tcase_add_test(t, only_files_of_processes_that_are_gone_are_stale);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
