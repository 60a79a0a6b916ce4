#include "kernel_log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "cleanup.h"
#include "tame.h"

#define RECORD_MAX 8192 /* CONSOLE_EXT_LOG_MAX of the kernel: the longest that one read() gives */
#define NAMES_MAX  16   /* controllers whose set-up is remembered */

struct kernel_log {
	int fd;
	bool is_from_boot;
	struct bl_buf rest;            /* a line that has no end yet: files and pipes only */
	char is_set_up[NAMES_MAX][32]; /* names whose queues were announced once */
	size_t n_set_up;
};

/* "fault" alone would be in "default", "remov" in "removable disk". */
static const char *const trouble[] = {
	"reset",   "timeout", "timed out", "time out", "abort",     "error",     "fail",
	" fault",  "removed", "removing",  "removal",  "link down", "is down",   "went down",
	"offline", "dead",    "disabling", "frozen",   "not ready", "unable to", "surprise",
};

struct kernel_log *kernel_log_open(const char *path, bool from_boot)
{
	struct kernel_log *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->is_from_boot = from_boot;
	l->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	/* A pipe has no past that could be skipped. */
	if (l->fd < 0 || (!from_boot && lseek(l->fd, 0, SEEK_END) < 0 && errno != ESPIPE)) {
		int code = errno;

		kernel_log_close(l);
		errno = code;
		return NULL;
	}
	return l;
}

struct kernel_log *kernel_log_close(struct kernel_log *l)
{
	if (!l)
		return NULL;
	bl_closep(&l->fd);
	bl_buf_done(&l->rest);
	free(l);
	return NULL;
}

static bool is_of_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *s = text; len && (s = strstr(s, word)); s++)
		if ((s == text || !is_of_word(s[-1])) && !is_of_word(s[len]))
			return true;
	return false;
}

/* A disk with several paths, "nvme0n1", is named by the path that fails: "nvme0c1n1". */
static bool has_path(const char *text, const char *name)
{
	size_t head, tail;

	if (strncmp(name, "nvme", 4))
		return false;
	head = 4 + strspn(name + 4, "0123456789");
	tail = strlen(name + head);
	if (name[head] != 'n')
		return false;
	for (const char *s = text; (s = strstr(s, "nvme")); s++) {
		const char *at = s + head;
		size_t digits;

		if ((s > text && is_of_word(s[-1])) || strncmp(s, name, head) || *at != 'c')
			continue;
		digits = strspn(at + 1, "0123456789");
		if (digits && !strncmp(at + 1 + digits, name + head, tail) &&
		    !is_of_word(at[1 + digits + tail]))
			return true;
	}
	return false;
}

static const char *named(const char *text, const char *const *names, size_t n_names)
{
	for (size_t i = 0; i < n_names; i++)
		if (has_word(text, names[i]) || has_path(text, names[i]))
			return names[i];
	return NULL;
}

/* "nvme nvme0: 2/0/0 default/read/poll queues" is said each time a controller is set up; the
 * first time since boot is how it began. A log that is opened later is one of controllers that
 * were there already. A reset by an administrator says nothing else. */
static bool is_set_up_anew(struct kernel_log *l, const char *name)
{
	if (!l->is_from_boot)
		return true;
	for (size_t i = 0; i < l->n_set_up; i++)
		if (!strcmp(l->is_set_up[i], name))
			return true;
	if (l->n_set_up < NAMES_MAX)
		snprintf(l->is_set_up[l->n_set_up++], sizeof l->is_set_up[0], "%s", name);
	return false;
}

static bool is_trouble(struct kernel_log *l, const char *text, const char *name)
{
	if (strstr(text, "default/read/poll queues"))
		return is_set_up_anew(l, name);
	if (!strncmp(text, "vfio-pci ", 9) &&
	    (strstr(text, ": resetting") || strstr(text, ": reset done")))
		return false;
	for (size_t i = 0; i < BL_ARRAY_LEN(trouble); i++)
		if (strcasestr(text, trouble[i]))
			return true;
	return false;
}

/* "6,339,5140900,-;text" (Documentation/ABI/testing/dev-kmsg): priority and facility, sequence
 * number, us since boot, flags; more fields may come before the semicolon. NULL: not a line of
 * the kernel's. A line that begins with a blank belongs to the one before, for machines. */
static const char *text_of(const char *line)
{
	const char *semicolon = strchr(line, ';');
	char *end;
	unsigned long priority = strtoul(line, &end, 10);

	if (!isdigit((unsigned char)line[0]) || *end != ',' || !semicolon)
		return NULL;
	return priority >> 3 ? NULL : semicolon + 1; /* facility 0: the kernel */
}

struct listener {
	const char *const *names;
	size_t n_names, n_told;
	void (*each)(void *ctx, const char *line);
	void *ctx;
};

static void look_at(struct kernel_log *l, const char *line, struct listener *to)
{
	const char *text = text_of(line), *name = text ? named(text, to->names, to->n_names) : NULL;
	char tamed[KERNEL_LOG_LINE_MAX];

	if (!name || !is_trouble(l, text, name))
		return;
	bl_tame(tamed, sizeof tamed, text, SIZE_MAX);
	bl_trim(tamed); /* the nvme driver's lines end in a blank */
	to->n_told++;
	if (to->each)
		to->each(to->ctx, tamed);
}

/* Whole lines are looked at, what is left of the last one waits for its end. */
static void look_at_lines(struct kernel_log *l, const char *data, size_t len, struct listener *to)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] != '\n') {
			if (l->rest.len < RECORD_MAX)
				bl_buf_addc(&l->rest, data[i] ? data[i] : '?');
			continue;
		}
		look_at(l, bl_buf_str(&l->rest), to);
		bl_buf_done(&l->rest);
		l->rest = (struct bl_buf)BL_BUF_INIT;
	}
}

size_t kernel_log_trouble(struct kernel_log *l, const char *const *names, size_t n_names,
			  void (*each)(void *ctx, const char *line), void *ctx)
{
	struct listener to = {.names = names, .n_names = n_names, .each = each, .ctx = ctx};
	char record[RECORD_MAX];

	for (;;) {
		ssize_t n = read(l->fd, record, sizeof record);

		if (n > 0)
			look_at_lines(l, record, (size_t)n, &to);
		else if (n == 0 || (errno != EINTR && errno != EPIPE)) /* EPIPE: some were lost */
			return to.n_told;
	}
}
