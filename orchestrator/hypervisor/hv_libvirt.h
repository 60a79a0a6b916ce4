/* hv_libvirt.h - shared by the files that speak to libvirt: hv_libvirt.c, hv_vm.c, hv_channel*.c,
 * hv_embed.c, hv_orphans.c, hv_live_libvirt.c... Nobody else includes it.
 */
#ifndef HV_LIBVIRT_H
#define HV_LIBVIRT_H

#include <libvirt/libvirt.h>
#include <pthread.h>

#include "hv_process.h"
#include "hypervisor_priv.h"

struct lv_vm;

struct lv {
	struct hv base;
	virConnectPtr conn;
	char *root; /* of the embedded driver, as its URI has it; NULL: another driver */
	char *uri;
	int lifecycle, shutdown; /* callback ids; -1: none */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* some VM changed its state; CLOCK_MONOTONIC */
	struct lv_vm *vms;      /* under lock */
};

extern const struct hv_ops hv_libvirt_ops;

/* Note "what: libvirt's last error" (one line). Returns @code. */
int lv_fail(struct bl_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* hv_embed.c. Make @root a root of the embedded driver; *ret_root (new) is the path to give to
 * libvirt: @root itself or a short link to it. */
int lv_embed_prepare(const char *root, char **ret_root, struct bl_err *err);
void lv_embed_done(const char *root); /* removes the short link, if it is one */
/* -EBUSY: another process works there. Asked before libvirt is: a process in which libvirt's driver
 * has failed to start once can't start it again. */
int lv_embed_check_lock(const char *root, struct bl_err *err);
void lv_embed_opened(void); /* from now on the lock is this process's */
/* hv_account.c. From now on the account libvirt's driver insists on is found. */
void lv_account_stand_in(void);

/* hv_events.c. The event loop of this process, in a thread of its own while somebody uses it. */
int lv_events_start(struct bl_err *err);
void lv_events_stop(void);

/* hv_reap.c. */
void lv_reap_prepare(void);
/* Around calls in which libvirt starts or ends QEMU: lv_reap_end(lv_reap_begin(lv)). */
int lv_reap_begin(const struct lv *lv);
void lv_reap_end(int timer);

/* The byte stream to the guest's agent. Two ways to it, one a file. */
struct lv_channel {
	const struct lv_channel_ops {
		int (*send)(struct lv_channel *c, const void *data, size_t len, uint64_t limit_ns,
			    struct bl_err *err);
		int (*recv)(struct lv_channel *c, struct bl_buf *out, uint64_t limit_ns,
			    struct bl_err *err);
		void (*close)(struct lv_channel *c);
	} * ops;
};
int lv_channel_open_stream(virConnectPtr conn, virDomainPtr dom, const char *port,
			   struct lv_channel **ret_channel, struct bl_err *err);
int lv_channel_open_socket(const char *path, struct lv_channel **ret_channel, struct bl_err *err);

/* hv_channel.c: picks the way. */
int lv_channel_open(const struct lv *lv, virDomainPtr dom, const char *port,
		    struct lv_channel **ret_channel, struct bl_err *err);
int lv_channel_send(struct lv_channel *c, const void *data, size_t len, uint64_t limit_ns,
		    struct bl_err *err);
int lv_channel_recv(struct lv_channel *c, struct bl_buf *out, uint64_t limit_ns,
		    struct bl_err *err);
void lv_channel_close(struct lv_channel *c); /* NULL is fine */

/* hv_vm.c. */
int lv_vm_start(struct hv *hv, const char *xml, struct hv_vm **ret_vm, uint64_t *ret_start_ns,
		struct bl_err *err);
int lv_vm_send(struct hv_vm *vm, const void *data, size_t len, uint64_t limit_ns,
	       struct bl_err *err);
int lv_vm_recv(struct hv_vm *vm, struct bl_buf *out, uint64_t limit_ns, struct bl_err *err);
enum hv_vm_state lv_vm_state(struct hv_vm *vm);
const char *lv_vm_end_reason(struct hv_vm *vm);
int lv_vm_wait_end(struct hv_vm *vm, uint64_t limit_ns);
int lv_vm_xml(struct hv_vm *vm, char **ret_xml, struct bl_err *err);
int lv_vm_qmp(struct hv_vm *vm, const char *command, const json_t *args, json_t **ret_reply,
	      struct bl_err *err);
pid_t lv_vm_pid(struct hv_vm *vm);
void lv_vm_stop(struct hv_vm *vm);
void lv_vm_end(struct hv_vm *vm);
/* hv_vm_qmp() of any domain. */
int lv_qmp(virDomainPtr dom, const char *command, const json_t *args, json_t **ret_reply,
	   struct bl_err *err);
/* Events, in the event loop's thread: a domain's life; the end of a QEMU process. */
void lv_vm_monitor_event(virConnectPtr conn, virDomainPtr dom, const char *event, long long seconds,
			 unsigned micros, const char *details, void *opaque);
int lv_vm_event(virConnectPtr conn, virDomainPtr dom, int event, int detail, void *opaque);

/* hv_orphans.c. */
int lv_end_orphans(struct hv *hv,
		   void (*each)(void *ctx, const char *name, const char *run, const char *trial),
		   void *ctx, struct bl_err *err);

#endif
