/* serve.c - one host at a time: hello, then a request and its answer, until poweroff.
 *
 * When the host goes away, what it asked for is stopped and forgotten; the next host to
 * open the channel is greeted anew. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent.h"
#include "cleanup.h"
#include "clock.h"
#include "engine.h"
#include "fs.h"
#include "units.h"
#include "wire.h"

#define HEARTBEAT_NS  NS_PER_S
#define DISK_EVERY_NS (5 * NS_PER_MS) /* look for the disk so often */
#define HOST_EVERY_US 2000            /* look for a host so often */
#define DIE_AFTER_NS  (500 * NS_PER_MS)

struct session {
	int port, event_fd;
	const struct boot *boot;
	struct wire_reader reader;
	bool is_connected, powers_off;
	char device[DISK_NAME_MAX];            /* the disk under test; "": not described yet */
	struct work *work;                     /* NULL: idle */
	uint64_t next_heartbeat_ns, die_at_ns; /* die_at_ns 0: no */
	struct {
		char serial[128]; /* "": nothing is looked for */
		uint32_t nsid;
		json_int_t id;
		uint64_t end_ns;
	} wanted;
};

/* Send all of it, or lose the host: -EPIPE. */
static int send_bytes(struct session *s, const char *data, size_t len)
{
	struct pollfd p = {.fd = s->port, .events = POLLOUT};

	while (len) {
		ssize_t n = write(s->port, data, len);

		if (n > 0) {
			data += n;
			len -= (size_t)n;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -EPIPE;
		poll(&p, 1, 1000);
		if (p.revents & POLLHUP)
			return -EPIPE;
	}
	return 0;
}

/* What was sampled beside the jobs is not worth the loss of what they measured. */
static int encode(json_t *msg, struct bl_buf *frame, struct bl_err *err)
{
	int r = wire_encode(msg, frame, err);

	if (r != -EMSGSIZE || json_object_del(msg, "telemetry") < 0)
		return r;
	say("%s: sent without telemetry", err->text);
	*err = (struct bl_err)BL_ERR_INIT;
	return wire_encode(msg, frame, err);
}

/* Takes @msg. A message that can't be sent as it is becomes an error with its id. */
static void send_message(struct session *s, json_t *msg)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf frame = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;

	if (msg && encode(msg, &frame, &err) < 0) {
		json_t *instead =
			error_message(json_integer_value(json_object_get(msg, "id")), &err);

		say("%s", err.text);
		json_decref(msg);
		msg = instead;
		wire_encode(msg, &frame, NULL);
	}
	json_decref(msg);
	if (s->is_connected && send_bytes(s, frame.data, frame.len) < 0)
		s->is_connected = false;
}

static void send_error(struct session *s, const json_t *request, const struct bl_err *err)
{
	send_message(s, error_message(json_integer_value(json_object_get(request, "id")), err));
}

static void send_done(struct session *s, const json_t *request)
{
	send_message(s, json_pack("{s:s, s:I}", "type", "done", "id",
				  json_integer_value(json_object_get(request, "id"))));
}

static void send_hello(struct session *s)
{
	char clocksource[64], cmdline[4096];
	struct sysinfo info = {0};
	struct utsname name = {0};

	sysinfo(&info);
	uname(&name);
	sysfs_read(clocksource, sizeof clocksource,
		   "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	sysfs_read(cmdline, sizeof cmdline, "/proc/cmdline");
	send_message(s, json_pack("{s:s, s:i, s:s, s:s, s:I, s:I, s:s, s:I, s:s, s:O, s:O}", "type",
				  "hello", "protocol", WIRE_PROTOCOL_VERSION, "agent_version",
				  BLKLAB_VERSION, "kernel", name.release, "cpus",
				  (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "memory_bytes",
				  (json_int_t)((uint64_t)info.totalram * info.mem_unit),
				  "clocksource", clocksource, "uptime_ns", (json_int_t)bl_now_ns(),
				  "cmdline", cmdline, "modules", s->boot->modules, "module_errors",
				  s->boot->errors));
}

static void on_ping(struct session *s, const json_t *rq)
{
	uint64_t now = bl_now_ns();

	send_message(s, json_pack("{s:s, s:I, s:I, s:I}", "type", "pong", "id",
				  json_integer_value(json_object_get(rq, "id")), "host_ns",
				  json_integer_value(json_object_get(rq, "host_ns")), "guest_ns",
				  (json_int_t)now));
}

/* The disk may take a moment; the loop looks for it until end_ns. */
static void on_describe(struct session *s, const json_t *rq)
{
	const char *serial = json_string_value(json_object_get(rq, "serial"));
	json_int_t wait = json_integer_value(json_object_get(rq, "wait_ns"));
	json_int_t nsid = json_integer_value(json_object_get(rq, "namespace"));
	struct bl_err err = BL_ERR_INIT;

	if (!serial || !serial[0] || strlen(serial) >= sizeof s->wanted.serial || wait < 0) {
		bl_fail(&err, -EINVAL,
			"describe: 'serial' must be a text of 1 to 127 characters "
			"and 'wait_ns' not below 0");
		send_error(s, rq, &err);
		return;
	}
	if (nsid < 0 || nsid > UINT32_MAX) {
		bl_fail(&err, -ERANGE, "namespace: %lld is not within 0 to %u", (long long)nsid,
			UINT32_MAX);
		send_error(s, rq, &err);
		return;
	}
	strcpy(s->wanted.serial, serial);
	s->wanted.nsid = (uint32_t)nsid;
	s->wanted.id = json_integer_value(json_object_get(rq, "id"));
	s->wanted.end_ns = bl_now_ns() + (uint64_t)wait;
}

static void start_work(struct session *s, const json_t *rq, enum work_kind kind)
{
	struct bl_err err = BL_ERR_INIT;

	if (s->work)
		bl_fail(&err, -EBUSY, "%s: another request is being worked on", wire_type(rq));
	else
		work_start(kind, rq, s->device, s->event_fd, &s->work, &err);
	if (err.code)
		send_error(s, rq, &err);
	else if (kind == WORK_RUN && boot_has_word("blklab.test=die-in-job"))
		s->die_at_ns = bl_now_ns() + DIE_AFTER_NS;
}

static void on_precondition(struct session *s, const json_t *rq)
{
	start_work(s, rq, WORK_FILL);
}

static void on_run(struct session *s, const json_t *rq)
{
	start_work(s, rq, WORK_RUN);
}

static void on_drop(struct session *s, const json_t *rq)
{
	start_work(s, rq, WORK_DROP);
}

static void on_health(struct session *s, const json_t *rq)
{
	start_work(s, rq, WORK_HEALTH);
}

static void on_poweroff(struct session *s, const json_t *rq)
{
	/* A write that waits is back only when the host has taken the bytes. */
	fcntl(s->port, F_SETFL, fcntl(s->port, F_GETFL) & ~O_NONBLOCK);
	send_done(s, rq);
	s->powers_off = true;
}

static void answer(struct session *s, const json_t *rq)
{
	static const struct {
		const char *type;
		void (*does)(struct session *s, const json_t *rq);
	} rows[] = {
		{"ping", on_ping},
		{"describe", on_describe},
		{"precondition", on_precondition},
		{"run", on_run},
		{"drop", on_drop},
		{"health", on_health},
		{"poweroff", on_poweroff},
	};
	struct bl_err err = BL_ERR_INIT;

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		if (!strcmp(wire_type(rq), rows[i].type)) {
			rows[i].does(s, rq);
			return;
		}
	}
	bl_fail(&err, -ENOSYS,
		"'%s' is not a request; ping, describe, precondition, run, drop, health and "
		"poweroff are",
		wire_type(rq));
	send_error(s, rq, &err);
}

static void look_for_disk(struct session *s)
{
	struct bl_err err = BL_ERR_INIT;
	char device[DISK_NAME_MAX];
	uint64_t size = 0, read_ns = 0;

	if (disk_find(s->wanted.serial, s->wanted.nsid, device) == 0 &&
	    engine_target_size(device, &size, &err) == 0) {
		strcpy(s->device, device);
		if (disk_first_read(device, &read_ns, &err) < 0)
			send_message(s, error_message(s->wanted.id, &err));
		else
			send_message(s,
				     json_pack("{s:s, s:I, s:s, s:I, s:I, s:o}", "type", "disk",
					       "id", s->wanted.id, "device", device, "size_bytes",
					       (json_int_t)size, "first_read_ns",
					       (json_int_t)read_ns, "facts", disk_facts(device)));
	} else if (bl_now_ns() >= s->wanted.end_ns) {
		char which[32] = "";

		if (s->wanted.nsid)
			snprintf(which, sizeof which, " and namespace %u", s->wanted.nsid);
		bl_fail(&err, -ENODEV, "no disk with serial '%s'%s appeared", s->wanted.serial,
			which);
		send_message(s, error_message(s->wanted.id, &err));
	} else {
		return;
	}
	s->wanted.serial[0] = '\0';
}

static void read_requests(struct session *s)
{
	struct bl_err err = BL_ERR_INIT;
	char chunk[32768];
	json_t *rq;
	ssize_t n = read(s->port, chunk, sizeof chunk);
	int r;

	if (n == 0)
		s->is_connected = false;
	if (n <= 0)
		return;
	wire_reader_push(&s->reader, chunk, (size_t)n);
	while ((r = wire_reader_next(&s->reader, &rq, &err)) == 1) {
		answer(s, rq);
		json_decref(rq);
	}
	if (r == 0)
		return;
	/* where the next frame starts is not known any more */
	send_message(s, json_pack("{s:s, s:s}", "type", "log", "text", err.text));
	wire_reader_done(&s->reader);
}

/* The ends that the lab's own tests ask for. */
static void end_as_asked(void)
{
	BL_CLEANUP(bl_closep) int fd = -1;
	int *volatile nowhere = NULL;

	if (boot_has_word("blklab.test=crash"))
		*nowhere = 0;
	if (!boot_has_word("blklab.test=panic"))
		return;
	fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "c", 1) != 1)
		fatal("asked to panic");
}

/* A new host hears hello, and nothing of what an earlier one asked. */
static void wait_for_host(struct session *s)
{
	struct pollfd p = {.fd = s->port, .events = POLLIN};
	uint64_t count;

	if (s->work) {
		work_stop(s->work);
		json_decref(work_finish(s->work));
		s->work = NULL;
		if (read(s->event_fd, &count, sizeof count) < 0)
			say("no end of work was signalled: %s", strerror(errno));
	}
	wire_reader_done(&s->reader);
	s->wanted.serial[0] = '\0';
	while (poll(&p, 1, 0) >= 0 && (p.revents & POLLHUP))
		usleep(HOST_EVERY_US);
	s->is_connected = true;
	s->next_heartbeat_ns = bl_now_ns() + HEARTBEAT_NS;
	send_hello(s);
	end_as_asked();
}

static void end_work(struct session *s)
{
	uint64_t count;

	if (read(s->event_fd, &count, sizeof count) < 0 || !s->work)
		return;
	send_message(s, work_finish(s->work));
	s->work = NULL;
	s->die_at_ns = 0; /* too late: a short job is over, the next one counts anew */
}

/* ms until something has to be done without being asked */
static int patience_ms(const struct session *s)
{
	uint64_t now = bl_now_ns(), next = s->next_heartbeat_ns;

	if (s->wanted.serial[0] && now + DISK_EVERY_NS < next)
		next = now + DISK_EVERY_NS;
	if (s->die_at_ns && s->die_at_ns < next)
		next = s->die_at_ns;
	return next > now ? (int)((next - now + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

void serve(int port, const struct boot *b)
{
	struct session s = {
		.port = port, .boot = b, .event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};

	while (!s.powers_off) {
		struct pollfd p[] = {{.fd = port, .events = POLLIN},
				     {.fd = s.event_fd, .events = POLLIN}};

		if (!s.is_connected)
			wait_for_host(&s);
		poll(p, BL_ARRAY_LEN(p), patience_ms(&s));
		if (p[1].revents & POLLIN)
			end_work(&s);
		if (p[0].revents & POLLIN)
			read_requests(&s);
		else if (p[0].revents & POLLHUP)
			s.is_connected = false;
		if (s.wanted.serial[0])
			look_for_disk(&s);
		if (s.die_at_ns && bl_now_ns() >= s.die_at_ns)
			power_cut();
		if (bl_now_ns() >= s.next_heartbeat_ns) {
			send_message(&s, work_progress(s.work));
			s.next_heartbeat_ns = bl_now_ns() + HEARTBEAT_NS;
		}
	}
	if (s.work) {
		work_stop(s.work);
		json_decref(work_finish(s.work));
	}
}
