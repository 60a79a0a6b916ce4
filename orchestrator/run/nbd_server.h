/* nbd_server.h - storage nbd: the disk's file behind nbdkit, on a unix socket, for one trial.
 *
 * The program is nbdkit with its file plugin. It ends with this process, however that ends.
 */
#ifndef NBD_SERVER_H
#define NBD_SERVER_H

#include <signal.h>
#include <sys/types.h>

#include "err.h"

struct nbd_server {
	pid_t pid;    /* 0: not running */
	char *socket; /* absolute path */
	char *log;    /* what it says */
};

/* Serve @image; socket and log lie in @dir, which is there. @words: filters and parameters, as the
 * scenario's backing.nbdkit has them; "" none. Returns when it listens.
 * -ENOENT: nbdkit is not installed; -ENAMETOOLONG: @dir is too long for a socket's path; -EINVAL:
 * it ended by itself, with its own words; -ETIMEDOUT; -EINTR: @stop (may be NULL) was set.
 * Nothing is left behind on failure. */
int nbd_server_start(const char *image, const char *dir, const char *words,
		     volatile sig_atomic_t *stop, struct nbd_server *ret, struct bl_err *err);

/* End it and remove socket and log. Also of {0}. */
void nbd_server_end(struct nbd_server *s);

#endif
