/* pci_address.h - where a PCI function is, and the text in which Linux and people write that.
 *
 * DOMAIN:BUS:DEVICE.FUNCTION in hexadecimal, as in sysfs and lspci: "0000:5e:00.0".
 */
#ifndef BL_PCI_ADDRESS_H
#define BL_PCI_ADDRESS_H

#include <stdint.h>

#define BL_PCI_TEXT_MAX 16 /* "10000:5e:00.0" and its end */

struct bl_pci {
	uint32_t domain; /* up to fffff: those behind Intel's VMD begin at 10000 */
	uint8_t bus;
	uint8_t device;   /* 0 to 1f: five bits (PCI Local Bus specification 3.0, 3.2.2.3.2) */
	uint8_t function; /* 0 to 7: three bits */
};

/* "0000:5e:00.0", "10000:5e:00.0", "5E:00.0" (of domain 0), in small or capital letters; nothing
 * before or behind it. -EINVAL, @ret untouched: @text is no PCI address. */
int bl_pci_parse(const char *text, struct bl_pci *ret);

/* "0000:5e:00.0": the name of the function in sysfs. Returns @out. */
char *bl_pci_format(char out[BL_PCI_TEXT_MAX], const struct bl_pci *pci);

/* bl_pci_format() of bl_pci_parse(): "5E:00.0" as sysfs has it. -EINVAL, @out untouched. */
int bl_pci_text(const char *text, char out[BL_PCI_TEXT_MAX]);

#endif
