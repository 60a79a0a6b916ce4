#include "guest.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "guest_told.h"
#include "sample_json.h"
#include "units.h"
#include "wire.h"

#define SLICE_NS   (100 * NS_PER_MS) /* how late a stop or the watcher may be seen */
#define SEND_NS    (5 * NS_PER_S)
#define SILENCE_NS (10 * NS_PER_S) /* the agent speaks every second */

struct guest {
	struct hv_vm *vm;
	struct guest_options opt;
	struct guest_state state;
	struct wire_reader in;
	uint64_t last_heard_ns;
	uint64_t next_id;
	unsigned n_given_up; /* questions whose answers may still come */
	bool has_said_hello;
};

int guest_new(struct hv_vm *vm, const struct guest_options *opt, struct guest **ret)
{
	struct guest *g = calloc(1, sizeof *g);

	if (!g)
		return -ENOMEM;
	g->vm = vm;
	g->opt = *opt;
	if (!g->opt.silence_ns)
		g->opt.silence_ns = SILENCE_NS;
	snprintf(g->state.phase, sizeof g->state.phase, "boot");
	g->next_id = 1;
	*ret = g;
	return 0;
}

struct guest *guest_free(struct guest *g)
{
	if (g)
		wire_reader_done(&g->in);
	free(g);
	return NULL;
}

void guest_freep(struct guest **g)
{
	*g = guest_free(*g);
}

/* --- what came --- */

static void on_progress(struct guest *g, const json_t *msg)
{
	told_text(msg, "phase", g->state.phase, sizeof g->state.phase);
	g->state.elapsed_ns = told_number(msg, "elapsed_ns");
	g->state.ios = told_number(msg, "ios");
	g->state.bytes = told_number(msg, "bytes");
}

static void on_log(struct guest *g, const json_t *msg)
{
	char text[512];

	told_text(msg, "text", text, sizeof text);
	if (g->opt.log)
		g->opt.log(g->opt.ctx, text);
}

/* A message that came unasked is dealt with here. */
static bool is_unasked(struct guest *g, const json_t *msg)
{
	if (strcmp(wire_type(msg), "progress") == 0)
		on_progress(g, msg);
	else if (strcmp(wire_type(msg), "log") == 0)
		on_log(g, msg);
	else
		return false;
	return true;
}

static int remote_error(const json_t *msg, struct bl_err *err)
{
	char text[512];

	told_text(msg, "text", text, sizeof text);
	return bl_fail(err, -EREMOTEIO, "the guest says: %s", text[0] ? text : "error, no reason");
}

/* --- waiting --- */

static int check_patience(struct guest *g, uint64_t deadline_ns, uint64_t limit_ns,
			  const char *what, struct bl_err *err)
{
	char text[BL_UNIT_TEXT_MAX];
	uint64_t now = bl_now_ns(), silent;

	if (g->opt.stop && *g->opt.stop)
		return bl_fail(err, -EINTR, "stopped while waiting for %s", what);
	if (g->opt.watch) {
		int r = g->opt.watch(g->opt.ctx, &g->state, err);

		if (r < 0)
			return r;
	}
	if (now >= deadline_ns)
		return bl_fail(err, -ETIMEDOUT, "no %s from the guest within %s", what,
			       bl_format_ns(text, limit_ns));
	silent = now - g->last_heard_ns;
	if (g->has_said_hello && silent > g->opt.silence_ns)
		return bl_fail(err, -ETIMEDOUT,
			       "the guest has been silent for %" PRIu64 " s (waiting for %s)",
			       silent / NS_PER_S, what);
	return 0;
}

static int receive(struct guest *g, uint64_t limit_ns, const char *what, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	struct bl_err why = BL_ERR_INIT;
	int r = hv_vm_recv(g->vm, &b, limit_ns, &why);

	if (r == -EPIPE)
		return bl_fail(err, r, "the guest is gone (while waiting for %s)", what);
	if (r < 0)
		return bl_fail(err, r, "while waiting for %s: %s", what, bl_err_text(&why));
	if (r > 0) /* a long result is many pieces before it is a message */
		g->last_heard_ns = bl_now_ns();
	wire_reader_push(&g->in, b.data, b.len);
	return 0;
}

/* The next message that did not come unasked. */
static int next_message(struct guest *g, uint64_t limit_ns, const char *what, json_t **ret,
			struct bl_err *err)
{
	uint64_t deadline = bl_now_ns() + limit_ns;

	for (;;) {
		struct bl_err why = BL_ERR_INIT;
		json_t *msg = NULL;
		int r = wire_reader_next(&g->in, &msg, &why);

		if (r < 0) {
			told_tame_here(why.text); /* it quotes what came */
			return bl_fail(err, r, "bad message from the guest: %s", bl_err_text(&why));
		}
		if (r > 0 && is_unasked(g, msg)) {
			json_decref(msg);
			continue;
		}
		if (r > 0) {
			*ret = msg;
			return 0;
		}
		r = check_patience(g, deadline, limit_ns, what, err);
		if (r == 0)
			r = receive(g, SLICE_NS, what, err);
		if (r < 0)
			return r;
	}
}

/* The answer to a question that was given up comes before the one that is waited for. */
static bool is_late(struct guest *g, const json_t *msg, uint64_t id)
{
	if (!g->n_given_up || told_number(msg, "id") >= id)
		return false;
	g->n_given_up--;
	return true;
}

/* The answer to @id, whatever it is. */
static int next_answer(struct guest *g, uint64_t id, const char *want, uint64_t limit_ns,
		       json_t **ret, struct bl_err *err)
{
	uint64_t deadline = bl_now_ns() + limit_ns, now;
	int r;

	for (;;) {
		now = bl_now_ns();
		r = next_message(g, now < deadline ? deadline - now : 0, want, ret, err);
		if (r < 0 || !is_late(g, *ret, id))
			break;
		json_decref(*ret);
		*ret = NULL;
	}
	if (r == -ETIMEDOUT)
		g->n_given_up++;
	return r;
}

/* Send @request (stolen) and wait for its answer of type @want. */
static int ask(struct guest *g, json_t *request, const char *want, uint64_t limit_ns,
	       json_t **ret_answer, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf frame = BL_BUF_INIT;
	struct bl_err why = BL_ERR_INIT;
	uint64_t id = g->next_id++;
	json_t *msg = NULL;
	char type[33];
	int r;

	if (!request || json_object_set_new(request, "id", json_integer((json_int_t)id)) < 0) {
		json_decref(request);
		return bl_fail(err, -ENOMEM, "out of memory");
	}
	r = wire_encode(request, &frame, &why);
	json_decref(request);
	if (r == 0)
		r = hv_vm_send(g->vm, frame.data, frame.len, SEND_NS, &why);
	if (r == -EPIPE)
		return bl_fail(err, r, "the guest is gone (while waiting for %s)", want);
	if (r < 0)
		return bl_fail(err, r, "cannot ask the guest for %s: %s", want, bl_err_text(&why));
	r = next_answer(g, id, want, limit_ns, &msg, err);
	if (r < 0)
		return r;
	if (strcmp(wire_type(msg), "error") == 0)
		r = remote_error(msg, err);
	else if (strcmp(wire_type(msg), want) != 0 || told_number(msg, "id") != id)
		r = bl_fail(err, -EBADMSG, "the guest answered '%s' where '%s' was asked for",
			    told_type(msg, type), want);
	if (r == 0)
		*ret_answer = json_incref(msg);
	json_decref(msg);
	return r;
}

/* --- the conversation --- */

int guest_hello(struct guest *g, uint64_t limit_ns, struct facts *out, uint64_t *ret_at_ns,
		struct bl_err *err)
{
	json_t *msg = NULL;
	char type[33];
	int r = next_message(g, limit_ns, "hello", &msg, err);

	if (r < 0)
		return r;
	*ret_at_ns = bl_now_ns();
	if (strcmp(wire_type(msg), "hello") != 0)
		r = bl_fail(err, -EBADMSG, "the guest began with '%s' where hello was expected",
			    told_type(msg, type));
	else if (told_number(msg, "protocol") != WIRE_PROTOCOL_VERSION)
		r = bl_fail(err, -EPROTONOSUPPORT,
			    "the agent in the guest speaks protocol %" PRIu64
			    "; this blklab speaks %d: rebuild the guest image",
			    told_number(msg, "protocol"), WIRE_PROTOCOL_VERSION);
	if (r == 0)
		r = told_facts(out, msg, err);
	if (r == 0 && told_module_errors(out, json_object_get(msg, "module_errors")) < 0)
		r = bl_fail(err, -ENOMEM, "out of memory");
	g->has_said_hello = r == 0;
	g->last_heard_ns = *ret_at_ns;
	json_decref(msg);
	return r;
}

int guest_clock(struct guest *g, unsigned n, uint64_t limit_ns, struct guest_clock *ret,
		struct bl_err *err)
{
	struct guest_clock best = {.uncertainty_ns = UINT64_MAX};

	assert(n > 0);
	for (unsigned i = 0; i < n; i++) {
		uint64_t sent = bl_now_ns(), back;
		json_t *pong = NULL;
		int r = ask(g, json_pack("{s:s, s:I}", "type", "ping", "host_ns", (json_int_t)sent),
			    "pong", limit_ns, &pong, err);

		if (r < 0)
			return r;
		back = bl_now_ns();
		if ((back - sent) / 2 < best.uncertainty_ns) {
			best.uncertainty_ns = (back - sent) / 2;
			best.offset_ns = (int64_t)(sent + (back - sent) / 2) -
					 (int64_t)told_number(pong, "guest_ns");
		}
		json_decref(pong);
	}
	*ret = best;
	return 0;
}

struct guest_clock guest_clock_between(const struct guest_clock *before,
				       const struct guest_clock *after)
{
	int64_t lo[] = {before->offset_ns - (int64_t)before->uncertainty_ns,
			after->offset_ns - (int64_t)after->uncertainty_ns};
	int64_t hi[] = {before->offset_ns + (int64_t)before->uncertainty_ns,
			after->offset_ns + (int64_t)after->uncertainty_ns};
	int64_t from = lo[0] < lo[1] ? lo[0] : lo[1], to = hi[0] > hi[1] ? hi[0] : hi[1];
	uint64_t width = (uint64_t)to - (uint64_t)from; /* a guest may say any time */

	return (struct guest_clock){.offset_ns = from + (int64_t)(width / 2),
				    .uncertainty_ns = width / 2 + width % 2};
}

uint64_t guest_clock_to_host(const struct guest_clock *c, uint64_t guest_ns)
{
	return (uint64_t)((int64_t)guest_ns + c->offset_ns);
}

int guest_describe(struct guest *g, const char *serial, uint32_t nsid, uint64_t limit_ns,
		   struct guest_disk *ret, struct bl_err *err)
{
	struct guest_disk d = {0};
	json_t *msg = NULL;
	int r = ask(g,
		    json_pack("{s:s, s:s, s:I, s:I}", "type", "describe", "serial", serial,
			      "wait_ns", (json_int_t)limit_ns, "namespace", (json_int_t)nsid),
		    "disk", limit_ns + SEND_NS, &msg, err);

	if (r < 0)
		return r;
	told_text(msg, "device", d.device, sizeof d.device);
	d.size_bytes = told_number(msg, "size_bytes");
	d.first_read_ns = told_number(msg, "first_read_ns");
	if (strncmp(d.device, "/dev/", 5) != 0 || !d.size_bytes)
		r = bl_fail(err, -EBADMSG,
			    "the guest described no disk: device '%s', %" PRIu64 " bytes", d.device,
			    d.size_bytes);
	if (r == 0)
		r = told_facts(&d.facts, json_object_get(msg, "facts"), err);
	json_decref(msg);
	if (r < 0) {
		guest_disk_done(&d);
		return r;
	}
	*ret = d;
	return 0;
}

void guest_disk_done(struct guest_disk *d)
{
	facts_done(&d->facts);
}

int guest_precondition(struct guest *g, const char *device, uint64_t size_bytes,
		       uint64_t limit_bytes, uint64_t seed, uint64_t limit_ns,
		       uint64_t *ret_elapsed_ns, struct bl_err *err)
{
	json_t *msg = NULL;
	int r = ask(g,
		    json_pack("{s:s, s:s, s:I, s:I, s:I}", "type", "precondition", "device", device,
			      "size_bytes", (json_int_t)size_bytes, "limit_bytes",
			      (json_int_t)limit_bytes, "seed", (json_int_t)seed),
		    "preconditioned", limit_ns, &msg, err);

	if (r < 0)
		return r;
	if (told_number(msg, "bytes") != size_bytes)
		r = bl_fail(err, -EBADMSG,
			    "the guest filled %" PRIu64 " bytes where %" PRIu64 " were asked for",
			    told_number(msg, "bytes"), size_bytes);
	else
		*ret_elapsed_ns = told_number(msg, "elapsed_ns");
	json_decref(msg);
	return r;
}

static int take_samples(const json_t *msg, size_t n_jobs, struct sample **ret, struct bl_err *err)
{
	const json_t *list = json_object_get(msg, "samples");
	int r = 0;

	if (json_array_size(list) != n_jobs)
		return bl_fail(err, -EBADMSG, "the guest sent %zu samples for %zu jobs",
			       json_array_size(list), n_jobs);
	for (size_t i = 0; i < n_jobs && r == 0; i++) {
		ret[i] = NULL;
		r = sample_from_json(json_array_get(list, i), &ret[i], err);
		if (r == 0) {
			told_tame_here(ret[i]->job);
			told_tame_here(ret[i]->engine);
			told_tame_here(ret[i]->clock);
			told_tame_here(ret[i]->error_text);
			continue;
		}
		bl_wrap(err, r, "sample %zu from the guest", i);
		while (i-- > 0)
			ret[i] = sample_free(ret[i]);
		return r;
	}
	return r;
}

/* Room for @n more. -ENOMEM: @to is as it was. */
static int facts_grow(struct facts *to, size_t n)
{
	struct fact *more = n ? reallocarray(to->items, to->n + n, sizeof *more) : to->items;

	if (n && !more)
		return -ENOMEM;
	to->items = more;
	return 0;
}

/* Append @new to @to, which has room; its strings move. */
static void facts_move(struct facts *to, struct facts *new)
{
	if (new->n)
		memcpy(to->items + to->n, new->items, new->n * sizeof *new->items);
	to->n += new->n;
	free(new->items);
	*new = (struct facts){0};
}

void guest_jobs_told_done(struct guest_jobs_told *t)
{
	facts_done(&t->interrupts);
	series_done(&t->watched);
}

int guest_run(struct guest *g, const struct guest_jobs *jobs, struct guest_jobs_told *ret,
	      struct bl_err *err)
{
	struct guest_jobs_told told = {.samples = ret->samples};
	json_t *msg = NULL;
	int r;

	g->state.elapsed_ns = g->state.ios = g->state.bytes = 0;
	r = ask(g,
		json_pack("{s:s, s:s, s:s, s:I, s:I}", "type", "run", "device", jobs->device,
			  "jobs", jobs->text, "limit_bytes", (json_int_t)jobs->limit_bytes,
			  "watch_interval_ns", (json_int_t)jobs->watch_interval_ns),
		"result", jobs->limit_ns, &msg, err);
	if (r < 0)
		return r;
	told.watch_cost_ns = told_number(msg, "telemetry_cost_ns");
	told.watch_readings = told_number(msg, "telemetry_readings");
	r = told_interrupts(msg, &told.interrupts, err);
	if (r == 0)
		r = told_telemetry(msg, &told.watched, err);
	if (r == 0)
		r = take_samples(msg, jobs->n, told.samples, err);
	json_decref(msg);
	if (r < 0)
		guest_jobs_told_done(&told);
	else
		*ret = told;
	return r;
}

int guest_health(struct guest *g, uint64_t limit_ns, struct facts *ret_facts,
		 struct facts *ret_events, struct bl_err *err)
{
	BL_CLEANUP(facts_done) struct facts facts = {0}, events = {0};
	json_t *msg = NULL;
	int r = ask(g, json_pack("{s:s}", "type", "health"), "health", limit_ns, &msg, err);

	if (r < 0)
		return r;
	r = told_facts(&facts, json_object_get(msg, "facts"), err);
	if (r == 0)
		r = told_events(msg, &events, err);
	json_decref(msg);
	if (r < 0)
		return r;
	if (facts_grow(ret_facts, facts.n) < 0 || facts_grow(ret_events, events.n) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	facts_move(ret_facts, &facts);
	facts_move(ret_events, &events);
	return 0;
}

int guest_drop(struct guest *g, uint64_t limit_ns, struct bl_err *err)
{
	json_t *msg = NULL;
	int r = ask(g, json_pack("{s:s}", "type", "drop"), "done", limit_ns, &msg, err);

	json_decref(msg);
	return r;
}

int guest_poweroff(struct guest *g, uint64_t limit_ns, struct bl_err *err)
{
	struct bl_err mine = BL_ERR_INIT;
	json_t *msg = NULL;
	int r = ask(g, json_pack("{s:s}", "type", "poweroff"), "done", limit_ns, &msg, &mine);

	json_decref(msg);
	if (r == 0 || r == -EPIPE)
		return 0;
	return bl_fail(err, r, "%s", bl_err_text(&mine));
}
