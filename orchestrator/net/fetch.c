#include "fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "digest.h"
#include "fs.h"
#include "units.h"

#define STALL_DEFAULT_NS (30 * NS_PER_S)
#define REDIRECTS_MAX    10L
#define STOP_SEEN_MS     100
#define PROTOCOLS        "http,https,file"

/* One transfer under way: every byte goes to the file and into the digest. */
struct transfer {
	const struct fetch_request *req;
	struct digest *digest;
	int fd;
	int write_errno;
};

static void curl_start(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void curl_donep(CURL **c)
{
	curl_easy_cleanup(*c);
}

static void url_donep(CURLU **u)
{
	curl_url_cleanup(*u);
}

int fetch_sha256(const char *path, char out[65], struct bl_err *err)
{
	BL_CLEANUP(digest_freep) struct digest *d = digest_new();
	int r;

	if (!d)
		return bl_fail(err, -ENOMEM, "out of memory");
	r = digest_add_file(d, path, err);
	if (r == 0)
		digest_hex(d, out);
	return r;
}

/* Lower case copy of the wanted checksum. */
static int want_checksum(const char *text, char out[DIGEST_TEXT], struct bl_err *err)
{
	size_t n = text ? strlen(text) : 0;

	if (n != 64 || strspn(text, "0123456789abcdefABCDEF") != 64)
		return bl_fail(err, -EINVAL, "sha256: '%s' is not 64 hex digits", text ? text : "");
	for (size_t i = 0; i <= n; i++)
		out[i] = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] + 32) : text[i];
	return 0;
}

/* The last part of the URL's path, as a harmless file name. */
static int file_name(const char *url, char **ret_name, struct bl_err *err)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._+~-";
	BL_CLEANUP(url_donep) CURLU *u = curl_url();
	char *path = NULL, *scheme = NULL, *name;
	const char *last;
	CURLUcode e;

	if (!u)
		return bl_fail(err, -ENOMEM, "out of memory");
	e = curl_url_set(u, CURLUPART_URL, url, 0);
	if (e != CURLUE_OK)
		return bl_fail(err, -EINVAL,
			       "'%s' is not a URL: %s; http, https and file are accepted", url,
			       curl_url_strerror(e));
	curl_url_get(u, CURLUPART_SCHEME, &scheme, 0);
	if (scheme && strcmp(scheme, "http") && strcmp(scheme, "https") && strcmp(scheme, "file")) {
		curl_free(scheme);
		return bl_fail(err, -EINVAL, "'%s': http, https and file are accepted", url);
	}
	curl_free(scheme);
	curl_url_get(u, CURLUPART_PATH, &path, 0);
	last = path ? strrchr(path, '/') : NULL;
	last = last ? last + 1 : "";
	name = strdup(*last && *last != '.' ? last : "file");
	curl_free(path);
	if (!name)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (char *s = name; *s; s++)
		if (!strchr(plain, *s))
			*s = '_';
	*ret_name = name;
	return 0;
}

static size_t on_data(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	size_t len = size * n;

	digest_add(t->digest, data, len);
	for (size_t done = 0; done < len;) {
		ssize_t w = write(t->fd, data + done, len - done);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0) {
			t->write_errno = errno;
			return CURL_WRITEFUNC_ERROR;
		}
		done += (size_t)w;
	}
	return len;
}

static int on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total,
		       curl_off_t up_now)
{
	const struct fetch_request *req = ((struct transfer *)ctx)->req;

	(void)up_total;
	(void)up_now;
	if (req->progress)
		req->progress(req->ctx, req->url, (uint64_t)now, (uint64_t)total);
	return 0;
}

static void set_options(CURL *c, struct transfer *t, char *why)
{
	uint64_t stall = t->req->stall_limit_ns ? t->req->stall_limit_ns : STALL_DEFAULT_NS;
	long stall_s = (long)((stall + NS_PER_S - 1) / NS_PER_S);

	curl_easy_setopt(c, CURLOPT_URL, t->req->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, PROTOCOLS);
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "blklab/" BLKLAB_VERSION);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(stall / NS_PER_MS));
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, stall_s);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, t->req->progress ? 0L : 1L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
}

static bool is_stopped(const struct transfer *t)
{
	return t->req->stop && *t->req->stop;
}

/* curl_easy_perform() would look up only once a second. */
static CURLcode perform(CURLM *m, CURL *c, const struct transfer *t)
{
	CURLcode e = CURLE_OUT_OF_MEMORY;
	CURLMsg *msg;
	int is_running = 1, n;

	if (curl_multi_add_handle(m, c) != CURLM_OK)
		return e;
	while (is_running && !is_stopped(t)) {
		if (curl_multi_perform(m, &is_running) != CURLM_OK)
			break;
		if (is_running)
			curl_multi_poll(m, NULL, 0, STOP_SEEN_MS, NULL);
	}
	if (is_running && is_stopped(t))
		e = CURLE_ABORTED_BY_CALLBACK;
	while ((msg = curl_multi_info_read(m, &n))) {
		if (msg->msg == CURLMSG_DONE)
			e = msg->data.result;
	}
	curl_multi_remove_handle(m, c);
	return e;
}

static void multi_donep(CURLM **m)
{
	curl_multi_cleanup(*m);
}

static int transfer(struct transfer *t, struct bl_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	BL_CLEANUP(multi_donep) CURLM *m = NULL;
	BL_CLEANUP(curl_donep) CURL *c = NULL;
	char why[CURL_ERROR_SIZE] = "";
	const char *text;
	CURLcode e;

	pthread_once(&once, curl_start);
	c = curl_easy_init();
	m = curl_multi_init();
	if (!c || !m)
		return bl_fail(err, -ENOMEM, "out of memory");
	set_options(c, t, why);
	e = perform(m, c, t);
	text = why[0] ? why : curl_easy_strerror(e);
	if (t->write_errno)
		return bl_fail(err, -t->write_errno, "cannot store '%s': %s", t->req->url,
			       strerror(t->write_errno));
	switch (e) {
	case CURLE_OK:
		return 0;
	case CURLE_ABORTED_BY_CALLBACK:
		return bl_fail(err, -EINTR, "stopped while fetching '%s'", t->req->url);
	case CURLE_OPERATION_TIMEDOUT:
		return bl_fail(err, -ETIMEDOUT, "cannot fetch '%s': %s", t->req->url, text);
	case CURLE_OUT_OF_MEMORY:
		return bl_fail(err, -ENOMEM, "out of memory");
	default:
		return bl_fail(err, -EIO, "cannot fetch '%s': %s", t->req->url, text);
	}
}

/* Fetch into the temporary file @temp (made here), check, and give it its name. */
static int fetch_into(const struct fetch_request *req, const char *want, char *temp,
		      const char *path, struct bl_err *err)
{
	BL_CLEANUP(digest_freep) struct digest *d = digest_new();
	BL_CLEANUP(bl_closep) int fd = mkostemp(temp, O_CLOEXEC);
	struct transfer t = {.req = req, .digest = d, .fd = fd};
	char got[DIGEST_TEXT];
	int r;

	if (fd < 0)
		return bl_fail(err, -errno, "cannot write '%s': %s", temp, strerror(errno));
	r = d ? transfer(&t, err) : bl_fail(err, -ENOMEM, "out of memory");
	if (r == 0 && strcmp(digest_hex(d, got), want))
		r = bl_fail(err, -EBADMSG, "'%s' has sha256 %s, not the wanted %s", req->url, got,
			    want);
	if (r == 0 && (fchmod(fd, 0644) < 0 || fsync(fd) < 0 || rename(temp, path) < 0))
		r = bl_fail(err, -errno, "cannot write '%s': %s", path, strerror(errno));
	if (r < 0)
		unlink(temp);
	return r;
}

int fetch_file(const struct fetch_request *req, char **ret_path, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *name = NULL, *dir = NULL, *path = NULL, *temp = NULL;
	char want[DIGEST_TEXT], have[DIGEST_TEXT];
	int r;

	r = want_checksum(req->sha256, want, err);
	if (r == 0)
		r = file_name(req->url, &name, err);
	if (r < 0)
		return r;
	dir = bl_strf("%s/%s", req->cache_dir, want);
	path = bl_strf("%s/%s", dir, name);
	temp = bl_strf("%s/.part-XXXXXX", dir);
	if (!dir || !path || !temp)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (fetch_sha256(path, have, NULL) == 0 && !strcmp(have, want)) {
		*ret_path = BL_STEAL(path);
		return 0;
	}
	r = bl_mkdir_p(dir, err);
	if (r == 0)
		r = fetch_into(req, want, temp, path, err);
	if (r < 0) {
		rmdir(dir); /* only when nothing else is in it */
		return r;
	}
	*ret_path = BL_STEAL(path);
	return 0;
}
