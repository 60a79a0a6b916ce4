/* http_server.h - a small HTTP server on loopback, in a child process, that misbehaves on request.
 *
 * GET /ok/NAME  the body          GET /away/NAME   redirects to /ok/NAME
 * GET /cut      half the body, then closes         GET /stall   half the body, then silence
 * GET /file     redirects to file:///etc/hostname  all else: 404 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <sys/types.h>

struct http_server {
	int port;
	pid_t pid;
	int log; /* one byte for each request answered */
};

void http_server_start(struct http_server *s, const char *body);
void http_server_stop(struct http_server *s);
int http_server_requests(struct http_server *s); /* since the last call */

#endif
