/* hv_qmp.c - QEMU's monitor protocol, whatever way it goes (docs/interop/qmp-spec of QEMU). */
#include <errno.h>
#include <string.h>

#include "hypervisor_priv.h"
#include "tame.h"

json_t *hv_qmp_question(const char *command, const json_t *args)
{
	json_t *msg = json_pack("{s:s}", "execute", command);

	if (msg && args)
		json_object_set_new(msg, "arguments", json_deep_copy(args));
	return msg;
}

int hv_qmp_answer(const char *command, const json_t *answer, json_t **ret_reply, struct bl_err *err)
{
	json_t *value = json_object_get(answer, "return");
	const json_t *error = json_object_get(answer, "error");
	const char *class = json_string_value(json_object_get(error, "class"));
	const char *desc = json_string_value(json_object_get(error, "desc"));
	bool is_missing = class && strcmp(class, "CommandNotFound") == 0;
	char tame[256];

	if (value) {
		*ret_reply = json_incref(value);
		return 0;
	}
	bl_tame(tame, sizeof tame, desc ? desc : "an error without a description", SIZE_MAX);
	return bl_fail(err, is_missing ? -ENOTSUP : -EIO, "qmp %s: %s", command, tame);
}
