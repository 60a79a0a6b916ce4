/* A monitor that is looked at: what is sent, and what is made of whatever comes. */
#define HV_LIVE_INTERNAL
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "faked.h"
#include "fresh_dir.h"
#include "fs.h"
#include "hv_live_priv.h"
#include "hv_process.h"
#include "units.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n"
#define BLOCKS                                                                                     \
	"[{\"device\": \"ide1-cd0\", \"qdev\": \"cd\", \"removable\": true, \"inserted\": {}},"    \
	" {\"device\": \"\", \"qdev\": \"/machine/peripheral/data/virtio-backend\","               \
	"  \"inserted\": {\"drv\": \"raw\", \"file\": \"/x\"}},"                                   \
	" {\"device\": \"virtio0\", \"qdev\": \"/machine/peripheral-anon/device[1]/"               \
	"virtio-backend\", \"inserted\": {}}, {\"device\": \"pflash0\", \"qdev\": \"f\","          \
	"  \"inserted\": {}}, {\"device\": \"x\"}, 7]"

/* The other end: one QEMU, as far as a client sees it. */
struct other {
	char dir[40], path[64];
	int listener;
	pthread_t thread;
	const char *greeting;      /* NULL: says nothing */
	const char *before;        /* sent before each answer */
	const char *instead;       /* of an answer to query-blockstats; "": it closes */
	bool is_by_bytes, is_slow; /* is_slow: reads in gulps, with pauses */
	struct bl_buf heard;       /* all commands, one a line */
};

static void say(const struct other *o, int fd, const char *text)
{
	size_t n = strlen(text), step = o->is_by_bytes ? 1 : n;

	for (size_t i = 0; i < n; i += step) {
		if (send(fd, text + i, step, MSG_NOSIGNAL) < 0)
			return;
		if (o->is_by_bytes)
			usleep(100);
	}
}

/* false: the conversation is over. */
static bool answer(struct other *o, int fd, const char *line)
{
	BL_CLEANUP(bl_freep) char *text = NULL;
	json_t *msg = json_loads(line, 0, NULL);
	const char *command = json_string_value(json_object_get(msg, "execute"));
	long long id = (long long)json_integer_value(json_object_get(msg, "id"));
	const char *value = "{}";

	bl_buf_addf(&o->heard, "%s\n", command);
	if (o->before)
		say(o, fd, o->before);
	if (o->instead && !strcmp(command, "query-blockstats")) {
		json_decref(msg);
		say(o, fd, o->instead);
		return *o->instead;
	}
	if (!strcmp(command, "query-block"))
		value = BLOCKS;
	else if (!strcmp(command, "query-name"))
		value = "{\"name\": \"web\\u001b1\"}";
	else if (!strcmp(command, "query-blockstats"))
		value = "[{\"qdev\": \"/machine/peripheral/data/virtio-backend\","
			" \"stats\": {\"rd_operations\": 5}}]";
	text = bl_strf("{\"return\": %s, \"id\": %lld}\r\n", value, id);
	json_decref(msg);
	say(o, fd, text);
	return true;
}

static void *serve(void *arg)
{
	struct other *o = arg;
	int fd = accept(o->listener, NULL, NULL);
	size_t n = 0, cap = o->is_slow ? 4 * MiB : 4096;
	BL_CLEANUP(bl_freep) char *line = malloc(cap);

	if (o->greeting)
		say(o, fd, o->greeting);
	while (n < cap - 1 && recv(fd, line + n, 1, 0) == 1) {
		if (o->is_slow && n % 65536 == 65535)
			usleep(5000);
		if (line[n++] != '\n')
			continue;
		line[n] = '\0';
		n = 0;
		if (!answer(o, fd, line))
			break;
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

static void end(struct other *o)
{
	pthread_join(o->thread, NULL);
	close(o->listener);
	bl_buf_done(&o->heard);
}

static int open_it(struct other *o, struct hv_live **ret, struct bl_err *err)
{
	struct hv_live_options opt = {.domain = o->path};

	return hv_live_open(&opt, ret, err);
}

START_TEST(nothing_but_questions_is_sent)
{
	static const char *const refused[] = {"block-latency-histogram-set",
					      "qom-set",
					      "quit",
					      "human-monitor-command",
					      "stop",
					      "Query-block",
					      "xquery-block",
					      "query",
					      ""};
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(live_check_command("query-blockstats", NULL), 0);
	ck_assert_int_eq(live_check_command(refused[_i], &err), -EPERM);
}
END_TEST

static const struct {
	const char *before;
	bool is_by_bytes;
} ways[] = {
	{NULL, false},
	{NULL, true},
	{"{\"event\": \"STOP\", \"timestamp\": {}}\r\n{\"return\": [], \"id\": 999}\n", false},
	{"{\"return\": {}}\n{\"id\": \"1\"}\n{\"id\": 1.0, \"return\": 3}\n", true},
};

START_TEST(disks_and_counters_come_through_whatever_is_said_between)
{
	struct other o = {.greeting = GREETING,
			  .before = ways[_i].before,
			  .is_by_bytes = ways[_i].is_by_bytes};
	struct series_set sets[2] = {{0}, {0}};
	struct bl_err err = BL_ERR_INIT;
	struct hv_live *l = NULL;

	begin(&o);
	ck_assert_msg(open_it(&o, &l, &err) == 0, "%s", err.text);
	ck_assert_str_eq(hv_live_name(l), "web?1");
	ck_assert_uint_eq(hv_live_n_disks(l), 2);
	ck_assert_str_eq(hv_live_disk(l, 0), "data");
	ck_assert_str_eq(hv_live_disk(l, 1), "virtio0");
	ck_assert_msg(hv_live_read(l, sets, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(sets[0].n, 1);
	ck_assert_uint_eq(series_find(&sets[0], "block.reads")->values[0], 5);
	ck_assert_uint_eq(sets[1].n, 1); /* QEMU said nothing of it */
	ck_assert_uint_eq(sets[1].n_series, 0);
	ck_assert_int_eq(hv_live_pid(l), 0); /* this program is no QEMU */
	ck_assert_ptr_nonnull(hv_live_no_host(l));
	hv_live_close(l);
	series_done(&sets[0]);
	series_done(&sets[1]);
	pthread_join(o.thread, NULL);
	for (const char *p = bl_buf_str(&o.heard); *p; p = strchr(p, '\n') + 1)
		ck_assert(!strncmp(p, "query-", 6) || !strncmp(p, "qmp_capabilities\n", 17));
	close(o.listener);
	bl_buf_done(&o.heard);
}
END_TEST

static const struct {
	const char *greeting;
	int r;
	const char *says;
} greetings[] = {
	{"SSH-2.0-OpenSSH_9.2\r\n", -EBADMSG, "is no JSON object"},
	{"{\"type\": \"hello\"}\n", -EBADMSG, "not QMP's greeting"},
	{"[1, 2]\n", -EBADMSG, "is no JSON object"},
	{NULL, -ETIMEDOUT, "QEMU talks to one program at a time"},
};

START_TEST(another_program_at_the_socket_is_told)
{
	struct other o = {.greeting = greetings[_i].greeting};
	struct bl_err err = BL_ERR_INIT;
	struct hv_live *l = NULL;

	begin(&o);
	ck_assert_int_eq(open_it(&o, &l, &err), greetings[_i].r);
	ck_assert_msg(strstr(err.text, greetings[_i].says) != NULL, "%s", err.text);
	ck_assert_ptr_null(l);
	end(&o);
}
END_TEST

static const struct {
	const char *instead;
	int r;
	const char *says;
} answers[] = {
	{"", -EPIPE, "the VM has ended"},
	{"{\"return\": \n", -EBADMSG, "no JSON object"},
	{"{\"id\": 5, \"error\": {\"class\": \"GenericError\", \"desc\": \"no \\u001b\"}}\n", -EIO,
	 "no ?"},
	{"{\"id\": 5, \"error\": 3}\n", -EIO, "an error without a description"},
};

START_TEST(an_answer_that_fails_has_its_reason)
{
	struct other o = {.greeting = GREETING, .instead = answers[_i].instead};
	struct series_set sets[2] = {{0}, {0}};
	struct bl_err err = BL_ERR_INIT;
	struct hv_live *l = NULL;

	begin(&o);
	ck_assert_msg(open_it(&o, &l, &err) == 0, "%s", err.text);
	ck_assert_int_eq(hv_live_read(l, sets, &err), answers[_i].r);
	ck_assert_msg(strstr(err.text, answers[_i].says) != NULL, "%s", err.text);
	ck_assert_uint_eq(sets[0].n, 0);
	hv_live_close(l);
	end(&o);
}
END_TEST

/* QEMU's main loop hangs while a command is on its way, and takes the rest of it later. */
START_TEST(what_the_socket_did_not_take_is_sent_later)
{
	struct other o = {.greeting = GREETING, .is_slow = true};
	BL_CLEANUP(bl_freep) char *long_text = malloc(MiB);
	struct bl_err err = BL_ERR_INIT;
	struct hv_vm *vm = NULL;
	json_t *reply = NULL, *args;
	pid_t pid;

	memset(long_text, 'x', MiB - 1);
	long_text[MiB - 1] = '\0';
	args = json_pack("{s:s}", "a", long_text);
	begin(&o);
	ck_assert_msg(live_qmp_open(o.path, &vm, &pid, &err) == 0, "%s", err.text);
	ck_assert_msg(hv_vm_qmp(vm, "query-x", args, &reply, &err) == 0, "%s", err.text);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&o.heard), "query-x\n"));
	json_decref(reply);
	json_decref(args);
	hv_vm_end(vm);
	end(&o);
}
END_TEST

START_TEST(a_socket_that_is_not_there_is_told)
{
	struct hv_live_options opt = {.domain = "/no/such/socket"};
	struct bl_err err = BL_ERR_INIT;
	struct hv_live *l = NULL;

	ck_assert_int_eq(hv_live_open(&opt, &l, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "-qmp unix:PATH,server=on,wait=off"));
}
END_TEST

START_TEST(a_uri_of_another_host_is_known_by_its_host)
{
	ck_assert(!live_uri_is_remote("qemu:///system"));
	ck_assert(!live_uri_is_remote("qemu+unix:///system?socket=/x"));
	ck_assert(!live_uri_is_remote("qemu:///system?socket=/a//b"));
	ck_assert(live_uri_is_remote("qemu+ssh://root@pve02/system"));
	ck_assert(live_uri_is_remote("qemu://pve02/system"));
	ck_assert(live_uri_is_remote("qemu+tls://10.0.0.1:16514/system"));
	ck_assert(!live_uri_is_remote("test"));
}
END_TEST

START_TEST(only_a_libvirt_that_runs_is_asked)
{
	static const char *const refused[] = {"qemu:///embed?root=/var/lib/x",
					      "qemu:///embed",
					      "qemu:///%65mbed?root=/x",
					      "qemu:/embed",
					      "test:///default",
					      "vbox:///session",
					      "qemux:///system",
					      "myalias",
					      ""};
	struct hv_live_options opt = {.domain = "x", .uri = "qemu:///embed?root=/no/such"};
	struct bl_err err = BL_ERR_INIT;
	struct hv_live *l = NULL;

	for (size_t i = 0; i < BL_ARRAY_LEN(refused); i++)
		ck_assert_msg(!live_uri_is_passive(refused[i]), "%s", refused[i]);
	ck_assert(live_uri_is_passive("qemu:///system"));
	ck_assert(live_uri_is_passive("qemu:///session"));
	ck_assert(live_uri_is_passive("qemu:///system?socket=/a//b"));
	ck_assert(live_uri_is_passive("qemu+ssh://root@pve02/system"));
	ck_assert(live_uri_is_passive("qemu+unix:///session?socket=/x"));
	ck_assert_int_eq(hv_live_open(&opt, &l, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "qemu+ssh://HOST/system"));
}
END_TEST

static const struct {
	const char *argv0, *exe;
	bool is_qemu;
} programs[] = {
	{"/usr/bin/qemu-system-x86_64", "/usr/bin/qemu-system-x86_64", true},
	{"/usr/bin/kvm", "/usr/bin/qemu-system-x86_64", true}, /* Proxmox VE */
	{"kvm", "/usr/bin/kvm", true},
	{"guest", "/usr/libexec/qemu-kvm (deleted)", true}, /* upgraded since */
	{"/opt/qemu/qemu-system-x86_64", "/lib64/ld-linux-x86-64.so.2", true},
	{"/usr/sbin/libvirtd", "/usr/sbin/libvirtd", false},
	{"kvm", "/usr/local/bin/kvmtool", false},
	{"kvm", NULL, false},
};

START_TEST(qemu_is_known_by_its_program_too)
{
	BL_CLEANUP(bl_freep) char *line = bl_strf("%s -machine q35", programs[_i].argv0);

	line[strlen(programs[_i].argv0)] = '\0';
	faked_make();
	faked_put_bytes("/proc/77/cmdline", line, strlen(programs[_i].argv0) + 14);
	if (programs[_i].exe)
		faked_link("/proc/77/exe", programs[_i].exe);
	ck_assert_int_eq(lv_is_qemu(faked_root, 77), programs[_i].is_qemu);
	ck_assert(!lv_is_qemu(faked_root, 78));
	ck_assert(!lv_is_qemu(faked_root, 0));
	faked_drop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("live");
	TCase *t = tcase_create("live");
	SRunner *run;
	int failed;

	tcase_add_loop_test(t, nothing_but_questions_is_sent, 0, 9);
	tcase_add_loop_test(t, disks_and_counters_come_through_whatever_is_said_between, 0,
			    BL_ARRAY_LEN(ways));
	tcase_add_loop_test(t, another_program_at_the_socket_is_told, 0, BL_ARRAY_LEN(greetings));
	tcase_add_loop_test(t, an_answer_that_fails_has_its_reason, 0, BL_ARRAY_LEN(answers));
	tcase_add_test(t, what_the_socket_did_not_take_is_sent_later);
	tcase_add_test(t, a_socket_that_is_not_there_is_told);
	tcase_add_test(t, only_a_libvirt_that_runs_is_asked);
	tcase_add_loop_test(t, qemu_is_known_by_its_program_too, 0, BL_ARRAY_LEN(programs));
	tcase_add_test(t, a_uri_of_another_host_is_known_by_its_host);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
