/* matrix_device.c - the scenario's device and server, and the cells that need them. */
#define MATRIX_INTERNAL
#include <errno.h>

#include "matrix_priv.h"

#define BOTH_WAYS(names)                                                                           \
	"add device: { " names ", serial: SERIAL } to the file, or give --device and --serial"

/* The axis whose value makes the cell need a device. */
static const char *asking_axis(const struct cell *c)
{
	return cell_takes_controller(c) ? "bus" : "storage";
}

static const char *asking_value(const struct cell *c)
{
	return cell_takes_controller(c) ? cell_bus_names[c->bus] : cell_storage_names[c->storage];
}

static int check_cell(const struct matrix *m, size_t i, const struct scenario *sc,
		      struct bl_err *err)
{
	const struct cell *c = &m->cells[i];
	const struct scenario_device *d = &sc->device;
	struct text_pos at;
	char q[QUOTE_MAX];

	if (!cell_needs_device(c) || (d->serial && (d->pci || !cell_takes_controller(c))))
		return 0;
	at = matrix_value_pos(m, sc, i, asking_axis(c));
	if (!d->serial && cell_takes_controller(c))
		return text_pos_fail(err, -EINVAL, sc->path, at,
				     "bus: '%s' takes an NVMe controller of this host, and none is "
				     "named; " BOTH_WAYS("pci: PCI-ADDRESS"),
				     asking_value(c));
	if (!d->serial)
		return text_pos_fail(err, -EINVAL, sc->path, at,
				     "storage: '%s' is on a disk of this host, and none is "
				     "named; " BOTH_WAYS("pci: PCI-ADDRESS or path: /dev/..."),
				     asking_value(c));
	return text_pos_fail(
		err, -EINVAL, sc->path, at,
		"bus: '%s' hands over a PCI function, and the device is named by its path, "
		"'%s'; name it by pci, or --device PCI-ADDRESS",
		asking_value(c), text_quote(q, d->path));
}

bool matrix_uses_device(const struct matrix *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (cell_needs_device(&m->cells[i]))
			return true;
	return false;
}

int matrix_needs_device(const struct matrix *m, const struct scenario *sc, struct bl_err *err)
{
	int r = 0;

	for (size_t i = 0; i < m->n && r == 0; i++)
		r = check_cell(m, i, sc, err);
	return r;
}

int matrix_check_device(const struct matrix *m, const struct scenario *sc, struct bl_err *err)
{
	const struct scenario_device *d = &sc->device;
	int r = matrix_needs_device(m, sc, err);
	bool is_served = false;
	char q[QUOTE_MAX];

	for (size_t i = 0; i < m->n; i++)
		is_served = is_served || m->cells[i].storage == STORAGE_NBD;
	if (r == 0 && sc->nbdkit[0] && !is_served)
		return text_pos_fail(err, -EINVAL, sc->path, sc->nbdkit_at,
				     "nbdkit: '%s' is used by no cell; leave it out, or add cells "
				     "of storage nbd",
				     text_quote(q, sc->nbdkit));
	if (r < 0 || matrix_uses_device(m) || !d->serial)
		return r;
	return text_pos_fail(
		err, -EINVAL, sc->path, d->at,
		"device: '%s' is used by no cell; leave it out, or add cells on it: bus "
		"vfio or nvme-userspace, or storage device or filesystem",
		text_quote(q, d->pci ? d->pci : d->path));
}
