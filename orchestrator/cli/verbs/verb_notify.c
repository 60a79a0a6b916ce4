/* verb_notify.c - blklab notify: does a notify file reach whom it names? */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "baseline_find.h"
#include "cleanup.h"
#include "cli.h"
#include "clock.h"
#include "fmt.h"
#include "json_parts.h"
#include "notify_send.h"
#include "rows.h"
#include "term.h"

/* A night that nobody takes for a real one. */
static int test_night(struct night *n, struct bl_err *err)
{
	char id[17], host[256] = "";

	this_host(id);
	gethostname(host, sizeof host - 1);
	*n = (struct night){
		.is_test = true,
		.scenario = strdup("blklab-notify-test"),
		.host_id = strdup(id),
		.host_name = strdup(host),
		.version = strdup(BLKLAB_VERSION),
		.accel = strdup(""),
		.started_ms = bl_wall_ms(),
		.outcome = NIGHT_NOT_MEASURED,
		.reason = strdup("this is a test, sent by 'blklab notify': nothing was measured"),
	};
	n->ended_ms = n->started_ms;
	if (n->scenario && n->host_id && n->host_name && n->version && n->accel && n->reason)
		return 0;
	return bl_fail(err, -ENOMEM, "out of memory");
}

static int print_text(struct cli *cli, const struct notify_config *c,
		      const struct notify_outcome *outcomes, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	char name[NOTIFY_NAME_MAX];

	for (size_t i = 0; i < c->n; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

		bl_buf_adds(&out, outcomes[i].is_sent ? "ok      " : "failed  ");
		bl_buf_addf(&text, "%s: %s", notify_name(name, &c->targets[i]), outcomes[i].text);
		term_wrap(&out, fmt_part(&out, &text), cli->columns, 8, 8);
		bl_buf_addc(&out, '\n');
	}
	return cli_print(cli, &out, err);
}

static int print_json(struct cli *cli, const struct notify_config *c,
		      const struct notify_outcome *outcomes, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *text = NULL;
	json_t *list = json_array();
	char name[NOTIFY_NAME_MAX];

	for (size_t i = 0; i < c->n; i++) {
		notify_name(name, &c->targets[i]);
		json_array_append_new(
			list, json_pack("{s:s, s:s*, s:b, s:s*}", "kind",
					notify_kind_names[c->targets[i].kind], "target", name,
					"is_sent", outcomes[i].is_sent, "text", outcomes[i].text));
	}
	text = json_array_size(list) == c->n ? json_dumps(list, JSON_INDENT(1)) : NULL;
	json_decref(list);
	bl_buf_addf(&out, "%s\n", text ? text : "");
	out.failed |= !text;
	return cli_print(cli, &out, err);
}

static int run_notify(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(notify_config_done) struct notify_config c = {0};
	BL_CLEANUP(night_done) struct night n = {0};
	BL_CLEANUP(bl_freep) struct notify_outcome *outcomes = NULL;
	struct notify_how how = {.is_test = true};
	size_t n_failed;
	int r = notify_config_read(a->notify, &c, err);

	if (r == 0)
		r = test_night(&n, err);
	if (r < 0)
		return r;
	outcomes = calloc(c.n, sizeof *outcomes);
	if (!outcomes)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < c.warnings.n; i++)
		cli_note(cli, "%s", c.warnings.items[i]);
	cli_catch_stop(cli, "stopping; what was not sent yet stays unsent", CLI_STOP_AGAIN);
	how.stop = cli->stop;
	how.outcomes = outcomes;
	n_failed = notify_all(&c, &n, &how);
	r = a->json ? print_json(cli, &c, outcomes, err) : print_text(cli, &c, outcomes, err);
	if (r < 0)
		return r;
	return n_failed ? EXIT_HOST_CANNOT : EXIT_FINE;
}

static const struct operand_row operands[] = {
	{.name = "FILE",
	 .kind = OPTION_FILE,
	 .is_needed = true,
	 .at = AT(notify),
	 .suffixes = "yaml yml",
	 .help = "the notify file (docs/notify.md)"},
};

static const struct option_row options[] = {ROW_JSON};

static const struct example examples[] = {
	{"blklab notify /etc/blklab/notify.yaml", "a test message to everybody in it"},
};

const struct verb verb_notify = {
	.name = "notify",
	.summary = "send a test message to each target of a notify file",
	.about = "Read a notify file, send a message that says it is a test to each of its targets "
		 "- "
		 "webhooks, mail, Pushgateway, files for node_exporter and CI - and show what each "
		 "answered. 'on' is not asked: everybody is told. Files and the group in the "
		 "Pushgateway are removed again. Nothing secret is printed.\n\n"
		 "The exit code is 3 when a target was not reached or refused it. A nightly run "
		 "only "
		 "notes that: whom it told never changes what it found.",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_notify,
};
