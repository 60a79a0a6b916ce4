/* verb_help.c - the verbs about blklab itself: help, man, completion, version. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "cli.h"
#include "fs.h"
#include "help.h"
#include "rows.h"

/* "run", and of actions "baseline" "record" or, as its man page is called, "baseline-record". */
static int named_verb(const struct args *a, const struct verb **ret, struct bl_err *err)
{
	const char *name = a->verb;
	char *rest = (char *)a->action, page[64];
	int n = rest ? 1 : 0;
	char **argv = &rest;

	*ret = NULL;
	if (!name)
		return 0;
	if (strncmp(name, "blklab-", 7) == 0)
		name += 7;
	for (size_t i = 0; !rest && (*ret = verb_page(i)); i++)
		if (strcmp(name, verb_page_name(*ret, page, sizeof page)) == 0)
			return 0;
	*ret = verb_find(name);
	if (!*ret)
		return verb_unknown(name, err);
	if (!rest)
		return 0;
	if (!(*ret)->n_actions)
		return bl_fail(err, -EINVAL, "'%s': one word too many; '%s' has no actions", rest,
			       name);
	return verb_take_action(ret, &n, &argv, err);
}

static int run_help(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	const struct verb *v;
	int r = named_verb(a, &v, err);

	if (r < 0)
		return r;
	if (v)
		help_verb(v, &text);
	else
		help_overview(&text);
	return cli_print(cli, &text, err);
}

static int write_page(const char *dir, const struct verb *v, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	char page[64] = "";
	BL_CLEANUP(bl_freep)
	char *path = bl_strf("%s/blklab%s%s.1", dir, v ? "-" : "",
			     v ? verb_page_name(v, page, sizeof page) : "");

	man_page(v, &text);
	if (!path || bl_buf_failed(&text))
		return bl_fail(err, -ENOMEM, "out of memory");
	return bl_write_file(path, bl_buf_str(&text), text.len, err);
}

static int write_pages(const char *dir, struct bl_err *err)
{
	int r = bl_mkdir_p(dir, err);

	if (r == 0)
		r = write_page(dir, NULL, err);
	for (size_t i = 0; r == 0 && verb_page(i); i++)
		r = write_page(dir, verb_page(i), err);
	return r;
}

static int run_man(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	const struct verb *v;
	int r = named_verb(a, &v, err);

	if (r < 0)
		return r;
	if (a->output)
		return write_pages(a->output, err);
	if (a->markdown)
		man_markdown(&text);
	else
		man_page(v, &text);
	return cli_print(cli, &text, err);
}

static int run_completion(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	(void)a; /* bash is the only one, and the parser has checked that */
	completion_bash(&text);
	return cli_print(cli, &text, err);
}

static int run_version(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	(void)a;
	bl_buf_addf(&text, "blklab %s\n", BLKLAB_VERSION);
	return cli_print(cli, &text, err);
}

static const struct operand_row verb_operand[] = {
	{.name = "VERB", .kind = OPTION_VERB, .at = AT(verb), .help = "the verb to explain"},
	{.name = "ACTION",
	 .kind = OPTION_TEXT,
	 .at = AT(action),
	 .help = "one of its actions, when it has several"},
};

const struct verb verb_help = {
	.name = "help",
	.summary = "explain blklab or one verb",
	.about = "Print the list of verbs, or what 'blklab VERB --help' prints.",
	.operands = verb_operand,
	.n_operands = BL_ARRAY_LEN(verb_operand),
	.run = run_help,
};

static const struct option_row man_options[] = {
	{.name = "markdown", .at = AT(markdown), .help = "all verbs in one Markdown document"},
	{.name = "into",
	 .kind = OPTION_FOLDER,
	 .arg = "DIR",
	 .at = AT(output),
	 .help = "write the pages of blklab and of every verb into this folder"},
};
static const struct example man_examples[] = {
	{"blklab man run | man -l -", "read the page of 'blklab run' without installing it"},
};

const struct verb verb_man = {
	.name = "man",
	.summary = "print a man page",
	.about = "Print the man page of a verb, or of blklab itself, as roff.",
	.operands = verb_operand,
	.n_operands = BL_ARRAY_LEN(verb_operand),
	.options = man_options,
	.n_options = BL_ARRAY_LEN(man_options),
	.examples = man_examples,
	.n_examples = BL_ARRAY_LEN(man_examples),
	.run = run_man,
};

static const char *const shells[] = {"bash", NULL};
static const struct operand_row shell_operand[] = {
	{.name = "SHELL",
	 .kind = OPTION_ENUM,
	 .at = AT(shell),
	 .values = shells,
	 .help = "bash, the only one so far and the default"},
};
static const struct example completion_examples[] = {
	{"source <(blklab completion bash)", "complete in this shell, also from a build tree"},
};

const struct verb verb_completion = {
	.name = "completion",
	.summary = "print the completion script for bash",
	.about = "Print a script that completes verbs, options, their values and files.",
	.operands = shell_operand,
	.n_operands = BL_ARRAY_LEN(shell_operand),
	.examples = completion_examples,
	.n_examples = BL_ARRAY_LEN(completion_examples),
	.run = run_completion,
};

const struct verb verb_version = {
	.name = "version",
	.summary = "print the version",
	.about = "Print the version of blklab.",
	.run = run_version,
};
