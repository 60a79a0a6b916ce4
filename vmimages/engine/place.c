#include "place.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "sys.h"

#define IOPRIO_WHO_PROCESS 1 /* linux/ioprio.h */
#define IOPRIO_CLASS_SHIFT 13
#define IOPRIO_CLASS_BE    2

/* "0-3,5,8": false when it is no such list. */
static bool read_list(const char *text, cpu_set_t *set)
{
	CPU_ZERO(set);
	for (const char *s = text; *s;) {
		char *end;
		unsigned long from = strtoul(s, &end, 10), to = from;

		if (end == s)
			return false;
		if (*end == '-') {
			s = end + 1;
			to = strtoul(s, &end, 10);
			if (end == s)
				return false;
		}
		if (to < from || to >= CPU_SETSIZE || (*end && *end != ',' && *end != '\n'))
			return false;
		for (; from <= to; from++)
			CPU_SET(from, set);
		s = *end ? end + 1 : end;
	}
	return CPU_COUNT(set) > 0;
}

/* cpus_allowed_policy=split: the clone's own one of the set. */
static void keep_one(cpu_set_t *set, uint32_t clone)
{
	int skip = (int)(clone % (uint32_t)CPU_COUNT(set));

	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, set) || skip--)
			continue;
		CPU_ZERO(set);
		CPU_SET(cpu, set);
		return;
	}
}

static int enter_cpus(const char *option, const char *text, cpu_set_t *set, struct bl_err *err)
{
	if (sched_setaffinity(0, sizeof(*set), set) < 0)
		return bl_fail(err, -errno, "%s: '%s': %s; %ld CPUs are online", option, text,
			       strerror(errno), sysconf(_SC_NPROCESSORS_ONLN));
	return 0;
}

/* The CPUs of each node of the list. */
static int read_nodes(const char *text, cpu_set_t *set, struct bl_err *err)
{
	cpu_set_t nodes, one;

	CPU_ZERO(set);
	if (!read_list(text, &nodes))
		return bl_fail(err, -EINVAL, "numa_cpu_nodes: '%s' is not a list such as 0-1,3",
			       text);
	for (int node = 0; node < CPU_SETSIZE; node++) {
		char path[64], list[1024];

		if (!CPU_ISSET(node, &nodes))
			continue;
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", node);
		if (bl_read_line(path, list, sizeof(list)) < 0 || !read_list(list, &one))
			return bl_fail(err, -EINVAL, "numa_cpu_nodes: there is no node %d", node);
		CPU_OR(set, set, &one);
	}
	return 0;
}

/* numa_mem_policy=MODE[:NODES]: where the thread's memory comes from (set_mempolicy(2)). */
static int enter_policy(const char *text, struct bl_err *err)
{
	static const char *const modes[] = {"default", "prefer", "bind", "interleave", "local"};
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text), mode = 0;
	unsigned long mask = 0;
	cpu_set_t nodes;
	long rc;

	while (mode < BL_ARRAY_LEN(modes) &&
	       (strlen(modes[mode]) != len || strncmp(modes[mode], text, len) != 0))
		mode++;
	if (mode == BL_ARRAY_LEN(modes) || (colon && !read_list(colon + 1, &nodes)))
		return bl_fail(err, -EINVAL,
			       "numa_mem_policy: '%s' is not default, prefer:N, bind:N-M, "
			       "interleave:N-M or local",
			       text);
	for (unsigned node = 0; colon && node < 8 * sizeof(mask); node++)
		mask |= CPU_ISSET(node, &nodes) ? 1ul << node : 0;
	rc = sys_call4(SYS_set_mempolicy, (long)mode, mask ? (long)&mask : 0,
		       mask ? 8 * sizeof(mask) : 0, 0);
	if (rc < 0)
		return bl_fail(err, (int)rc, "numa_mem_policy: '%s': %s", text, strerror((int)-rc));
	return 0;
}

/* uid=, gid=: of this thread alone, so by the system calls themselves. */
static int enter_user(const struct job *j, struct bl_err *err)
{
	long rc = 0;

	if (j->gid >= 0)
		rc = sys_call4(SYS_setresgid, j->gid, j->gid, j->gid, 0);
	if (rc < 0)
		return bl_fail(err, (int)rc, "gid: '%lld': %s", (long long)j->gid,
			       strerror((int)-rc));
	if (j->uid >= 0)
		rc = sys_call4(SYS_setresuid, j->uid, j->uid, j->uid, 0);
	if (rc < 0)
		return bl_fail(err, (int)rc, "uid: '%lld': %s", (long long)j->uid,
			       strerror((int)-rc));
	return 0;
}

int place_enter(const struct job *j, uint32_t clone, struct bl_err *err)
{
	cpu_set_t set;
	int rc = 0;

	if (j->numa_cpu_nodes[0]) {
		rc = read_nodes(j->numa_cpu_nodes, &set, err);
		if (rc == 0)
			rc = enter_cpus("numa_cpu_nodes", j->numa_cpu_nodes, &set, err);
	}
	if (rc == 0 && j->cpus_allowed[0]) {
		if (!read_list(j->cpus_allowed, &set))
			return bl_fail(err, -EINVAL,
				       "cpus_allowed: '%s' is not a list such as 0-3,5",
				       j->cpus_allowed);
		if (j->cpus_allowed_policy == JOB_CPUS_SPLIT)
			keep_one(&set, clone);
		rc = enter_cpus("cpus_allowed", j->cpus_allowed, &set, err);
	}
	if (rc == 0 && j->nice && setpriority(PRIO_PROCESS, (id_t)gettid(), j->nice) < 0)
		return bl_fail(err, -errno, "nice: '%d': %s", j->nice, strerror(errno));
	if (rc == 0 && (j->prio || j->prioclass)) {
		unsigned class = j->prioclass ? j->prioclass : IOPRIO_CLASS_BE;

		rc = (int)sys_call4(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
				    class << IOPRIO_CLASS_SHIFT | j->prio, 0);
		if (rc < 0)
			return bl_fail(err, rc, "prio: class %u, '%u': %s", class, j->prio,
				       strerror(-rc));
	}
	if (rc == 0 && j->numa_mem_policy[0])
		rc = enter_policy(j->numa_mem_policy, err);
	return rc == 0 ? enter_user(j, err) : rc;
}
