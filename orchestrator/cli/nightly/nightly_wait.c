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

/* *ret_is_quiet, or it may be measured all the same. -EBUSY: it is not, and the time is over. */
static int look(struct nightly *n, bool *ret_is_quiet, struct bl_err *err)
{
	struct doctor_options here = {.root = "", .work_dir = n->session.work_dir};
	BL_CLEANUP(bl_buf_done) struct bl_buf why = BL_BUF_INIT;

	if (host_busy(&here, LOOK_NS, &why) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (is_stopped(n))
		return bl_fail(err, -EINTR, "stopped while waiting for a quiet host");
	*ret_is_quiet = !why.len;
	if (why.len && strcmp(n->args->busy, "measure") == 0) {
		*ret_is_quiet = true;
		nightly_note(n, "measured although the host was busy: %s", bl_buf_str(&why));
	}
	if (*ret_is_quiet)
		return 0;
	if (!left_ns(n))
		return still_busy(n, bl_buf_str(&why), err);
	if (!n->is_waiting)
		nightly_say(n, "waiting for a quiet host: %s", bl_buf_str(&why));
	n->is_waiting = true;
	return 0;
}

static int wait_for_quiet(struct nightly *n, struct bl_err *err)
{
	bool is_quiet = false;
	int r = 0;

	while (r == 0 && !is_quiet) {
		uint64_t left = left_ns(n);

		pause_for(n, left < PAUSE_NS ? left : PAUSE_NS);
		r = look(n, &is_quiet, err);
	}
	return r;
}

/* Who only waits keeps nobody from running: the locks are held for a look, and given back. */
int nightly_wait(struct nightly *n, struct bl_err *err)
{
	bool is_quiet = false;
	int r = 0;

	n->deadline_ns = bl_now_ns() + n->wait_ns;
	while (r == 0 && !is_quiet) {
		r = run_session_lock(&n->session, "nightly", left_ns(n), err);
		if (r == 0)
			r = look(n, &is_quiet, err);
		if (r == 0 && !is_quiet) {
			run_lock_done(&n->session.lock);
			r = wait_for_quiet(n, err);
		}
	}
	return r;
}
