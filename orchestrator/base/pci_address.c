#include "pci_address.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From @least to @most hexadecimal digits, then @end. Moves *text behind that. */
static bool take_hex(const char **text, size_t least, size_t most, char end, unsigned long *ret)
{
	const char *s = *text;
	size_t n = 0;

	while (isxdigit((unsigned char)s[n]))
		n++;
	if (n < least || n > most || s[n] != end)
		return false;
	*ret = strtoul(s, NULL, 16);
	*text = s + n + (end != '\0');
	return true;
}

int bl_pci_parse(const char *text, struct bl_pci *ret)
{
	unsigned long domain = 0, bus, device, function;
	const char *colon = strchr(text, ':');

	if (colon && strchr(colon + 1, ':') && !take_hex(&text, 4, 5, ':', &domain))
		return -EINVAL;
	if (!take_hex(&text, 2, 2, ':', &bus) || !take_hex(&text, 2, 2, '.', &device) ||
	    !take_hex(&text, 1, 1, '\0', &function) || device > 0x1f || function > 7)
		return -EINVAL;
	*ret = (struct bl_pci){.domain = (uint32_t)domain,
			       .bus = (uint8_t)bus,
			       .device = (uint8_t)device,
			       .function = (uint8_t)function};
	return 0;
}

char *bl_pci_format(char out[BL_PCI_TEXT_MAX], const struct bl_pci *pci)
{
	/* The masks change nothing that bl_pci_parse() made; gcc sees by them that it fits. */
	snprintf(out, BL_PCI_TEXT_MAX, "%04x:%02x:%02x.%x", pci->domain & 0xfffff, pci->bus,
		 pci->device & 0x1f, pci->function & 7u);
	return out;
}

int bl_pci_text(const char *text, char out[BL_PCI_TEXT_MAX])
{
	struct bl_pci pci;
	int r = bl_pci_parse(text, &pci);

	if (r == 0)
		bl_pci_format(out, &pci);
	return r;
}
