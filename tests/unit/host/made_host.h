/* made_host.h - what the cases of samplers share: a host made of files, and what was read of it. */
#ifndef MADE_HOST_H
#define MADE_HOST_H

#include <check.h>

#include "series.h"

/* What was read, of this case. */
extern struct series_set set;
void begin_made_host(void);
void end_made_host(void);

void put(const char *text, const char *path_fmt, ...) __attribute__((format(printf, 2, 3)));
/* Thread @tid of process 100; what it used in ns. */
void thread(int tid, const char *name, unsigned run, unsigned wait, unsigned preempted);

/* The signal must be there. */
uint64_t value(size_t moment, const char *name);
uint64_t last(const char *name);

TCase *thread_cases(void);
TCase *machine_cases(void);

#endif
