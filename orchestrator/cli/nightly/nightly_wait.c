/* nightly_wait.c - a host that is busy measures its neighbours. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "clock.h"
#include "nightly.h"
#include "quiet.h"
#include "units.h"

#define LOOK_NS  (2 * NS_PER_S)  /* who is busy is seen over so long */
#define PAUSE_NS (10 * NS_PER_S) /* between two looks */

static bool is_stopped(const struct nightly *n)
{
	return n->cli->stop && *n->cli->stop;
}

static uint64_t left_ns(const struct nightly *n)
{
	uint64_t now = bl_now_ns();

	return now < n->deadline_ns ? n->deadline_ns - now : 0;
}

static void pause_for(const struct nightly *n, uint64_t ns)
{
	uint64_t end = bl_now_ns() + ns;
	struct timespec step = {.tv_nsec = NS_PER_S / 5};

	while (bl_now_ns() < end && !is_stopped(n))
		nanosleep(&step, NULL);
}

static int still_busy(const struct nightly *n, const char *why, struct bl_err *err)
{
	char waited[BL_UNIT_TEXT_MAX];

	return bl_fail(err, -EBUSY,
		       "the host was busy (%s)%s%s: figures of such a night would be those of "
		       "others; run it when the host is quiet, with a longer --wait, or with "
		       "--busy measure",
		       why, n->wait_ns ? " and stayed so for " : "",
		       n->wait_ns ? bl_format_clock(waited, n->wait_ns) : "");
}

static int wait_for_quiet(struct nightly *n, struct bl_err *err)
{
	struct doctor_options here = {.root = "", .work_dir = n->session.work_dir};
	bool is_told = false;

	for (;;) {
		BL_CLEANUP(bl_buf_done) struct bl_buf why = BL_BUF_INIT;
		uint64_t left;

		if (host_busy(&here, LOOK_NS, &why) < 0)
			return bl_fail(err, -ENOMEM, "out of memory");
		if (is_stopped(n))
			return bl_fail(err, -EINTR, "stopped while waiting for a quiet host");
		if (!why.len)
			return 0;
		if (strcmp(n->args->busy, "measure") == 0) {
			nightly_note(n, "measured although the host was busy: %s",
				     bl_buf_str(&why));
			return 0;
		}
		left = left_ns(n);
		if (!left)
			return still_busy(n, bl_buf_str(&why), err);
		if (!is_told)
			nightly_say(n, "waiting for a quiet host: %s", bl_buf_str(&why));
		is_told = true;
		pause_for(n, left < PAUSE_NS ? left : PAUSE_NS);
	}
}

int nightly_wait(struct nightly *n, struct bl_err *err)
{
	int r;

	n->deadline_ns = bl_now_ns() + n->wait_ns;
	r = run_session_lock(&n->session, "nightly", n->wait_ns, err);
	return r < 0 ? r : wait_for_quiet(n, err);
}
