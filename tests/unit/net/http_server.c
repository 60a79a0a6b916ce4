#include "http_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void answer(int fd, const char *body)
{
	char req[2048], path[1024] = "";
	ssize_t n = read(fd, req, sizeof req - 1);
	size_t len = strlen(body);

	req[n > 0 ? n : 0] = '\0';
	sscanf(req, "GET %1023s", path);
	if (!strncmp(path, "/ok/", 4)) {
		dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", len, body);
	} else if (!strncmp(path, "/away/", 6)) {
		dprintf(fd, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /ok/%s\r\n\r\n",
			path + 6);
	} else if (!strcmp(path, "/file")) {
		dprintf(fd, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
			    "Location: file:///etc/hostname\r\n\r\n");
	} else if (!strcmp(path, "/cut") || !strcmp(path, "/stall")) {
		dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%.*s", len,
			(int)(len / 2), body);
		if (!strcmp(path, "/stall"))
			sleep(20);
	} else {
		dprintf(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	}
}

static void serve(int listener, int log, const char *body)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		answer(fd, body);
		close(fd);
		if (write(log, "r", 1) != 1)
			_exit(1);
	}
}

void http_server_start(struct http_server *s, const char *body)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int log[2];

	ck_assert_int_ge(listener, 0);
	ck_assert_int_eq(pipe2(log, O_CLOEXEC | O_NONBLOCK), 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(listener, 8), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	s->port = ntohs(at.sin_port);
	s->log = log[0];
	s->pid = fork();
	ck_assert_int_ge(s->pid, 0);
	if (s->pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		serve(listener, log[1], body);
	}
	close(listener);
	close(log[1]);
}

void http_server_stop(struct http_server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	close(s->log);
}

int http_server_requests(struct http_server *s)
{
	char c;
	int n = 0;

	usleep(20000); /* the child notes a request after it has answered */
	while (read(s->log, &c, 1) == 1)
		n++;
	return n;
}
