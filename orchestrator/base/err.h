/* err.h - reasons for people, beside the negative errno for the program.
 *
 * A function that can fail for a reason a person should read takes a
 * struct bl_err on the caller's stack. It allocates nothing. The first reason
 * wins; callers only add where it happened, in front.
 */
#ifndef BL_ERR_H
#define BL_ERR_H

#define BL_ERR_TEXT_MAX 1024

struct bl_err {
	int code;                   /* negative errno; 0: no failure noted */
	char text[BL_ERR_TEXT_MAX]; /* lower case, quotes the value, says what would be accepted */
};

#define BL_ERR_INIT                                                                                \
	{                                                                                          \
		0                                                                                  \
	}

/* Note a failure unless one is noted already. Always returns @code (negative),
 * so that `return bl_fail(err, -EINVAL, ...)` reads well. @err may be NULL. */
int bl_fail(struct bl_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put "WHERE: " in front of the noted reason (or note strerror(-code) when
 * nothing was noted). Returns @code. @err may be NULL. */
int bl_wrap(struct bl_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The text, or "no reason given" when none was noted. Never NULL. */
const char *bl_err_text(const struct bl_err *err);

#endif
