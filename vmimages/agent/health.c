/* health.c - what the disk's controller and the kernel say of the disk, when asked. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"
#include "cleanup.h"
#include "interrupts.h"
#include "kernel_log.h"
#include "nvme_info.h"

#define KMSG       "/dev/kmsg"
#define EVENTS_MAX 64 /* a disk that fails says the same a thousand times */

/* The log goes on from one request to the next. Only the one worker thread is here. */
static struct {
	struct kernel_log *log;
	char device[DISK_NAME_MAX];
} heard;

static void add_fact(void *ctx, const char *key, const char *value)
{
	json_object_set_new(ctx, key, json_string(value));
}

static void add_event(void *ctx, const char *line)
{
	json_t *events = ctx;

	if (json_array_size(events) < EVENTS_MAX)
		json_array_append_new(events, json_string(line));
}

static json_t *nvme_facts(const char *name, const char *controller)
{
	json_t *facts = json_object();
	struct bl_err err = BL_ERR_INIT;
	char node[64];
	int r;

	if (!facts || !controller[0])
		return facts;
	snprintf(node, sizeof node, "/dev/%s", controller);
	r = nvme_identity(node, nvme_namespace_of("", name), add_fact, facts, &err);
	if (r == 0)
		r = nvme_health(node, add_fact, facts, &err);
	if (r < 0) /* a controller that is dead has events all the same */
		add_fact(facts, "failed", bl_err_text(&err));
	return facts;
}

/* Without them @facts have the reason: no event would look like no trouble. */
static json_t *events_of(const char *device, const char *controller, json_t *facts)
{
	const char *name = device + strlen("/dev/"), *names[3] = {name};
	json_t *events = json_array();
	char pci[32], more[64], why[128];
	size_t n_names = 1, n;

	irq_pci_of_block("", name, pci, sizeof pci);
	if (pci[0])
		names[n_names++] = pci;
	if (controller[0])
		names[n_names++] = controller;
	if (!heard.log || strcmp(heard.device, device)) {
		heard.log = kernel_log_close(heard.log);
		snprintf(heard.device, sizeof heard.device, "%s", device);
		heard.log = kernel_log_open(KMSG, true);
	}
	if (!heard.log) {
		snprintf(why, sizeof why, "guest: the kernel log, %s: %s", KMSG, strerror(errno));
		say("%s", why);
		add_fact(facts, "events.not_read", why);
	}
	if (!events || !heard.log)
		return events;
	n = kernel_log_trouble(heard.log, names, n_names, add_event, events);
	if (n > EVENTS_MAX) {
		snprintf(more, sizeof more, "%s: %zu more lines like these", name, n - EVENTS_MAX);
		json_array_append_new(events, json_string(more));
	}
	return events;
}

json_t *health_answer(json_int_t id, const char *device)
{
	const char *name = device + strlen("/dev/");
	char controller[32];
	json_t *facts;

	nvme_controller_of("", name, controller, sizeof controller);
	facts = nvme_facts(name, controller);
	return json_pack("{s:s, s:I, s:o, s:o}", "type", "health", "id", id, "facts", facts,
			 "events", events_of(device, controller, facts));
}
