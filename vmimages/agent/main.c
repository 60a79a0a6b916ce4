/* main.c - PID 1 of the guest: mounts, modules, channel, requests. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "agent.h"
#include "cleanup.h"

static void put(const char *kind, const char *fmt, va_list args)
{
	char line[512];
	int n = snprintf(line, sizeof line, "blklab-agent: %s", kind);

	vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, args);
	strcat(line, "\n");
	if (write(STDOUT_FILENO, line, strlen(line)) < 0)
		return; /* without a console nobody is listening */
}

void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put("", fmt, args);
	va_end(args);
}

void fatal(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put("fatal: ", fmt, args);
	va_end(args);
	_exit(1);
}

void power_cut(void)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "b", 1) != 1)
		say("no sysrq (%s): the reset shuts devices down first", strerror(errno));
	reboot(RB_AUTOBOOT);
}

/* Only what is safe in a signal handler. */
static void on_crash(int signal)
{
	static const char *const lines[] = {
		[SIGSEGV] = "blklab-agent: fatal: segmentation fault\n",
		[SIGBUS] = "blklab-agent: fatal: bus error\n",
		[SIGILL] = "blklab-agent: fatal: illegal instruction\n",
		[SIGFPE] = "blklab-agent: fatal: arithmetic error\n",
		[SIGABRT] = "blklab-agent: fatal: aborted\n",
	};
	const char *line = lines[signal];

	if (write(STDOUT_FILENO, line, strlen(line)) < 0)
		_exit(128 + signal);
	_exit(128 + signal); /* the kernel panics: "Attempted to kill init!" */
}

static void catch_crashes(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
	static char stack[16384];
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
	struct sigaction act = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};

	sigaltstack(&alternate, NULL);
	for (size_t i = 0; i < BL_ARRAY_LEN(signals); i++)
		sigaction(signals[i], &act, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int main(void)
{
	struct boot boot;

	if (getpid() != 1) {
		fprintf(stderr, "blklab-agent %s is the first program of a blklab guest\n",
			BLKLAB_VERSION);
		return 2;
	}
	say("%s", BLKLAB_VERSION);
	catch_crashes();
	boot_mount();
	boot_modules(&boot);
	say("%zu modules loaded, %zu failed", json_array_size(boot.modules),
	    json_array_size(boot.errors));
	while (boot_has_word("blklab.test=mute"))
		pause();
	serve(port_open(), &boot);
	sync();
	reboot(RB_POWER_OFF);
	fatal("cannot power off: %s", strerror(errno));
}
