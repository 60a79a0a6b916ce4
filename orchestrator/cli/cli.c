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

void cli_note(struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(cli->err, fmt, ap);
	va_end(ap);
	fputc('\n', cli->err);
	fflush(cli->err);
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
	case -ENAMETOOLONG:
	case -EISDIR:
	case -ENOTDIR:
		return EXIT_BAD_INPUT;
	default:
		return r < 0 ? EXIT_HOST_CANNOT : r;
	}
}

static volatile sig_atomic_t stop_flag;

/* Only what is async-signal-safe: a flag and write(2). */
static void on_stop(int signo)
{
	static const char first[] = "\nblklab: stopping: the virtual machine is ended and what is "
				    "complete is kept...\n";
	static const char again[] = "\nblklab: already stopping; this takes a few seconds\n";
	const char *text = stop_flag ? again : first;
	int saved = errno;
	ssize_t n;

	n = write(STDERR_FILENO, text, strlen(text));
	(void)n;
	(void)signo;
	stop_flag = 1;
	errno = saved;
}

void cli_catch_stop(struct cli *cli)
{
	struct sigaction sa = {.sa_handler = on_stop, .sa_flags = SA_RESTART};

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	cli->stop = &stop_flag;
}
