#include "guarded.h"

#include <check.h>
#include <string.h>

#include "faked.h"

struct device faked_find(void)
{
	struct device_name name = {.root = faked_root, .pci = PCI, .serial = SERIAL};
	struct bl_err err = BL_ERR_INIT;
	struct device d;

	ck_assert_msg(device_find(&name, &d, &err) == 0, "%s", err.text);
	return d;
}

struct claim faked_claim(void)
{
	struct device d = faked_find();
	struct bl_err err = BL_ERR_INIT;
	struct claim c;

	ck_assert_msg(claim_write(&d, &c, &err) == 0, "%s", err.text);
	return c;
}

void refused_as(const char *serial, enum guard_use use, int code, const char *says)
{
	struct device d = faked_find();
	struct bl_err err = BL_ERR_INIT;
	int r = guard_check(&d, serial, use, NULL, &err);

	ck_assert_msg(strcmp(err.text, says) == 0, "said: %s\nwant: %s", err.text, says);
	ck_assert_int_eq(r, code);
}

void refused(enum guard_use use, int code, const char *says)
{
	refused_as(SERIAL, use, code, says);
}

void passes(enum guard_use use)
{
	refused(use, 0, "");
}
