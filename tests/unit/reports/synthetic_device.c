/* A run on a real NVMe device, as the runner would have left it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "synthetic.h"

#define MOUNTED_CELL   1
#define VFIO_CELL      3
#define USERSPACE_CELL 4
#define HOST_CELL      5

static char *dup(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		abort();
	return copy;
}

static void add_identity(const struct synthetic *how, struct facts *f)
{
	facts_add(f, "device.pci", "0000:5e:00.0");
	facts_add(f, "device.model", how->is_hostile ? HOSTILE : "SAMSUNG MZVLB1T0HALR-00000");
	facts_add(f, "device.serial", how->is_hostile ? HOSTILE : "S5XXNX0R101234");
	facts_add(f, "device.firmware", "EXF7201Q");
	facts_add(f, "device.namespace", "1");
	facts_add(f, "device.lba_format", "512 B + 0 B metadata");
	facts_add(f, "device.size_bytes", "1024209543168");
	facts_add(f, "device.volatile_write_cache", "yes");
	facts_add(f, "device.iommu_group", "17");
	facts_add(f, "device.numa_node", "0");
}

static void add_counter(struct facts *f, const char *name, unsigned long long before,
			unsigned long long after)
{
	char key[96];

	snprintf(key, sizeof(key), "device.before.%s", name);
	facts_addf(f, key, "%llu", before);
	snprintf(key, sizeof(key), "device.after.%s", name);
	facts_addf(f, key, "%llu", after);
}

/* Counters go on from trial to trial; the device warms up in the last. */
static void add_health(const struct trial_record *t, bool is_warm, struct facts *f)
{
	unsigned long long n = t->order;

	facts_add(f, "device.health_from", t->cell == VFIO_CELL ? "guest" : "host");
	facts_add(f, "device.before.smart.critical_warning", "0x00");
	facts_add(f, "device.after.smart.critical_warning", "0x00");
	add_counter(f, "smart.temperature_c", 38 + n % 5, 44 + n % 7 + (is_warm ? 33 : 0));
	add_counter(f, "smart.available_spare_pct", 100, 100);
	add_counter(f, "smart.spare_threshold_pct", 10, 10);
	add_counter(f, "smart.used_pct", 4, 4);
	add_counter(f, "smart.data_read_bytes", 91834000000 + n * 512000000,
		    92346000000 + n * 512000000);
	add_counter(f, "smart.data_written_bytes", 40960000000 + n * 256000000,
		    41216000000 + n * 256000000);
	add_counter(f, "smart.power_cycles", 212, 212);
	add_counter(f, "smart.power_on_h", 3120 + n / 4, 3120 + n / 4);
	add_counter(f, "smart.unsafe_shutdowns", 18, 18);
	add_counter(f, "smart.media_errors", 0, 0);
	add_counter(f, "smart.error_log_entries", 41, 41);
	add_counter(f, "smart.warning_temp_min", 2, is_warm ? 3 : 2);
	add_counter(f, "errors.entries", 41, 41);
}

/* Each queue at its vCPU; all at one in the cell that has that trouble. */
static void add_interrupts(const struct trial_record *t, struct job_result *j)
{
	bool is_host = t->cell == HOST_CELL;
	unsigned long long n = sample_ios(j->sample);
	unsigned n_queues = is_host ? 8 : 4;
	const char *side = is_host ? "host" : "guest";

	j->sample->n_threads = 4;
	for (unsigned q = 0; q <= n_queues; q++) {
		char key[64];

		if (t->cell == VFIO_CELL || is_host)
			snprintf(key, sizeof(key), "irq.%s.nvme0q%u", side, q);
		else if (q)
			snprintf(key, sizeof(key), "irq.guest.virtio1-req.%u", q - 1);
		else
			snprintf(key, sizeof(key), "irq.guest.virtio1-config");
		if (!q)
			facts_add(&j->facts, key, "0:12");
		else if (t->cell == USERSPACE_CELL)
			facts_addf(&j->facts, key, "2:%llu", n / n_queues);
		else
			facts_addf(&j->facts, key, "%u:%llu %u:%u", q - 1, n / n_queues,
				   q % n_queues, 3 + q);
		if (t->cell != VFIO_CELL || t->repeat)
			continue;
		snprintf(key, sizeof(key), "irq.host.vfio-msix[%u](0000:5e:00.0)", q);
		facts_addf(&j->facts, key, "%u:%llu", 2 * q, q ? n / n_queues : 12);
	}
}

static void add_handover(const struct synthetic *how, struct run_data *d, struct trial_record *t)
{
	bool is_mount = t->cell == MOUNTED_CELL;
	struct handover_record *h;

	if (!is_mount)
		facts_addf(&t->facts, "handover.given_ns", "%u", 620000000 + t->order * 1000000);
	facts_addf(&t->facts, "handover.return_ns", "%u", 410000000 + t->order * 1000000);
	d->handovers = realloc(d->handovers, (d->n_handovers + 1) * sizeof(*h));
	if (!d->handovers)
		abort();
	h = &d->handovers[d->n_handovers++];
	*h = (struct handover_record){
		.kind = is_mount ? HANDOVER_MOUNT : HANDOVER_VFIO,
		.host_id = dup("5f2b7c"),
		.device = dup(is_mount ? "/dev/nvme0n1" : "0000:5e:00.0"),
		.serial = dup("S5XXNX0R101234"),
		.model = dup("SAMSUNG MZVLB1T0HALR-00000"),
		.driver_before = dup(is_mount ? "/tmp/blklab/mnt" : "nvme"),
		.namespaces = dup(is_mount ? "" : "nvme0n1"),
		.given_ms = t->started_ms,
		.returned_ms = t->ended_ms,
		.is_back = true,
		.outcome = dup(how->is_hostile ? HOSTILE
			       : is_mount      ? "unmounted, and its file system taken off"
					       : "back at nvme with nvme0n1 after 0.4 s"),
	};
	snprintf(h->id, sizeof(h->id), "019aa8e3-2b00-7000-8000-%012u", t->order);
	snprintf(h->run_id, sizeof(h->run_id), "%s", d->run.id);
	snprintf(h->trial_id, sizeof(h->trial_id), "%s", t->id);
}

void synthetic_devices(const struct synthetic *how, struct run_data *d)
{
	facts_add(&d->run.environment, "cpu.count", "16");
	facts_add(&d->run.declared, "needs.live_migration", "no");
	facts_add(&d->run.declared, "needs.snapshots", "no");
	facts_add(&d->run.declared, "needs.latency_critical", "yes");
	facts_add(&d->run.declared, "device.serial", "S5XXNX0R101234");
	for (size_t i = 0; i < d->n_trials; i++) {
		struct trial_record *t = &d->trials[i];

		add_identity(how, &t->facts);
		add_health(t, t->cell == HOST_CELL && t->repeat + 1 == how->repeats, &t->facts);
		for (size_t k = 0; k < t->n_jobs; k++)
			add_interrupts(t, &t->jobs[k]);
		if (t->cell == MOUNTED_CELL || t->cell == VFIO_CELL || t->cell == USERSPACE_CELL)
			add_handover(how, d, t);
		if (t->cell == VFIO_CELL && t->repeat == 1) {
			facts_add(&t->facts, "device.event.0",
				  "guest: nvme nvme0: I/O 12 QID 1 timeout, reset controller");
			facts_add(&t->facts, "device.event.2",
				  "guest: nvme nvme0: Device not ready; status -19");
			facts_add(&t->facts, "device.event.1",
				  how->is_hostile ? "guest: reset " HOSTILE
						  : "guest: nvme nvme0: 4/0/0 default/read/poll "
						    "queues");
		}
	}
}
