/* nbdkit before an image: what it has open, what it says, what it may not remove. */
#include <arpa/inet.h>
#include <check.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"
#include "fresh_dir.h"
#include "fs.h"
#include "nbd_server.h"
#include "units.h"

static char dir[64];
static char *image, *other;
static struct nbd_server server;

static char *new_file(const char *name)
{
	char *path = bl_strf("%s/%s", dir, name);

	ck_assert_int_eq(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	ck_assert_int_eq(truncate(path, MiB), 0);
	return path;
}

static void begin(void)
{
	fresh_dir(dir);
	image = new_file("image");
	other = new_file("other");
	server = (struct nbd_server){0};
}

static void end(void)
{
	nbd_server_end(&server);
	free(image);
	free(other);
	ck_assert_int_eq(bl_remove_tree(dir, NULL), 0);
}

static void start(const char *words)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(nbd_server_start(image, dir, words, NULL, &server, &err) == 0, "%s",
		      err.text);
}

/* The handshake by which the server opens its file (NBD's proto.md, "NBD_OPT_EXPORT_NAME"). */
static int connect_client(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct {
		uint32_t flags;
		uint64_t magic;
		uint32_t option, len;
	} __attribute__((packed))
	want = {.flags = htonl(1), .magic = htobe64(0x49484156454F5054), .option = htonl(1)};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char told[18 + 134];

	snprintf(a.sun_path, sizeof a.sun_path, "%s", server.socket);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(recv(fd, told, 18, MSG_WAITALL), 18);
	ck_assert_int_eq(send(fd, &want, sizeof want, MSG_NOSIGNAL), sizeof want);
	ck_assert_int_eq(recv(fd, told, 134, MSG_WAITALL), 134);
	return fd;
}

START_TEST(it_has_the_image_open_and_nothing_else)
{
	BL_CLEANUP(bl_closep) int fd = -1;
	struct bl_err err = BL_ERR_INIT;

	start("--filter=delay rdelay=1ms");
	ck_assert_int_eq(nbd_server_check(&server, image, &err), -ENOENT); /* no client yet */
	fd = connect_client();
	err = (struct bl_err)BL_ERR_INIT;
	ck_assert_msg(nbd_server_check(&server, image, &err) == 0, "%s", err.text);
	ck_assert_int_eq(nbd_server_check(&server, other, &err), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.text, image));
}
END_TEST

/* Were such words let through. */
START_TEST(the_image_is_the_last_word)
{
	BL_CLEANUP(bl_freep) char *words = bl_strf("file=%s", other);
	BL_CLEANUP(bl_closep) int fd = -1;
	struct bl_err err = BL_ERR_INIT;

	start(words);
	fd = connect_client();
	ck_assert_msg(nbd_server_check(&server, image, &err) == 0, "%s", err.text);
}
END_TEST

START_TEST(a_file_where_the_pause_socket_should_be_stays)
{
	BL_CLEANUP(bl_freep) char *words = bl_strf("--filter=pause pause-control=%s", other);
	struct bl_err err = BL_ERR_INIT;
	struct stat st;

	ck_assert_int_eq(nbd_server_start(image, dir, words, NULL, &server, &err), -EEXIST);
	ck_assert_ptr_nonnull(strstr(err.text, other));
	ck_assert_int_eq(stat(other, &st), 0);
	ck_assert(S_ISREG(st.st_mode));
}
END_TEST

START_TEST(a_server_that_ends_in_mid_trial_is_told)
{
	char text[512];

	start("");
	ck_assert(!nbd_server_trouble(&server, text, sizeof text));
	ck_assert_int_eq(kill(server.pid, SIGKILL), 0);
	for (int i = 0; i < 500 && !nbd_server_trouble(&server, text, sizeof text); i++)
		usleep(10000);
	ck_assert(server.has_ended);
	ck_assert_ptr_nonnull(strstr(text, "nbdkit was killed by signal 9"));
	ck_assert(nbd_server_trouble(&server, text, sizeof text)); /* and again */
	ck_assert_ptr_nonnull(strstr(text, "nbdkit was killed by signal 9"));
}
END_TEST

START_TEST(its_last_words_are_told_while_it_runs)
{
	static const char said[] = "nbdkit: first\nnbdkit: error: disk\033[31m full\n";
	BL_CLEANUP(bl_closep) int fd = -1;
	char text[512];

	start("");
	fd = open(server.log, O_WRONLY | O_APPEND | O_CLOEXEC);
	ck_assert_int_eq(write(fd, said, sizeof said - 1), (ssize_t)sizeof said - 1);
	ck_assert(nbd_server_trouble(&server, text, sizeof text));
	ck_assert_str_eq(text, "nbdkit runs; its last words: 'nbdkit: error: disk full'");
	ck_assert(!server.has_ended);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nbd server");
	TCase *t = tcase_create("nbd server");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, begin, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, it_has_the_image_open_and_nothing_else);
	tcase_add_test(t, the_image_is_the_last_word);
	tcase_add_test(t, a_file_where_the_pause_socket_should_be_stays);
	tcase_add_test(t, a_server_that_ends_in_mid_trial_is_told);
	tcase_add_test(t, its_last_words_are_told_while_it_runs);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
