/* main.c - blklab: pick the verb, parse its words, say what went wrong. */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "cli.h"
#include "help.h"

static unsigned terminal_columns(int fd)
{
	struct winsize ws;

	return ioctl(fd, TIOCGWINSZ, &ws) == 0 ? ws.ws_col : 0;
}

/* Of the terminal; behind a pipe (to a pager) of the one that standard error is on. */
static unsigned output_columns(void)
{
	const char *given = getenv("COLUMNS");
	long n = given ? strtol(given, NULL, 10) : 0;
	unsigned columns = terminal_columns(STDOUT_FILENO);

	if (!columns && n >= 40 && n <= 1000)
		columns = (unsigned)n;
	if (!columns)
		columns = terminal_columns(STDERR_FILENO);
	return columns ? columns : 100;
}

static int overview(struct cli *cli, FILE *to, int code)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	struct cli other = *cli;

	other.out = to;
	help_overview(&text);
	return cli_print(&other, &text, NULL) < 0 ? EXIT_HOST_CANNOT : code;
}

static int show_help(struct cli *cli, const struct verb *v, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	help_verb(v, &text);
	return cli_print(cli, &text, err);
}

static int run_verb(struct cli *cli, const char *name, int argc, char **argv)
{
	const struct verb *v = verb_find(name);
	struct bl_err err = BL_ERR_INIT;
	struct args a;
	int r;

	if (!v) {
		verb_unknown(name, &err);
		fprintf(cli->err, "blklab: %s\n", bl_err_text(&err));
		return EXIT_BAD_INPUT;
	}
	r = verb_take_action(&v, &argc, &argv, &err);
	if (r == 0)
		r = options_parse(v, argc, argv, &a, &err);
	if (r == 0 && v->n_actions && !a.help) /* options without the action that they are for */
		r = bl_fail(&err, -EINVAL, "ACTION comes first; '%s %s --help' lists them",
			    cli->program, v->name);
	if (r == 0)
		r = a.help ? show_help(cli, v, &err) : v->run(cli, &a, &err);
	if (r == -EPIPE) /* the reader of our output has seen enough */
		return EXIT_FINE;
	if (r < 0)
		fprintf(cli->err, "blklab %s: %s\n", v->name, bl_err_text(&err));
	return cli_exit_code(r);
}

int main(int argc, char **argv)
{
	struct cli cli = {
		.out = stdout,
		.err = stderr,
		.in = stdin,
		.program = cli_program(argc > 0 ? argv[0] : NULL),
		.columns = output_columns(),
		.in_is_tty = isatty(STDIN_FILENO),
		.out_is_tty = isatty(STDOUT_FILENO),
		.err_is_tty = isatty(STDERR_FILENO),
	};
	const char *first = argc > 1 ? argv[1] : NULL, *term = getenv("TERM");

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN); /* write errors are ours to tell: a closed pipe, */
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow (ulimit -f) */
	cli.color = cli.out_is_tty && !getenv("NO_COLOR") && !(term && strcmp(term, "dumb") == 0);
	if (!first)
		return overview(&cli, stderr, EXIT_BAD_INPUT);
	if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0)
		return overview(&cli, stdout, EXIT_FINE);
	if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0)
		first = "version";
	return run_verb(&cli, first, argc - 2, argv + 2);
}
