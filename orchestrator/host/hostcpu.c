#include "hostcpu.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "cleanup.h"

const char *const cpu_role_names[] = {"vcpu",  "iothread", "main", "worker",
				      "vhost", "job",      "other"};
static_assert(BL_ARRAY_LEN(cpu_role_names) == CPU_ROLES, "a name for every role");

static const struct {
	const char *prefix;
	enum cpu_role role;
} thread_names[] = {
	{"CPU ", CPU_VCPU},
	{"ALL CPUs", CPU_VCPU},
	{"IO mon_iothread", CPU_OTHER}, /* QEMU's own, for its monitor */
	{"IO ", CPU_IOTHREAD},
	{"worker", CPU_WORKER},
	{"pool-", CPU_WORKER}, /* QEMU 8+ names its pool so */
	{"iou-wrk", CPU_WORKER},
	{"iou-sqp", CPU_WORKER},
	{"vhost-", CPU_VHOST}, /* in the process since Linux 6.4 */
};

enum cpu_role cpu_role_of(const char *thread_name, bool is_main_thread)
{
	if (is_main_thread)
		return CPU_MAIN;
	for (size_t i = 0; i < BL_ARRAY_LEN(thread_names); i++) {
		if (strncmp(thread_name, thread_names[i].prefix, strlen(thread_names[i].prefix)) ==
		    0)
			return thread_names[i].role;
	}
	return CPU_OTHER;
}
