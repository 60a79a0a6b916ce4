/* finding_layer.h - the layers in which a cause can lie, for signals and for findings. */
#ifndef FINDING_LAYER_H
#define FINDING_LAYER_H

enum finding_layer {
	LAYER_GUEST,
	LAYER_VIRTUAL, /* QEMU, its virtual devices */
	LAYER_HOST,
	LAYER_DEVICE,
	LAYER_MEASUREMENT,
	LAYERS
};
extern const char *const finding_layer_names[LAYERS]; /* "guest", "virtual", ... */

#endif
