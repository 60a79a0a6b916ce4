#include "help.h"

#include <stdio.h>
#include <string.h>

#include "cleanup.h"

/* Columns where the explanations begin. */
#define HELP_INDENT 24
#define VERB_INDENT 14

const struct help_place help_files[] = {
	{"$XDG_STATE_HOME/blklab, ~/.local/state/blklab; root: /var/lib/blklab",
	 "the work folder: the store (store.db), backing disks while a trial runs, libvirt's "
	 "state"},
	{"$XDG_CACHE_HOME/blklab, ~/.cache/blklab; root: /var/cache/blklab",
	 "the cache: guest images, unpacked kernels, answers of the acceleration probe; may be "
	 "deleted at any time"},
};
const size_t n_help_files = BL_ARRAY_LEN(help_files);

const struct help_place help_variables[] = {
	{"XDG_STATE_HOME, XDG_CACHE_HOME", "where the folders above are, also for root when set"},
	{"NO_COLOR", "set to anything: no color"},
	{"COLUMNS", "width of the tables when the output is not a terminal"},
};
const size_t n_help_variables = BL_ARRAY_LEN(help_variables);

void help_wrap(struct bl_buf *out, const char *text, size_t at, size_t indent, size_t columns)
{
	size_t len;

	while (*text) {
		if (*text == '\n') { /* one newline is a space, two a new paragraph */
			text++;
			if (*text == '\n') {
				bl_buf_addf(out, "\n\n%*s", (int)indent, "");
				at = indent;
				text++;
			}
			continue;
		}
		if (*text == ' ') {
			text++;
			continue;
		}
		len = strcspn(text, " \n");
		if (at > indent && at + 1 + len > columns) {
			bl_buf_addf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			bl_buf_addc(out, ' ');
			at++;
		}
		bl_buf_add(out, text, len);
		at += len;
		text += len;
	}
	bl_buf_addc(out, '\n');
}

void help_row_extra(const struct option_row *row, struct bl_buf *out)
{
	const char *sep = "";

	for (size_t i = 0; row->kind == OPTION_ENUM && row->values[i]; i++) {
		bl_buf_addf(out, "%s%s", i ? ", " : "one of ", row->values[i]);
		sep = "; ";
	}
	if (row->kind == OPTION_COUNT) {
		bl_buf_addf(out, "%llu to %llu", (unsigned long long)row->min,
			    (unsigned long long)row->max);
		sep = "; ";
	}
	if (row->def || row->def_says)
		bl_buf_addf(out, "%sdefault: %s", sep, row->def ? row->def : row->def_says);
}

/* "  left" padded to column @indent, then @text. */
static void entry(struct bl_buf *out, const char *left, size_t indent, const char *text)
{
	size_t at = strlen(left);

	bl_buf_adds(out, left);
	if (at + 2 > indent) {
		bl_buf_addc(out, '\n');
		at = 0;
	}
	bl_buf_addf(out, "%*s", (int)(indent - at), "");
	help_wrap(out, text, indent, indent, HELP_COLUMNS - 1);
}

static void option_entry(struct bl_buf *out, const struct option_row *row)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(bl_buf_done) struct bl_buf extra = BL_BUF_INIT;
	char left[64], letter[8] = "    ";

	if (row->letter)
		snprintf(letter, sizeof letter, "-%c, ", row->letter);
	snprintf(left, sizeof left, "  %s--%s%s%s", letter, row->name, row->arg ? " " : "",
		 row->arg ? row->arg : "");
	help_row_extra(row, &extra);
	bl_buf_adds(&text, row->help);
	if (extra.len)
		bl_buf_addf(&text, " (%s)", bl_buf_str(&extra));
	entry(out, left, HELP_INDENT, bl_buf_str(&text));
}

static void exit_codes(struct bl_buf *out)
{
	char left[16];

	bl_buf_adds(out, "\nExit codes:\n");
	for (size_t i = 0; i < EXIT_CODES; i++) {
		snprintf(left, sizeof left, "  %zu", i);
		bl_buf_adds(out, left);
		bl_buf_adds(out, "  ");
		help_wrap(out, exit_code_says[i], 5, 5, HELP_COLUMNS - 1);
	}
}

void help_verb(const struct verb *v, struct bl_buf *out)
{
	const struct option_row *row;
	char left[64];

	bl_buf_addf(out, "usage: blklab %s ", v->name);
	verb_usage(v, out);
	bl_buf_adds(out, "\n\n");
	help_wrap(out, v->about, 0, 0, HELP_COLUMNS - 1);
	bl_buf_addc(out, '\n');
	for (size_t i = 0; i < v->n_operands; i++) {
		snprintf(left, sizeof left, "  %s", v->operands[i].name);
		entry(out, left, HELP_INDENT, v->operands[i].help);
	}
	if (v->n_operands)
		bl_buf_addc(out, '\n');
	if (v->n_actions)
		bl_buf_adds(out, "Actions:\n");
	for (size_t i = 0; i < v->n_actions; i++) {
		snprintf(left, sizeof left, "  %s", verb_last_word(v->actions[i]));
		entry(out, left, VERB_INDENT, v->actions[i]->summary);
	}
	if (v->n_actions)
		bl_buf_addf(out, "\n'blklab %s ACTION --help' explains one.\n\n", v->name);
	bl_buf_adds(out, "Options:\n");
	for (size_t i = 0; (row = verb_option(v, i)); i++)
		option_entry(out, row);
	if (v->n_examples)
		bl_buf_adds(out, "\nExamples:\n");
	for (size_t i = 0; i < v->n_examples; i++) {
		bl_buf_addf(out, "  %s\n      ", v->examples[i].command);
		help_wrap(out, v->examples[i].says, 6, 6, HELP_COLUMNS - 1);
	}
	exit_codes(out);
}

void help_overview(struct bl_buf *out)
{
	char left[64];

	bl_buf_adds(out, "usage: blklab VERB [OPTION]... [OPERAND]...\n\n");
	help_wrap(out,
		  "An automated benchmark lab for virtual disks: boots real VMs in every cell of a "
		  "configuration matrix, runs fio-like jobs in them, and says which configuration "
		  "wins, at which percentile, and at what risk.",
		  0, 0, HELP_COLUMNS - 1);
	bl_buf_adds(out, "\nVerbs:\n");
	for (size_t i = 0; i < n_verbs; i++) {
		snprintf(left, sizeof left, "  %s", verbs[i]->name);
		entry(out, left, VERB_INDENT, verbs[i]->summary);
	}
	bl_buf_adds(out, "\n'blklab VERB --help' explains a verb; its man page is blklab-VERB(1).\n"
			 "A first look:  blklab doctor;  blklab run quick\n");
	exit_codes(out);
}
