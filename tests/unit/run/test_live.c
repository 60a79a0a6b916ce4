/* A VM that stalls while it is looked at: what came is kept, and nobody waits for it. */
#include <check.h>
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "fresh_dir.h"
#include "fs.h"
#include "live.h"
#include "units.h"

#define DISK                                                                                       \
	"\"qdev\": \"/machine/peripheral/data/virtio-backend\", \"inserted\": "                    \
	"{\"drv\": \"raw\", \"file\": \"/no/such\"}"

/* One QEMU, as far as a client sees it. */
struct other {
	char dir[40], path[64];
	int listener;
	pthread_t thread;
	unsigned n_read;   /* query-blockstats so far */
	unsigned stall_at; /* the query that is answered late; 0: none */
	useconds_t stall_us;
	unsigned refuse_at; /* is answered by an error */
	unsigned n_reads;   /* said to have been done */
};

static char *answer_to(struct other *o, const char *command)
{
	if (!strcmp(command, "query-block"))
		return bl_strf("\"return\": [{%s}]", DISK);
	if (strcmp(command, "query-blockstats") != 0)
		return bl_strf("\"return\": {}");
	o->n_read++;
	o->n_reads += 10;
	if (o->n_read == o->stall_at)
		usleep(o->stall_us);
	if (o->n_read == o->refuse_at)
		return bl_strf("\"error\": {\"class\": \"GenericError\", \"desc\": \"not now\"}");
	return bl_strf("\"return\": [{\"qdev\": \"/machine/peripheral/data/virtio-backend\", "
		       "\"stats\": {\"rd_operations\": %u}}]",
		       o->n_reads);
}

static void answer(struct other *o, int fd, const char *line)
{
	json_t *msg = json_loads(line, 0, NULL);
	BL_CLEANUP(bl_freep)
	char *value = answer_to(o, json_string_value(json_object_get(msg, "execute")));
	BL_CLEANUP(bl_freep)
	char *text = bl_strf("{%s, \"id\": %lld}\r\n", value,
			     (long long)json_integer_value(json_object_get(msg, "id")));

	json_decref(msg);
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		return;
}

static void *serve(void *arg)
{
	static const char greeting[] = "{\"QMP\": {}}\r\n";
	struct other *o = arg;
	int fd = accept(o->listener, NULL, NULL);
	char line[4096];
	size_t n = 0;

	send(fd, greeting, strlen(greeting), MSG_NOSIGNAL);
	while (n < sizeof line - 1 && recv(fd, line + n, 1, 0) == 1) {
		if (line[n++] != '\n')
			continue;
		line[n] = '\0';
		n = 0;
		answer(o, fd, line);
	}
	close(fd);
	return NULL;
}

static void begin(struct other *o)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	fresh_dir(o->dir);
	snprintf(o->path, sizeof o->path, "%s/qmp", o->dir);
	snprintf(at.sun_path, sizeof at.sun_path, "%s", o->path);
	o->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(o->listener, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(o->listener, 1), 0);
	ck_assert_int_eq(pthread_create(&o->thread, NULL, serve, o), 0);
}

static struct run_data data;

static const struct series_set *look_at(struct other *o, struct live_options opt)
{
	struct bl_err err = BL_ERR_INIT;

	begin(o);
	opt.vm.domain = o->path;
	opt.version = "test";
	ck_assert_msg(live_watch(&opt, &data, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(data.n_trials, 1);
	return &data.trials[0].jobs[0].watched[WATCHED_QEMU];
}

static void end(void)
{
	run_data_done(&data);
}

static double watched_s(const struct series_set *set)
{
	return (double)(set->at_ns[set->n - 1] - set->at_ns[0]) / 1e9;
}

START_TEST(a_vm_that_stalls_is_looked_at_on)
{
	struct other o = {.stall_at = 5, .stall_us = 2500000};
	const struct series_set *set = look_at(&o, (struct live_options){.for_ns = 5 * NS_PER_S});
	const char *note = facts_get(&data.run.notes, "no-answer");

	ck_assert_uint_ge(set->n, 8);
	ck_assert(watched_s(set) > 4.5);
	ck_assert_ptr_nonnull(note);
	ck_assert_msg(!strncmp(note, "The VM gave no answer from +0.", 30), "%s", note);
	ck_assert_msg(strstr(note, " to +3.") != NULL, "%s", note);
	end();
}
END_TEST

START_TEST(one_reading_that_fails_is_left_out)
{
	struct other o = {.refuse_at = 3};
	const struct series_set *set = look_at(&o, (struct live_options){.for_ns = 2 * NS_PER_S});

	ck_assert_uint_ge(set->n, 6);
	ck_assert_uint_eq(series_find(set, "block.reads")->values[2], 40); /* without the 30 */
	ck_assert_ptr_null(facts_get(&data.run.notes, "no-answer"));
	end();
}
END_TEST

START_TEST(a_vm_that_hangs_for_good_leaves_what_came_before)
{
	struct other o = {.stall_at = 5, .stall_us = 60000000};
	uint64_t from = bl_now_ns();
	const struct series_set *set = look_at(&o, (struct live_options){.for_ns = 2 * NS_PER_S});

	ck_assert_uint_lt(bl_now_ns() - from, 8 * NS_PER_S);
	ck_assert_uint_eq(set->n, 4);
	ck_assert_ptr_nonnull(facts_get(&data.run.notes, "no-answer"));
	end();
}
END_TEST

static volatile sig_atomic_t stop;

static void *stop_soon(void *arg)
{
	usleep(1500000);
	stop = 1;
	return arg;
}

START_TEST(ctrl_c_waits_for_no_answer)
{
	struct other o = {.stall_at = 4, .stall_us = 60000000};
	uint64_t from = bl_now_ns();
	const struct series_set *set;
	pthread_t thread;

	pthread_create(&thread, NULL, stop_soon, NULL);
	set = look_at(&o, (struct live_options){.for_ns = 600 * NS_PER_S, .stop = &stop});
	ck_assert_uint_lt(bl_now_ns() - from, 6 * NS_PER_S);
	ck_assert_uint_eq(set->n, 3);
	pthread_join(thread, NULL);
	end();
}
END_TEST

START_TEST(a_long_look_has_fewer_readings_and_ends_all_the_same)
{
	struct other o = {0};
	struct live_options opt = {.for_ns = 4 * NS_PER_S, .values_max = 30};
	const struct series_set *set = look_at(&o, opt);

	ck_assert_uint_ge(set->n, 3);
	ck_assert_uint_le(set->n * (set->n_series + 1), 36);
	ck_assert(watched_s(set) > 3.5);
	end();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("live");
	TCase *t = tcase_create("live");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, a_vm_that_stalls_is_looked_at_on);
	tcase_add_test(t, one_reading_that_fails_is_left_out);
	tcase_add_test(t, a_vm_that_hangs_for_good_leaves_what_came_before);
	tcase_add_test(t, ctrl_c_waits_for_no_answer);
	tcase_add_test(t, a_long_look_has_fewer_readings_and_ends_all_the_same);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
