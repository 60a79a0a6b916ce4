/* Every shipped scenario goes all the way to a plan, and the shipped JSON Schema says what
 * the parser's tables say. */
#include <errno.h>
#include <glob.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "plan.h"
#include "proc.h"
#include "scenario_text.h"
#include "units.h"

static glob_t library, fio_files;

static const char *base_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

START_TEST(a_library_scenario_goes_all_the_way_to_a_plan)
{
	const char *path = library.gl_pathv[_i];
	BL_CLEANUP(scenario_freep) struct scenario *sc = NULL;
	BL_CLEANUP(matrix_freep) struct matrix *m = NULL;
	BL_CLEANUP(plan_freep) struct plan *p = NULL;
	struct bl_err err = BL_ERR_INIT;
	size_t len;

	ck_assert_msg(scenario_read(path, &sc, &err) == 0, "%s", err.text);
	ck_assert_msg(matrix_expand(sc, &m, &err) == 0, "%s", err.text);
	ck_assert_msg(plan_make(sc, m, &p, &err) == 0, "%s", err.text);
	/* the name is the file's, so that people find it again */
	len = strlen(sc->name);
	ck_assert_msg(strncmp(base_name(path), sc->name, len) == 0 &&
			      strcmp(base_name(path) + len, ".yaml") == 0,
		      "%s is named '%s'", path, sc->name);
	ck_assert_str_ne(sc->description, "");
	ck_assert_uint_gt(matrix_len(m), 1);
	for (size_t i = 0; i < sc->jobs.n; i++)
		ck_assert_msg(sc->jobs.items[i].direct, "%s: job %s reads the guest's page cache",
			      path, sc->jobs.items[i].name);
}
END_TEST

/* make bench runs it: ten minutes with the builds of the lab and the image. */
START_TEST(quick_is_quick)
{
	BL_CLEANUP(scenario_freep) struct scenario *sc = NULL;
	BL_CLEANUP(matrix_freep) struct matrix *m = NULL;
	BL_CLEANUP(plan_freep) struct plan *p = NULL;
	struct bl_err err = BL_ERR_INIT;
	bool has_bus[BUSES] = {false};

	ck_assert_int_eq(scenario_read(SOURCE_DIR "/scenarios/library/quick.yaml", &sc, &err), 0);
	ck_assert_int_eq(matrix_expand(sc, &m, &err), 0);
	ck_assert_int_eq(plan_make(sc, m, &p, &err), 0);
	ck_assert_uint_lt(p->estimate_ns, 7 * 60 * NS_PER_S);
	for (size_t i = 0; i < matrix_len(m); i++)
		has_bus[matrix_cell(m, i)->bus] = true;
	ck_assert(has_bus[BUS_VIRTIO_BLK] && has_bus[BUS_VIRTIO_SCSI]);
	ck_assert(has_bus[BUS_NVME_EMULATED] && has_bus[BUS_HOST]);
}
END_TEST

START_TEST(fio_itself_accepts_a_library_job_file)
{
	const char *path = fio_files.gl_pathv[_i];
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	/* --parse-only opens nothing; fio wants a size or a file to be there, though */
	const char *argv[] = {"fio", "--parse-only", path, NULL};
	struct bl_err err = BL_ERR_INIT;
	char fio[512];

	if (bl_proc_find("fio", fio, sizeof fio) < 0) {
		fprintf(stderr, "not compared: there is no fio\n");
		return;
	}
	ck_assert_msg(bl_proc_run(argv, NULL, 0, &out, &out, 20 * NS_PER_S, &err) == 0, "%s%s: %s",
		      err.text, path, bl_buf_str(&out));
}
END_TEST

/* --- the schema --- */

static json_t *load_schema(void)
{
	json_error_t error;
	json_t *schema = json_load_file(SOURCE_DIR "/scenarios/scenario.schema.json",
					JSON_REJECT_DUPLICATES, &error);

	ck_assert_msg(schema != NULL, "line %d: %s", error.line, error.text);
	return schema;
}

static bool holds(const json_t *array, const char *text)
{
	size_t i;
	json_t *v;

	json_array_foreach (array, i, v) {
		if (json_is_string(v) && strcmp(json_string_value(v), text) == 0)
			return true;
	}
	return false;
}

static json_t *follow(json_t *schema, json_t *node)
{
	const char *ref = json_string_value(json_object_get(node, "$ref"));
	static const char prefix[] = "#/definitions/";

	if (!ref)
		return node;
	ck_assert_int_eq(strncmp(ref, prefix, strlen(prefix)), 0);
	node = json_object_get(json_object_get(schema, "definitions"), ref + strlen(prefix));
	ck_assert_msg(node != NULL, "%s is not defined", ref);
	return node;
}

/* The object with properties in @node: itself, or one of the ways to write it. */
static json_t *find_object(json_t *schema, json_t *node)
{
	json_t *ways, *way;
	size_t i;

	node = follow(schema, node);
	if (json_object_get(node, "properties"))
		return node;
	if (json_object_get(node, "items"))
		return find_object(schema, json_object_get(node, "items"));
	ways = json_object_get(node, "anyOf");
	json_array_foreach (ways, i, way) {
		if (find_object(schema, way))
			return find_object(schema, way);
	}
	return NULL;
}

static const char *const sections[] = {"",        "vm",         "backing",     "axes",   "include",
				       "exclude", "jobs",       "limits",      "device", "needs",
				       "repeats", "min_effect", "precondition"};

START_TEST(the_schema_has_exactly_the_keys_of_the_parser)
{
	const char *section = sections[_i];
	json_t *schema = load_schema(), *object = schema, *properties;
	struct scenario_key key;
	size_t n = 0;

	if (strcmp(section, "precondition") == 0) /* below another */
		object = json_object_get(json_object_get(schema, "properties"), "backing");
	if (section[0])
		object = find_object(
			schema, json_object_get(json_object_get(object, "properties"), section));
	ck_assert_ptr_nonnull(object);
	ck_assert(json_is_false(json_object_get(object, "additionalProperties")));
	properties = json_object_get(object, "properties");
	for (; scenario_key_at(section, n, &key); n++) {
		json_t *property = json_object_get(properties, key.name);
		const char *help;

		ck_assert_msg(property != NULL, "%s has no %s", section, key.name);
		ck_assert_int_eq(holds(json_object_get(object, "required"), key.name),
				 key.is_required);
		if (strcmp(section, "axes") == 0) /* one value or a list: of the same */
			property = json_array_get(json_object_get(property, "anyOf"), 0);
		help = json_string_value(json_object_get(follow(schema, property), "description"));
		ck_assert_msg(help && strcmp(help, key.help) == 0, "%s.%s: '%s', not '%s'", section,
			      key.name, help, key.help);
	}
	ck_assert_uint_eq(json_object_size(properties), n);
	json_decref(schema);
}
END_TEST

START_TEST(the_schema_has_exactly_the_words_of_the_axes)
{
	json_t *schema = load_schema(), *definitions = json_object_get(schema, "definitions");
	char name[64];

	for (size_t i = 0; i < n_axis_rows; i++) {
		const struct axis_row *row = &axis_rows[i];
		json_t *words, *v;
		size_t k, n = 0;

		snprintf(name, sizeof name, "axis_%s", row->name);
		words = json_object_get(json_object_get(definitions, name), "enum");
		ck_assert_int_eq(words != NULL, row->words != NULL);
		for (k = 0; k < row->n_words; k++)
			ck_assert_msg(holds(words, row->words[k]), "%s lacks %s", name,
				      row->words[k]);
		json_array_foreach (words, k, v)
			n += json_is_string(v); /* off is false in YAML 1.1 */
		ck_assert_uint_eq(n, row->n_words);
	}
	json_decref(schema);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("library");
	TCase *tc = tcase_create("library");
	SRunner *sr;
	int failed;

	if (glob(SOURCE_DIR "/scenarios/library/*.yaml", 0, NULL, &library) != 0 ||
	    glob(SOURCE_DIR "/scenarios/jobs/*.fio", 0, NULL, &fio_files) != 0) {
		fprintf(stderr, "no scenarios in " SOURCE_DIR "/scenarios\n");
		return 1;
	}
	tcase_add_loop_test(tc, a_library_scenario_goes_all_the_way_to_a_plan, 0,
			    (int)library.gl_pathc);
	tcase_add_test(tc, quick_is_quick);
	tcase_add_loop_test(tc, fio_itself_accepts_a_library_job_file, 0, (int)fio_files.gl_pathc);
	tcase_add_loop_test(tc, the_schema_has_exactly_the_keys_of_the_parser, 0,
			    BL_ARRAY_LEN(sections));
	tcase_add_test(tc, the_schema_has_exactly_the_words_of_the_axes);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	globfree(&library);
	globfree(&fio_files);
	return failed ? 1 : 0;
}
