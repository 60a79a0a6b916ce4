#include "apt_spec.h"

#include <errno.h>
#include <string.h>

#define BEGIN "apt:"

/* Debian policy 5.6.1 and 5.6.12; a suite is a word of both. What begins with a sign could be
 * taken for an option by the programs that are handed it. */
#define ALNUM   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define OF_NAME ALNUM "+-."
#define OF_REST ALNUM "+-.~:_"

bool apt_spec_is(const char *text)
{
	return strncmp(text, BEGIN, strlen(BEGIN)) == 0;
}

static bool take(const char **at, const char *of, char *out, size_t len)
{
	size_t n = strspn(*at, of);

	if (n == 0 || n >= len || !strspn(*at, ALNUM))
		return false;
	memcpy(out, *at, n);
	out[n] = '\0';
	*at += n;
	return true;
}

int apt_spec_parse(const char *text, struct apt_spec *ret, struct bl_err *err)
{
	struct apt_spec s = {0};
	const char *at = text;
	bool is_one = apt_spec_is(text);

	if (is_one) {
		at += strlen(BEGIN);
		is_one = take(&at, OF_NAME, s.name, sizeof s.name);
	}
	if (is_one && (*at == '=' || *at == '/')) {
		bool is_version = *at++ == '=';

		is_one = is_version ? take(&at, OF_REST, s.version, sizeof s.version)
				    : take(&at, OF_REST, s.suite, sizeof s.suite);
	}
	if (!is_one || *at)
		return bl_fail(err, -EINVAL, "'%.200s' is not a package; " APT_SPEC_ACCEPTS, text);
	*ret = s;
	return 0;
}
