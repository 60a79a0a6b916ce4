#include "report.h"

#include <errno.h>

#include "cleanup.h"
#include "csv.h"
#include "html.h"
#include "md.h"
#include "report_json.h"

const char *const report_format_names[REPORT_FORMATS] = {
	[REPORT_HTML] = "html", [REPORT_MD] = "md", [REPORT_JSON] = "json", [REPORT_CSV] = "csv"};

/* The page carries the other two with it, without what would make it many times as large. */
static int write_page(const struct view *v, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf json = BL_BUF_INIT, csv = BL_BUF_INIT;
	int r = report_json(v, TIME_LAYERS, &json);

	if (r == 0)
		r = report_csv(v, &csv);
	if (r == 0 && (bl_buf_failed(&json) || bl_buf_failed(&csv)))
		r = -ENOMEM;
	return r < 0 ? r : html_write(v, bl_buf_str(&json), bl_buf_str(&csv), out);
}

int report_write(const struct run_data *d, enum report_format format,
		 const struct report_options *opt, struct bl_buf *out, struct bl_err *err)
{
	BL_CLEANUP(view_done) struct view v;
	int r = view_init(&v, d, opt, err);

	if (r == 0)
		r = view_judge(&v, err);
	if (r < 0)
		return r;
	switch (format) {
	case REPORT_HTML:
		r = write_page(&v, out);
		break;
	case REPORT_MD:
		r = report_md(&v, out);
		break;
	case REPORT_JSON:
		r = report_json(&v, TIME_ALL, out);
		break;
	case REPORT_CSV:
		r = report_csv(&v, out);
		break;
	default:
		return bl_fail(err, -EINVAL, "report: format %d is not one of html, md, json, csv",
			       (int)format);
	}
	if (r == 0 && bl_buf_failed(out))
		r = -ENOMEM;
	return r < 0 ? bl_fail(err, r, "report: out of memory") : 0;
}
