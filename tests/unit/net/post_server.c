#include "post_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "fresh_dir.h"
#include "fs.h"

#define REQUEST_MAX (1 << 20)

static const char *folder;

static int listen_on_loopback(int *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(fd, 32), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

/* Keep what came under the next free number, which is returned. */
static int keep(const char *what, const char *data, size_t len)
{
	for (int n = 1;; n++) {
		BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s-%d", folder, what, n);
		BL_CLEANUP(bl_closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

		if (fd < 0)
			continue;
		if (write(fd, data, len) != (ssize_t)len)
			_exit(1);
		return n;
	}
}

/* How often this was called with @name before, of all connections. */
static int times_before(const char *name)
{
	BL_CLEANUP(bl_freep) char *what = bl_strf("times-%s", name);

	return keep(what, "", 0) - 1;
}

/* --- HTTP --- */

static size_t read_request(int fd, char *req)
{
	size_t len = 0, want = SIZE_MAX;

	while (len < want) {
		ssize_t n = read(fd, req + len, REQUEST_MAX - 1 - len);
		char *end, *size;

		if (n <= 0)
			break;
		len += (size_t)n;
		req[len] = '\0';
		end = strstr(req, "\r\n\r\n");
		size = strcasestr(req, "\r\nContent-Length:");
		if (end)
			want = (size_t)(end + 4 - req) +
			       (size && size < end ? strtoul(size + 17, NULL, 10) : 0);
	}
	return len;
}

static void say(int fd, const char *status, const char *header, const char *body)
{
	dprintf(fd, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status,
		header, strlen(body), body);
}

static void drip(int fd)
{
	dprintf(fd, "HTTP/1.1 200 OK\r\nX-Drip: ");
	while (write(fd, "H", 1) == 1)
		usleep(100000);
}

static void flood(int fd)
{
	static const char chunk[4096] = "more";

	dprintf(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfirst line\n");
	while (write(fd, chunk, sizeof chunk) > 0)
		;
}

static void answer_http(int fd)
{
	static char req[REQUEST_MAX];
	char path[128] = "";

	if (read_request(fd, req) == 0)
		return;
	keep("http", req, strlen(req));
	sscanf(req, "%*s %127s", path);
	if (!strcmp(path, "/ok") || !strncmp(path, "/metrics/", 9))
		say(fd, "200 OK", "", "thanks\nand more");
	else if (!strcmp(path, "/flaky"))
		say(fd, times_before("flaky") < 2 ? "500 Oops" : "200 OK", "", "");
	else if (!strcmp(path, "/busy"))
		say(fd, times_before("busy") ? "200 OK" : "429 Slow down", "Retry-After: 1\r\n",
		    "");
	else if (!strcmp(path, "/full"))
		say(fd, "503 Full", "Retry-After: 3600\r\n", "");
	else if (!strcmp(path, "/bad"))
		say(fd, "400 Bad", "", "no \x1b[31msuch field\nsecond line");
	else if (!strcmp(path, "/away"))
		say(fd, "302 Found", "Location: http://elsewhere.invalid/secret\r\n", "");
	else if (!strcmp(path, "/hang"))
		pause();
	else if (!strcmp(path, "/drip"))
		drip(fd);
	else if (!strcmp(path, "/big"))
		flood(fd);
	else if (strcmp(path, "/cut") != 0)
		say(fd, "404 Not Found", "", "");
}

/* --- SMTP --- */

static const char *recipient(const char *line)
{
	if (strstr(line, "<ok"))
		return "250 2.1.5 fine";
	if (strstr(line, "<no"))
		return "550 5.1.1 no such user";
	if (strstr(line, "<later"))
		return times_before("later") ? "250 2.1.5 fine" : "451 4.7.1 come back later";
	return "501 5.1.3 what?";
}

static void answer_smtp(int fd)
{
	BL_CLEANUP(bl_fclosep) FILE *in = fdopen(dup(fd), "r");
	BL_CLEANUP(bl_buf_done) struct bl_buf mail = BL_BUF_INIT;
	bool is_data = false;
	char line[2048];

	dprintf(fd, "220 test ESMTP\r\n");
	while (fgets(line, sizeof line, in)) {
		if (is_data && !strcmp(line, ".\r\n")) {
			is_data = false;
			keep("smtp", bl_buf_str(&mail), mail.len);
			dprintf(fd, "250 2.0.0 queued\r\n");
		} else if (is_data || !strncasecmp(line, "MAIL", 4) ||
			   !strncasecmp(line, "RCPT", 4)) {
			bl_buf_adds(&mail, line);
		}
		if (is_data)
			continue;
		if (!strncasecmp(line, "EHLO", 4))
			dprintf(fd, "250-test\r\n250 8BITMIME\r\n");
		else if (!strncasecmp(line, "RCPT", 4))
			dprintf(fd, "%s\r\n", recipient(line));
		else if (!strncasecmp(line, "MAIL", 4))
			dprintf(fd, "250 2.1.0 fine\r\n");
		else if (!strncasecmp(line, "DATA", 4))
			is_data = dprintf(fd, "354 go on\r\n") > 0;
		else if (!strncasecmp(line, "QUIT", 4))
			dprintf(fd, "221 bye\r\n");
	}
}

/* --- */

static void serve(const int listeners[2])
{
	static void (*const answer[2])(int) = {answer_http, answer_smtp};
	struct pollfd fds[2] = {{listeners[0], POLLIN, 0}, {listeners[1], POLLIN, 0}};

	for (;;) {
		poll(fds, 2, -1);
		for (int i = 0; i < 2; i++) {
			int fd = fds[i].revents ? accept(listeners[i], NULL, NULL) : -1;

			if (fd < 0)
				continue;
			if (fork() == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				answer[i](fd);
				shutdown(fd, SHUT_WR);
				_exit(0);
			}
			close(fd);
		}
	}
}

void post_server_start(struct post_server *s)
{
	int listeners[2] = {listen_on_loopback(&s->http_port), listen_on_loopback(&s->smtp_port)};

	fresh_dir(s->dir);
	folder = s->dir;
	s->pid = fork();
	ck_assert_int_ge(s->pid, 0);
	if (s->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		signal(SIGCHLD, SIG_IGN);
		serve(listeners);
	}
	close(listeners[0]);
	close(listeners[1]);
}

void post_server_stop(struct post_server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	bl_remove_tree(s->dir, NULL);
}

char *post_server_got(const struct post_server *s, const char *what, int n)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s-%d", s->dir, what, n);
	struct bl_buf b = BL_BUF_INIT;

	return bl_read_file(path, REQUEST_MAX, &b, NULL) < 0 ? NULL : bl_buf_take(&b);
}

int post_server_count(const struct post_server *s, const char *what)
{
	for (int n = 0;; n++) {
		BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s-%d", s->dir, what, n + 1);

		if (!bl_exists(path))
			return n;
	}
}
