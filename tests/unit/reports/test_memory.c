/* Every allocation on the way from a run to a document fails once: either that is said, or the
 * document is whole. One that is cut and called done would be believed.
 *
 * The linker hands us the calls of the linked objects (--wrap), and jansson is told to use them. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <jansson.h>

#include "cleanup.h"
#include "documents.h"
#include "html.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static long countdown = -1; /* the call that fails; -1: none */

static bool is_failing(void)
{
	return countdown >= 0 && countdown-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return is_failing() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return is_failing() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return is_failing() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return is_failing() ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *s)
{
	return is_failing() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return is_failing() ? NULL : __real_strndup(s, n);
}

static int write_md(const struct run_data *d, struct bl_buf *out)
{
	return report_write(d, REPORT_MD, NULL, out, NULL);
}

/* Without the JSON and the CSV that it carries; of a view that is made once, since Markdown tries
 * that. */
static int write_page(const struct run_data *d, struct bl_buf *out)
{
	static struct view v; /* of this test's own process */
	long n = countdown;

	countdown = -1;
	if (!v.d)
		ck_assert(view_init(&v, d, NULL, NULL) == 0 && view_judge(&v, NULL) == 0);
	countdown = n;
	return html_write(&v, "{}", "", out);
}

static int write_csv(const struct run_data *d, struct bl_buf *out)
{
	return report_write(d, REPORT_CSV, NULL, out, NULL);
}

static int write_json(const struct run_data *d, struct bl_buf *out)
{
	return report_write(d, REPORT_JSON, NULL, out, NULL);
}

static int write_compared_json(const struct run_data *d, struct bl_buf *out)
{
	return report_compare_json(d, d->cells[0].name, d, d->cells[d->n_cells - 1].name, out,
				   NULL);
}

static int write_table(const struct run_data *d, struct bl_buf *out)
{
	return report_table(d, NULL, 80, false, out, NULL);
}

static int write_compared(const struct run_data *d, struct bl_buf *out)
{
	return report_compare(d, d->cells[0].name, d, d->cells[d->n_cells - 1].name, 80, false, out,
			      NULL);
}

static int (*const writers[])(const struct run_data *d, struct bl_buf *out) = {
	write_md,       write_page, write_csv,          write_table,
	write_compared, write_json, write_compared_json};

START_TEST(a_document_is_whole_or_memory_ran_out)
{
	static const struct synthetic hows[] = {
		{.repeats = 1, .seconds = 1, .seed = 3, .has_devices = true, .accel = "kvm"},
		{.repeats = 1, .seconds = 1, .seed = 3, .is_small = true, .is_all_failed = true},
	};
	BL_CLEANUP(bl_buf_done) struct bl_buf whole = BL_BUF_INIT;
	int (*write)(const struct run_data *, struct bl_buf *) = writers[_i / BL_ARRAY_LEN(hows)];
	struct run_data d;
	long n = 0;
	int r;

	json_set_alloc_funcs(__wrap_malloc, free);
	setenv("PATH", "/nonexistent", 1); /* no gnuplot: the child's plots are no memory of ours */
	synthetic_run(&hows[_i % BL_ARRAY_LEN(hows)], &d);
	ck_assert_int_eq(write(&d, &whole), 0);
	for (bool is_failed = true; is_failed; n += n < 1500 ? 1 : 7) { /* then cells alike */
		BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

		countdown = n;
		r = write(&d, &out);
		is_failed = countdown < 0; /* else there are fewer than n */
		countdown = -1;
		if (r < 0)
			ck_assert_msg(r == -ENOMEM, "allocation %ld: %d", n, r);
		else
			ck_assert_msg(strcmp(bl_buf_str(&out), bl_buf_str(&whole)) == 0,
				      "allocation %ld: the document is cut, and called done", n);
	}
	ck_assert_int_gt(n, 20);
	run_data_done(&d);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report-memory");
	TCase *t = tcase_create("memory");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, a_document_is_whole_or_memory_ran_out, 0, 2 * BL_ARRAY_LEN(writers));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
