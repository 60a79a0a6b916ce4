/* post_server.h - an HTTP and SMTP server on loopback that misbehaves on request; a child process,
 * with one more for each connection.
 *
 * HTTP, by path:                            SMTP, by recipient:
 *   /ok      200 "thanks"                     ok@...      taken
 *   /flaky   500 twice, then 200              no@...      550
 *   /busy    429 with Retry-After: 1, then 200  later@...  451 once, then taken
 *   /full    503 with Retry-After: 3600     anything else in RCPT: 501
 *   /bad     400 and two lines
 *   /away    302 to http://elsewhere.invalid/secret
 *   /hang    never answers                  drip: a byte every 100 ms, never whole
 *   /big     200, endless                   /cut: closes without an answer, every time */
#ifndef POST_SERVER_H
#define POST_SERVER_H

#include <sys/types.h>

struct post_server {
	int http_port, smtp_port;
	pid_t pid;
	char dir[64]; /* fresh; "http-N" and "smtp-N": what came with the N-th request, from 1 */
};

void post_server_start(struct post_server *s);
void post_server_stop(struct post_server *s); /* and removes its folder */
/* The N-th request as it came; new. NULL: there were not so many. */
char *post_server_got(const struct post_server *s, const char *what, int n);
int post_server_count(const struct post_server *s, const char *what);

#endif
