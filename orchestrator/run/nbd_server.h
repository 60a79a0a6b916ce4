/* nbd_server.h - storage nbd: the disk's file behind nbdkit, on a unix socket, for one trial.
 *
 * The program is nbdkit with its file plugin. It ends with this process, however that ends.
 */
#ifndef NBD_SERVER_H
#define NBD_SERVER_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "err.h"

struct nbd_server {
	pid_t pid;    /* 0: not running */
	char *socket; /* absolute path */
	char *log;    /* what it says */
	bool has_ended;
	int status; /* of waitpid(), once it has ended by itself */
};

/* Serve @image; socket and log lie in @dir, which is there. @words: filters and parameters, as
 * nbdkit_words.h lets them through; "" none. Returns when it listens.
 * -ENOENT: nbdkit is not installed; -ENAMETOOLONG: @dir is too long for a socket's path; -EINVAL:
 * it ended by itself, with its own words; -EEXIST: pause-control names something that is there and
 * is no socket (the filter would remove it); -ETIMEDOUT; -EINTR: @stop (may be NULL) was set.
 * Nothing is left behind on failure. */
int nbd_server_start(const char *image, const char *dir, const char *words,
		     volatile sig_atomic_t *stop, struct nbd_server *ret, struct bl_err *err);

/* While a client is connected: the server has @image open, and no other file or disk, but its log.
 * -EPERM: another, which is named; -ENOENT: not @image; or why that can't be told. */
int nbd_server_check(const struct nbd_server *s, const char *image, struct bl_err *err);

/* What is wrong with it: that it ended by itself, its last words. False: nothing is. */
bool nbd_server_trouble(struct nbd_server *s, char *out, size_t len);

/* End it and remove socket and log. Also of {0}. */
void nbd_server_end(struct nbd_server *s);

#endif
