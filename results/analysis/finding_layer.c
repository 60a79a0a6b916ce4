#include "finding_layer.h"

#include "cleanup.h"

const char *const finding_layer_names[] = {"guest", "virtual", "host", "device", "measurement"};
_Static_assert(BL_ARRAY_LEN(finding_layer_names) == LAYERS, "a name for each layer");
