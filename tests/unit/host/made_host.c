#include "made_host.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>

#include "faked.h"

struct series_set set;

void begin_made_host(void)
{
	faked_make();
}

void end_made_host(void)
{
	series_done(&set);
	faked_drop();
}

void put(const char *text, const char *fmt, ...)
{
	char path[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof path, fmt, ap);
	va_end(ap);
	faked_put(path, text);
}

void thread(int tid, const char *name, unsigned run, unsigned wait, unsigned preempted)
{
	char line[200];

	put(name, "/proc/100/task/%d/comm", tid);
	snprintf(line, sizeof line, "%u %u 7\n", run, wait);
	put(line, "/proc/100/task/%d/schedstat", tid);
	snprintf(line, sizeof line,
		 "Name:\tx\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t%u\n",
		 preempted);
	put(line, "/proc/100/task/%d/status", tid);
}

uint64_t value(size_t moment, const char *name)
{
	const struct series *one = series_find(&set, name);

	ck_assert_msg(one != NULL, "there is no signal '%s'", name);
	return one->values[moment];
}

uint64_t last(const char *name)
{
	return value(set.n - 1, name);
}
