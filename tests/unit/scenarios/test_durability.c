/* What cell_durability() says of a killed QEMU, against QEMU's own block layer: qemu-io
 * writes with the cell's cache mode and format, kills itself, and what is in the image is read
 * back. The page cache outlives the process, so this cannot show a loss of power. */
#include <check.h>
#include <signal.h>
#include <string.h>

#include "cell.h"
#include "cleanup.h"
#include "fs.h"
#include "proc.h"
#include "units.h"

#define LIMIT_NS   (30 * NS_PER_S)
#define ARGS_MAX   16
#define WRITE_NEW  "write -q -P 0xab 0 64k"
#define WRITE_OLD  "write -q -P 0x11 0 64k"
#define KILL       "sigraise 9"
#define EXPECT_NEW "read -q -P 0xab 0 64k"

static char folder[] = "durability-XXXXXX";

static int run(const char *const *argv, struct bl_buf *out)
{
	struct bl_err err = BL_ERR_INIT;
	int r = bl_proc_run(argv, NULL, 0, out, out, LIMIT_NS, &err);

	ck_assert_msg(r >= 0, "%s: %s", argv[0], err.text);
	return r;
}

/* qemu-io's words in @commands, up to NULL. */
static int qemu_io(const struct cell *c, const char *cache, const char *image,
		   const char *const *commands, struct bl_buf *out)
{
	const char *argv[ARGS_MAX] = {"qemu-io", "-f", cell_format_names[c->format], "-t", cache};
	size_t n = 5;

	for (size_t i = 0; commands[i]; i++) {
		argv[n++] = "-c";
		argv[n++] = commands[i];
	}
	argv[n] = image;
	return run(argv, out);
}

static bool survives(const struct cell *c, const char *const *commands)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *image = bl_strf("%s/image", folder);
	const char *create[] = {"qemu-img", "create", "-q", "-f", cell_format_names[c->format],
				image,      "4M",     NULL};
	const char *read_back[] = {EXPECT_NEW, NULL};
	int r = run(create, &out);

	ck_assert_msg(r == 0, "%s", bl_buf_str(&out));
	r = qemu_io(c, cell_cache_names[c->cache], image, commands, &out);
	ck_assert_msg(r == 128 + SIGKILL, "%d: %s", r, bl_buf_str(&out));
	bl_buf_done(&out);
	r = qemu_io(c, "writeback", image, read_back, &out);
	if (r != 0)
		ck_assert_ptr_nonnull(strstr(bl_buf_str(&out), "Pattern verification failed"));
	return r == 0;
}

START_TEST(a_killed_qemu_loses_exactly_what_the_line_says)
{
	static const char *const unflushed[] = {WRITE_NEW, KILL, NULL};
	static const char *const flushed[] = {WRITE_NEW, "flush", KILL, NULL};
	static const char *const allocated[] = {WRITE_OLD, "flush", WRITE_NEW, KILL, NULL};
	const char *line;
	struct cell c;

	cell_defaults(&c);
	c.cache = (enum cell_cache)(_i / FORMATS);
	c.format = (enum cell_format)(_i % FORMATS);
	line = cell_durability(&c);
	ck_assert_int_eq(survives(&c, unflushed),
			 strstr(line, "QEMU kill: all completed writes") != NULL);
	ck_assert(survives(&c, flushed));
	ck_assert(survives(&c, allocated));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("durability");
	TCase *tc = tcase_create("durability");
	struct bl_err err = BL_ERR_INIT;
	char path[512];
	SRunner *sr;
	int failed;

	if (bl_proc_find("qemu-io", path, sizeof path) < 0) {
		printf("not compared: there is no qemu-io\n");
		return 77;
	}
	/* here and not in /tmp: a tmpfs may not take O_DIRECT */
	if (!mkdtemp(folder)) {
		perror(folder);
		return 2;
	}
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_killed_qemu_loses_exactly_what_the_line_says, 0,
			    CACHES * FORMATS);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	if (bl_remove_tree(folder, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
	return failed ? 1 : 0;
}
