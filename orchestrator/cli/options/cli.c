#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

int cli_print(struct cli *cli, const struct bl_buf *text, struct bl_err *err)
{
	if (bl_buf_failed(text))
		return bl_fail(err, -ENOMEM, "out of memory");
	errno = 0;
	if (fwrite(bl_buf_str(text), 1, text->len, cli->out) != text->len || fflush(cli->out) != 0)
		return bl_fail(err, errno ? -errno : -EIO, "cannot write the output: %s",
			       strerror(errno ? errno : EIO));
	return 0;
}

int cli_verdict(struct cli *cli, int code, int r, const struct bl_err *err)
{
	if (r == 0)
		return code;
	if (code == EXIT_FINE)
		return r;
	cli_note(cli, "blklab: %s", bl_err_text(err));
	return code;
}

void cli_note(struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(cli->err, fmt, ap);
	va_end(ap);
	fputc('\n', cli->err);
	fflush(cli->err);
}

const char *cli_program(const char *argv0)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789/._+@%:,=-";

	return argv0 && strchr(argv0, '/') && !argv0[strspn(argv0, plain)] ? argv0 : "blklab";
}

int cli_exit_code(int r)
{
	switch (r) {
	case -EINVAL:
	case -ERANGE:
	case -ENOENT:
	case -E2BIG:
	case -EEXIST:
	case -EBADMSG:
	case -ENODEV: /* a disk that is not there, or not as it was named */
	case -ENOTUNIQ:
	case -ENOTBLK:
	case -ENOKEY:
	case -ECANCELED:
	case -ENAMETOOLONG:
	case -EISDIR:
	case -ENOTDIR:
		return EXIT_BAD_INPUT;
	default:
		return r < 0 ? EXIT_HOST_CANNOT : r;
	}
}

static volatile sig_atomic_t stop_flag;
static const char *volatile stop_says, *volatile stop_says_again;

static void say(const char *text)
{
	ssize_t n = write(STDERR_FILENO, text, strlen(text));

	(void)n; /* nobody left to tell */
}

/* Only what is async-signal-safe: a flag, write(2), raise(3). */
static void on_stop(int signo)
{
	static volatile sig_atomic_t times;
	int saved = errno;

	stop_flag = 1;
	times = times + 1;
	if (times <= 2) {
		say("\nblklab: ");
		say(times == 1 ? stop_says : stop_says_again);
		say("\n");
	} else {
		signal(signo, SIG_DFL);
		raise(signo);
	}
	errno = saved;
}

void cli_catch_stop(struct cli *cli, const char *says, const char *again)
{
	struct sigaction sa = {.sa_handler = on_stop, .sa_flags = SA_RESTART}, before;

	stop_says = says;
	stop_says_again = again;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	/* Ignored it was by nohup(1): then the run outlives its terminal. */
	if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &sa, NULL);
	cli->stop = &stop_flag;
}
