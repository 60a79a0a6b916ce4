#include "scripted.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "units.h"

static int scripted_qmp(struct hv_vm *vm, const char *command, const json_t *args,
			json_t **ret_reply, struct bl_err *err)
{
	struct scripted *s = (struct scripted *)vm;
	char key[256];
	json_t *v;

	snprintf(key, sizeof key, "%s", command);
	if (strcmp(command, "qom-get") == 0)
		snprintf(key, sizeof key, "%s %s", json_string_value(json_object_get(args, "path")),
			 json_string_value(json_object_get(args, "property")));
	v = json_object_get(s->replies, key);
	if (!v)
		return bl_fail(err, -EIO, "qmp %s: no such thing: '%s'", command, key);
	*ret_reply = json_incref(v);
	return 0;
}

int scripted_no_xml(struct hv_vm *vm, char **ret_xml, struct bl_err *err)
{
	(void)vm;
	(void)ret_xml;
	return bl_fail(err, -EIO, "no XML in this test");
}

const struct hv_ops scripted_ops = {
	.name = "scripted", .qmp = scripted_qmp, .xml = scripted_no_xml};

struct cell scripted_cell(void)
{
	struct cell c;

	cell_defaults(&c);
	c.vcpus = 2;
	c.iothreads = 1;
	c.queues = 2;
	return c;
}

struct domain_binding scripted_binding(struct domain_disk *disk, const struct cell *c)
{
	*disk = (struct domain_disk){.cell = c, .path = "/d.img"};
	return (struct domain_binding){
		.accel = "tcg",
		.machine = "q35",
		.memory_bytes = 256 * MiB,
		.emulator_version = "7.2.22",
		.kernel_release = KERNEL,
		.disks = disk,
		.n_disks = 1,
	};
}

void scripted_fact(struct facts *f, const char *key, const char *value)
{
	if (value)
		ck_assert_int_eq(facts_add(f, key, value), 0);
}

json_t *scripted_json(const char *text)
{
	BL_CLEANUP(bl_freep) char *copy = strdup(text);
	json_error_t e;
	json_t *v;

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	v = json_loads(copy, JSON_DECODE_ANY, &e);
	ck_assert_msg(v, "%s: %s", text, e.text);
	return v;
}

char *scripted_sentence(const char *answers, const struct domain_binding *b, const char *at,
			const char *value)
{
	struct scripted s = {.base.ops = &scripted_ops, .replies = scripted_json(answers)};
	struct effectives e = {0};
	struct bl_err err = BL_ERR_INIT;
	char *text;

	if (at && value)
		json_object_set_new(s.replies, at, scripted_json(value));
	else if (at)
		json_object_del(s.replies, at);
	ck_assert_msg(effective_host(&s.base, b, 0, &e, &err) == 0, "%s", err.text);
	text = effective_mismatch(&e);
	effectives_done(&e);
	json_decref(s.replies);
	return text;
}
