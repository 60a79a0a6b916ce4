/* notify_config_priv.h - between the files that read a notify file. */
#ifndef NOTIFY_CONFIG_PRIV_H
#define NOTIFY_CONFIG_PRIV_H

#ifndef NOTIFY_CONFIG_INTERNAL
#error "notify_config_priv.h is for notify_config*.c only: include notify_config.h"
#endif

#include "nearest.h"
#include "notify_config.h"
#include "yaml_tree.h"

struct config_reader {
	const char *path;
	struct notify_config *config;
	struct bl_err *err;
	bool has_secret; /* in the file itself */
};

/* -EINVAL: "WHAT: FMT (file:line:column)". */
int config_fail(struct config_reader *r, struct text_pos at, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

int config_no_memory(struct config_reader *r); /* returns -ENOMEM */
/* Takes @text; NULL is out of memory. */
int config_add_text(struct config_reader *r, struct notify_texts *to, char *text);
/* A file's name, relative to the folder of the notify file; new. */
char *config_resolve(const struct config_reader *r, const char *name);

/* A secret from the file or environment variable that @node names, in place of *ret. One line that
 * is not empty, or -EINVAL; -ENOENT and the like of the file. */
int config_secret_of_file(struct config_reader *r, const char *key, const struct ynode *node,
			  char **ret);
int config_secret_of_environment(struct config_reader *r, const char *key, const struct ynode *node,
				 char **ret);

/* The keys of one target. */
int config_target(struct config_reader *r, struct notify_target *t, const struct ynode *node);

/* A warning when others can read @path, which holds a secret. -ENOMEM. */
int config_guard(struct config_reader *r, const char *path);

#endif
