/* The notify file: what it means, what is refused and where; and what is made for each receiver. */
#include <check.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "fresh_dir.h"
#include "fs.h"
#include "nights.h"
#include "notify_send.h"
#include "notify_text.h"
#include "outbox.h"
#include "units.h"

static char dir[64];

static void set_up(void)
{
	fresh_dir(dir);
}

static void tear_down(void)
{
	bl_remove_tree(dir, NULL);
}

static void put(const char *name, const char *text, mode_t mode)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s", dir, name);

	ck_assert_int_eq(bl_write_file(path, text, strlen(text), NULL), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static int read_config(const char *text, struct notify_config *c, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/n.yaml", dir);

	put("n.yaml", text, 0600);
	return notify_config_read(path, c, err);
}

static const char whole[] =
	"budget: 30s\n"
	"targets:\n"
	"  - webhook: { url_file: slack.url, format: text, on: [worse, not-measured] }\n"
	"  - webhook:\n"
	"      url: https://ci.example.org:8080/blklab\n"
	"      headers: { Authorization: { file: token }, X-Env: { env: BLKLAB_TEST_SECRET } }\n"
	"      on: always\n"
	"  - mail:\n"
	"      smtp: smtp://mail.example.org:587\n"
	"      starttls: yes\n"
	"      user: lab\n"
	"      password_file: token\n"
	"      from: lab@example.org\n"
	"      to: [a@example.org, b@example.org]\n"
	"  - pushgateway: { url: 'http://127.0.0.1:9091/', grouping: { rack: r 7 } }\n"
	"  - textfile: { folder: prom }\n"
	"  - junit: { folder: /srv/ci }\n";

START_TEST(a_file_means_what_it_says)
{
	BL_CLEANUP(notify_config_done) struct notify_config c = {0};
	struct bl_err err = BL_ERR_INIT;
	BL_CLEANUP(bl_freep) char *prom = bl_strf("%s/prom", dir);
	char name[NOTIFY_NAME_MAX];

	put("slack.url", "https://hooks.example.org/T0/B0/secret\n", 0600);
	put("token", "Bearer s3cret\n", 0600);
	setenv("BLKLAB_TEST_SECRET", "env1", 1);
	ck_assert_msg(read_config(whole, &c, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(c.n, 6);
	ck_assert_uint_eq(c.budget_ns, 30 * NS_PER_S);
	ck_assert_uint_eq(c.warnings.n, 0);
	ck_assert_str_eq(c.targets[0].url, "https://hooks.example.org/T0/B0/secret");
	ck_assert(c.targets[0].is_text);
	ck_assert_uint_eq(c.targets[0].on, NOTIFY_WORSE | NOTIFY_NOT_MEASURED);
	ck_assert_uint_eq(c.targets[1].headers.n, 2);
	ck_assert_str_eq(c.targets[1].headers.items[0], "Authorization: Bearer s3cret");
	ck_assert_str_eq(c.targets[1].headers.items[1], "X-Env: env1");
	ck_assert_uint_eq(c.targets[1].on, NOTIFY_ALWAYS);
	ck_assert_str_eq(c.targets[2].password, "Bearer s3cret");
	ck_assert(c.targets[2].is_starttls);
	ck_assert_uint_eq(c.targets[2].to.n, 2);
	ck_assert_uint_eq(c.targets[2].on, NOTIFY_CHANGED | NOTIFY_NOT_MEASURED);
	ck_assert_uint_eq(c.targets[3].on, NOTIFY_ALWAYS);
	ck_assert_str_eq(c.targets[4].folder, prom);
	ck_assert_str_eq(c.targets[5].folder, "/srv/ci");
	ck_assert_str_eq(notify_name(name, &c.targets[0]), "webhook hooks.example.org (n.yaml:3)");
	ck_assert_str_eq(notify_name(name, &c.targets[2]),
			 "mail to a@example.org, ... by mail.example.org:587 (n.yaml:8)");
	ck_assert_str_eq(notify_name(name, &c.targets[3]),
			 "pushgateway 127.0.0.1:9091 (n.yaml:15)");
}
END_TEST

START_TEST(a_secret_that_others_can_read_is_warned_of)
{
	BL_CLEANUP(notify_config_done) struct notify_config c = {0};

	put("url", "http://h/x", 0644);
	ck_assert_int_eq(read_config("targets:\n - webhook: { url_file: url }\n", &c, NULL), 0);
	ck_assert_uint_eq(c.warnings.n, 1);
	ck_assert_ptr_nonnull(strstr(c.warnings.items[0],
				     "/url' holds a secret and can be read by others (mode 0644): "
				     "chmod 600 it"));
}
END_TEST

static const struct {
	const char *with;
	size_t n_warnings;
} own_secrets[] = {
	{"url: https://h/x, headers: { X-Token: abc }", 1},
	{"url: 'https://me:pass@h/x'", 1},
	{"url: http://h/x", 0},
};

START_TEST(so_is_one_in_the_file_itself)
{
	BL_CLEANUP(notify_config_done) struct notify_config c = {0};
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/open.yaml", dir);
	BL_CLEANUP(bl_freep)
	char *text = bl_strf("targets:\n - webhook: { %s }\n", own_secrets[_i].with);

	put("open.yaml", text, 0640);
	ck_assert_int_eq(notify_config_read(path, &c, NULL), 0);
	ck_assert_uint_eq(c.warnings.n, own_secrets[_i].n_warnings);
}
END_TEST

#define T "targets:\n - "
static const struct {
	const char *text;
	int code;
	const char *says;
} bad[] = {
	{"", -EINVAL, "targets: is missing; a list of targets is accepted"},
	{"targets: []\n", -EINVAL, "targets: is empty"},
	{"targets: x\n", -EINVAL, "targets: is a single value; a list"},
	{"targetz: []\n", -EINVAL,
	 "targetz: is not a key of this file; one of budget, targets is accepted"},
	{"budget: fast\n" T "textfile: { folder: x }\n", -EINVAL,
	 "budget: 'fast' is not a time from 1s to 1h"},
	{"budget: 2h\n" T "textfile: { folder: x }\n", -EINVAL, "budget: '2h' is not a time"},
	{T "slack: { url: http://h }\n", -EINVAL,
	 "slack: is no kind of target; one of webhook, mail, pushgateway, textfile, junit is "
	 "accepted (" /* and the place */},
	{T "web-hook: { url: http://h }\n", -EINVAL, "did you mean 'webhook'?"},
	{T "webhook: { ulr: http://h }\n", -EINVAL,
	 "ulr: is not a key of webhook; did you mean 'url'? one of url, url_file, url_env, user,"},
	{T "webhook: { }\n", -EINVAL, "webhook: has 0 of url, url_file, url_env; one is accepted"},
	{T "webhook: { url: http://h, url_env: X }\n", -EINVAL, "has 2 of url,"},
	{T "webhook: { url: ftp://h }\n", -EINVAL, "http:// or https://HOST is accepted ("},
	{T "webhook: { url: http://h, format: xml }\n", -EINVAL,
	 "format: 'xml' is not accepted; json"},
	{T "webhook: { url: http://h, on: [change] }\n", -EINVAL,
	 "on: 'change' is not accepted; did you mean 'changed'? ok, changed, worse,"},
	{T "webhook: { url: http://h, headers: { 'X Y': z } }\n", -EINVAL,
	 "headers: 'X Y' is no name of a header"},
	{T "webhook: { url: http://h, headers: { X: \"a\\r\\nEvil: b\" } }\n", -EINVAL,
	 "headers: has a control character in it"},
	{T "webhook: { url_file: nowhere }\n", -ENOENT, "url_file: cannot open '"},
	{T "webhook: { url_file: empty }\n", -EINVAL, "/empty' is empty; one line is accepted"},
	{T "webhook: { url_file: lines }\n", -EINVAL, "/lines' has several lines;"},
	{T "webhook: { url_env: BLKLAB_TEST_NONE }\n", -EINVAL,
	 "url_env: there is no environment variable 'BLKLAB_TEST_NONE'; set it, or"},
	{T "webhook: { url: http://h, user: x }\n", -EINVAL, "user: is said without the other"},
	{T "webhook: { url: http://h, smtp: x }\n", -EINVAL, "smtp: is not a key of webhook"},
	{T "mail: { smtp: 'smtp://h', from: a@b }\n", -EINVAL, "to: is missing from mail"},
	{T "mail: { smtp: 'http://h', from: a@b, to: c@d }\n", -EINVAL, "smtp:// or smtps://HOST"},
	{T "mail: { smtp: 'smtp://h', from: a@b, to: [] }\n", -EINVAL, "to: is empty"},
	{T "mail: { smtp: 'smtp://h', from: a@b, to: Me <c@d> }\n", -EINVAL,
	 "to: 'Me <c@d>' is not a plain address, 'name@example.org'"},
	{T "mail: { smtp: 'smtp://h', from: a@b, to: \"c@d\\r\\nRCPT TO: <e@f>\" }\n", -EINVAL,
	 "is not a plain address"},
	{T "mail: { smtp: 'smtp://h', from: a@b, to: c@d, starttls: maybe }\n", -EINVAL,
	 "starttls: 'maybe' is neither yes nor no"},
	{T "mail: { smtp: 'smtp://h', from: a@b, to: c@d, user: x, password_file: secret }\n",
	 -EINVAL, "user: the password would go over the network in the clear; say 'starttls: yes'"},
	{T "mail: { smtp: 'smtp://u:pw@h', from: a@b, to: c@d }\n", -EINVAL,
	 "user: the password would go over the network in the clear; say 'starttls: yes'"},
	{T "webhook: { url: 'http://h:8080/x', user: x, password_file: secret }\n", -EINVAL,
	 "user: the password would go to 'h:8080' over the network in the clear; it is sent by "
	 "https://, and by http:// to this host itself (127.0.0.1, [::1], localhost); say https:// "
	 "in the URL ("},
	{T "webhook: { url: 'HTTP://u:s3cret@h/x' }\n", -EINVAL,
	 "the password would go to 'h' over"},
	{T "pushgateway: { url: 'http://127.evil.example.org', user: x, password_file: secret }\n",
	 -EINVAL, "the password would go to '127.evil.example.org' over"},
	{T "webhook: { url: http://localhost.example.org, headers: { Authorization: x } }\n",
	 -EINVAL,
	 "headers: 'Authorization' would go to 'localhost.example.org' over the network in the "
	 "clear"},
	{T "webhook: { url: http://h, headers: { X: y, X-Api-Key: { file: secret } } }\n", -EINVAL,
	 "headers: 'X-Api-Key' would go to 'h' over"},
	{T "pushgateway: { url: http://h, grouping: { job: x } }\n", -EINVAL,
	 "grouping: 'job' is not accepted as a label"},
	{T "pushgateway: { url: http://h, grouping: { a-b: x } }\n", -EINVAL,
	 "grouping: 'a-b' is not accepted as a label"},
	{T "textfile: { }\n", -EINVAL, "folder: is missing from textfile"},
	{T "junit: x\n", -EINVAL, "junit: is a single value; a mapping is accepted"},
};

START_TEST(what_is_wrong_is_said_with_its_place)
{
	struct notify_config c = {0};
	struct bl_err err = BL_ERR_INIT;

	put("empty", "\n", 0600);
	put("lines", "a\nb\n", 0600);
	put("secret", "s3cret", 0600);
	ck_assert_int_eq(read_config(bad[_i].text, &c, &err), bad[_i].code);
	ck_assert_msg(strstr(err.text, bad[_i].says), "'%s' does not say '%s'", err.text,
		      bad[_i].says);
	ck_assert_msg(strstr(err.text, "/n.yaml:"), "no place in '%s'", err.text);
	ck_assert_ptr_null(strstr(err.text, "s3cret"));
	ck_assert_ptr_null(c.targets);
}
END_TEST

static const char *const in_the_clear[] = {
	"mail: { smtp: 'smtp://127.0.0.1:25', from: a@b, to: c@d, user: x, password_file: secret }",
	"webhook: { url: 'http://127.0.0.1:80/', user: x, password_file: secret }",
	"webhook: { url: 'http://[::1]:80/', headers: { Authorization: x } }",
	"webhook: { url: 'http://me:pw@localhost/' }",
	/* nothing to hide that we know of; and what is hidden */
	"webhook: { url: 'http://h/a@b', headers: { X-From: 'token, key' } }",
	"webhook: { url: 'https://h/', user: x, password_file: secret, headers: { Cookie: x } }",
};

START_TEST(on_this_host_a_password_may_go_in_the_clear)
{
	BL_CLEANUP(notify_config_done) struct notify_config c = {0};
	BL_CLEANUP(bl_freep) char *text = bl_strf("targets:\n - %s\n", in_the_clear[_i]);
	struct bl_err err = BL_ERR_INIT;

	put("secret", "s3cret", 0600);
	ck_assert_msg(read_config(text, &c, &err) == 0, "%s", err.text);
}
END_TEST

/* --- what is made --- */

static char *chat(const char *text)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	json_t *o;
	char *said;

	notify_chat(text, &out);
	o = json_loads(bl_buf_str(&out), 0, NULL);
	ck_assert_ptr_nonnull(o);
	ck_assert_uint_eq(json_object_size(o), 1);
	said = strdup(json_string_value(json_object_get(o, "text")));
	json_decref(o);
	return said;
}

START_TEST(in_a_chat_the_headline_is_text_and_the_rest_is_code)
{
	BL_CLEANUP(bl_freep) char *said = chat("blklab: ok\nline 2\nline 3\n");

	ck_assert_str_eq(said, "blklab: ok\n```\nline 2\nline 3\n```");
}
END_TEST

START_TEST(no_name_can_call_a_channel_or_leave_the_code)
{
	BL_CLEANUP(bl_freep)
	char *said = chat("@channel <!here> & `x`\n<!channel> @all ```\n*bold* <http://x|y>\n");

	ck_assert_str_eq(said, "(at)channel &lt;!here&gt; &amp; 'x'\n```\n&lt;!channel&gt; @all "
			       "'''\n*bold* &lt;http://x|y&gt;\n```");
}
END_TEST

START_TEST(who_was_told_and_who_did_not_ask_is_one_line)
{
	struct notify_target targets[] = {{.kind = NOTIFY_TEXTFILE, .folder = (char[]){"/srv/a"}},
					  {.kind = NOTIFY_TEXTFILE, .folder = (char[]){"/srv/b"}},
					  {.kind = NOTIFY_JUNIT, .folder = (char[]){"/srv/c"}}};
	const struct notify_config c = {.targets = targets, .n = 3};
	struct notify_outcome o[3] = {
		{.is_sent = true}, {.is_left_out = true}, {.text = "not reached"}};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

	notify_told(&c, o, "ok", &out);
	ck_assert_str_eq(bl_buf_str(&out),
			 "told: textfile /srv/a; does not ask for 'ok': textfile /srv/b");
	bl_buf_done(&out);
	out = (struct bl_buf)BL_BUF_INIT;
	o[0].is_sent = o[1].is_left_out = false;
	notify_told(&c, o, "ok", &out);
	ck_assert_str_eq(bl_buf_str(&out), "told: nobody");
}
END_TEST

START_TEST(a_group_has_job_instance_and_scenario)
{
	char *names[] = {(char *)"rack"}, *values[] = {(char *)"r/7"};
	struct notify_target t = {.url = (char *)"http://h:9091//"};
	BL_CLEANUP(night_done) struct night n;
	BL_CLEANUP(bl_freep) char *plain = NULL, *labels = NULL, *nasty = NULL;

	made_night(MADE_QUIET, &n);
	plain = notify_group_url(&t, &n);
	ck_assert_str_eq(plain, "http://h:9091/metrics/job/blklab/instance/host1/scenario/quick");
	t.job = (char *)"my job";
	t.group_names = (struct notify_texts){names, 1};
	t.group_values = (struct notify_texts){values, 1};
	free(n.host_name);
	n.host_name = strdup("");
	labels = notify_group_url(&t, &n);
	/* base64 of "my job" and "r/7", from base64(1) */
	ck_assert_str_eq(labels, "http://h:9091/metrics/job@base64/bXkgam9i/instance@base64/="
				 "/scenario/quick/rack@base64/ci83");
	free(n.scenario);
	n.scenario = strdup("a?b/c>>>d");
	nasty = notify_group_url(&t, &n);
	ck_assert_ptr_nonnull(strstr(nasty, "/scenario@base64/YT9iL2M-Pj5k/"));
}
END_TEST

/* --- what waits --- */

#define DAY_MS  86400000ULL
#define NIGHT_0 1795744800000ULL

static void put_message(const struct notify_target *t, uint64_t night_ms)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *path = NULL;

	bl_buf_adds(&text, "news");
	ck_assert_int_eq(outbox_put(dir, t, night_ms, &text, &path, NULL), 0);
	ck_assert_ptr_null(strstr(path, "s3cret"));
}

START_TEST(what_waits_is_of_its_target_and_the_newest_of_a_fortnight)
{
	struct notify_target t[] = {{.url = (char *)"https://h/s3cret"},
				    {.url = (char *)"https://h/other"},
				    {.folder = (char *)"/a/file"}};
	struct notify_config both = {.targets = t, .n = 3}, second = {.targets = t + 1, .n = 1};
	BL_CLEANUP(outbox_list_done) struct outbox_list l = {0};
	BL_CLEANUP(bl_freep) char *none = bl_strf("%s/none", dir);

	ck_assert_int_eq(outbox_open(none, &both, NIGHT_0, &l), 0);
	ck_assert_uint_eq(l.n, 0);
	put("0123456789abcdef-1.tmp", "", 0600); /* as one that is being written */
	for (unsigned i = 0; i < OUTBOX_MOST + 2; i++)
		put_message(&t[0], NIGHT_0 + i * 1000);
	put_message(&t[1], NIGHT_0 - 15 * DAY_MS);
	put_message(&t[1], NIGHT_0 - 13 * DAY_MS);
	ck_assert_int_eq(outbox_open(dir, &second, NIGHT_0, &l), 0);
	ck_assert_uint_eq(l.n, 1);
	ck_assert_uint_eq(l.items[0].night_ms, NIGHT_0 - 13 * DAY_MS);
	outbox_list_done(&l);
	ck_assert_int_eq(outbox_open(dir, &both, NIGHT_0, &l), 0);
	ck_assert_uint_eq(l.n, OUTBOX_MOST + 1);
	ck_assert_ptr_eq(l.items[0].target, &t[1]);
	ck_assert_ptr_eq(l.items[1].target, &t[0]);
	ck_assert_uint_eq(l.items[1].night_ms, NIGHT_0 + 2000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("notify");
	TCase *t = tcase_create("notify");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_file_means_what_it_says);
	tcase_add_test(t, a_secret_that_others_can_read_is_warned_of);
	tcase_add_loop_test(t, so_is_one_in_the_file_itself, 0, BL_ARRAY_LEN(own_secrets));
	tcase_add_loop_test(t, what_is_wrong_is_said_with_its_place, 0, BL_ARRAY_LEN(bad));
	tcase_add_loop_test(t, on_this_host_a_password_may_go_in_the_clear, 0,
			    BL_ARRAY_LEN(in_the_clear));
	tcase_add_test(t, in_a_chat_the_headline_is_text_and_the_rest_is_code);
	tcase_add_test(t, no_name_can_call_a_channel_or_leave_the_code);
	tcase_add_test(t, who_was_told_and_who_did_not_ask_is_one_line);
	tcase_add_test(t, a_group_has_job_instance_and_scenario);
	tcase_add_test(t, what_waits_is_of_its_target_and_the_newest_of_a_fortnight);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
