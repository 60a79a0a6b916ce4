#include "digest.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <string.h>

#include "cleanup.h"

struct digest {
	struct sha256_ctx ctx;
};

struct digest *digest_new(void)
{
	struct digest *d = malloc(sizeof *d);

	if (d)
		sha256_init(&d->ctx);
	return d;
}

struct digest *digest_free(struct digest *d)
{
	free(d);
	return NULL;
}

void digest_freep(struct digest **d)
{
	*d = digest_free(*d);
}

void digest_add(struct digest *d, const void *data, size_t len)
{
	sha256_update(&d->ctx, len, data);
}

void digest_adds(struct digest *d, const char *s)
{
	digest_add(d, s, strlen(s) + 1);
}

char *digest_hex(struct digest *d, char out[DIGEST_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t raw[SHA256_DIGEST_SIZE];

	sha256_digest(&d->ctx, sizeof raw, raw);
	for (size_t i = 0; i < sizeof raw; i++) {
		out[2 * i] = digits[raw[i] >> 4];
		out[2 * i + 1] = digits[raw[i] & 15];
	}
	out[DIGEST_TEXT - 1] = '\0';
	return out;
}

int digest_add_file(struct digest *d, const char *path, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	BL_CLEANUP(bl_freep) char *chunk = malloc(1 << 18);
	ssize_t n;

	if (fd < 0)
		return bl_fail(err, -errno, "cannot open '%s': %s", path, strerror(errno));
	if (!chunk)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (;;) {
		n = read(fd, chunk, 1 << 18);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return bl_fail(err, -errno, "cannot read '%s': %s", path, strerror(errno));
		if (n == 0)
			return 0;
		digest_add(d, chunk, (size_t)n);
	}
}
