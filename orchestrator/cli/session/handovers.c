#include "handovers.h"

#include <stdlib.h>
#include <string.h>

#include "doctor.h"

int open_handovers_read(struct store *store, const char *work_dir, struct handover_record **ret,
			size_t *ret_n, struct bl_err *err)
{
	struct doctor_options here = {.root = "", .work_dir = work_dir};
	char id[17];

	host_id(&here, id, NULL);
	return store_open_handovers(store, id, ret, ret_n, err);
}

void open_handovers_done(struct handover_record *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		handover_record_done(&list[i]);
	free(list);
}

int handover_is_open(struct store *store, const struct handover_record *h, struct bl_err *err)
{
	struct handover_record *list = NULL;
	size_t n = 0;
	int r = store_open_handovers(store, h->host_id, &list, &n, err);

	for (size_t i = 0; i < n && r == 0; i++)
		r = strcmp(list[i].id, h->id) == 0;
	open_handovers_done(list, n);
	return r;
}

int handover_to_store(struct store *store, const struct handover_record *h, struct bl_err *err)
{
	return h->returned_ms ? store_end_handover(store, h, err)
			      : store_put_handover(store, h, err);
}
