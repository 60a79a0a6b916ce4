/* notify_config.h - whom to tell of a night, read from a YAML file (docs/notify.md). */
#ifndef NOTIFY_CONFIG_H
#define NOTIFY_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

enum notify_kind {
	NOTIFY_WEBHOOK,
	NOTIFY_MAIL,
	NOTIFY_PUSHGATEWAY,
	NOTIFY_TEXTFILE, /* for node_exporter's textfile collector */
	NOTIFY_JUNIT,
	NOTIFY_KINDS
};
extern const char *const notify_kind_names[NOTIFY_KINDS]; /* "webhook", ... */

/* What a target wants to hear of. */
enum notify_when {
	NOTIFY_OK = 1 << 0,
	NOTIFY_CHANGED = 1 << 1,
	NOTIFY_WORSE = 1 << 2, /* changed, and not for the better */
	NOTIFY_CANNOT_TELL = 1 << 3,
	NOTIFY_NOT_MEASURED = 1 << 4,
	NOTIFY_ALWAYS = 1 << 5,
};

struct notify_texts {
	char **items;
	size_t n;
};

/* Strings are owned; NULL: not said. */
struct notify_target {
	enum notify_kind kind;
	char *place; /* "notify.yaml:3": of one host there may be several */
	unsigned on; /* of enum notify_when */
	char *url;   /* webhook, mail, pushgateway; may be a secret by itself */
	char *user, *password, *ca_file;
	bool is_text;                /* webhook: {"text": ...} for Slack and Mattermost */
	struct notify_texts headers; /* webhook: "Name: value" */
	bool is_starttls;            /* mail */
	char *from;
	struct notify_texts to;
	char *job;                                     /* pushgateway: of the group */
	struct notify_texts group_names, group_values; /* and its further labels */
	char *folder;                                  /* textfile, junit */
};

struct notify_config {
	struct notify_target *targets;
	size_t n;
	uint64_t budget_ns;           /* for all targets together; 0: the default */
	struct notify_texts warnings; /* sentences: secrets that others can read, ... */
};

/* Read @path. Files that it names are relative to its folder; secrets are read from the files and
 * environment variables that it names. -EINVAL: with line and column, and what would be accepted;
 * -ENOENT: the file, or one that it names; -ENOMEM. On failure *ret is untouched. */
int notify_config_read(const char *path, struct notify_config *ret, struct bl_err *err);
void notify_config_done(struct notify_config *c);

/* "webhook hooks.example.org (notify.yaml:3)", "mail to a@example.org ...": for messages; nothing
 * secret in it. Returns
 * @out. */
#define NOTIFY_NAME_MAX 160
char *notify_name(char out[NOTIFY_NAME_MAX], const struct notify_target *t);

#endif
