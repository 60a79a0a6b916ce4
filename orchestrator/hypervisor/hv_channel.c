/* hv_channel.c - which way to the guest's agent.
 *
 * The embedded driver runs in this process, and its QEMU listens on a socket of this host: we
 * connect to that ourselves. A stream of libvirt's would do as well but for one thing: when QEMU
 * ends by itself while we abort the stream, libvirt 9.0 takes the stream's lock and the domain's
 * list of streams in opposite orders in its two threads, and both hang for good. Through a daemon
 * the stream is a network stream without that list, and works for any host.
 */
#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"
#include "fs.h"
#include "hv_libvirt.h"
#include "xml_tree.h"

int lv_channel_open(const struct lv *lv, virDomainPtr dom, const char *port,
		    struct lv_channel **ret_channel, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *xpath = NULL;
	BL_CLEANUP(bl_freep) char *xml = NULL;
	BL_CLEANUP(bl_freep) char *path = NULL;

	if (!lv->root)
		return lv_channel_open_stream(lv->conn, dom, port, ret_channel, err);
	xpath = bl_strf("/domain/devices/channel[target/@name='%s']/source/@path", port);
	xml = virDomainGetXMLDesc(dom, 0);
	if (!xml)
		return lv_fail(err, -EIO, "cannot read the live XML");
	path = xpath ? xml_at(xml, xpath) : NULL;
	if (!path)
		return bl_fail(err, -ENOENT, "the domain has no channel '%s'", port);
	return lv_channel_open_socket(path, ret_channel, err);
}

int lv_channel_send(struct lv_channel *c, const void *data, size_t len, uint64_t limit_ns,
		    struct bl_err *err)
{
	return c->ops->send(c, data, len, limit_ns, err);
}

int lv_channel_recv(struct lv_channel *c, struct bl_buf *out, uint64_t limit_ns, struct bl_err *err)
{
	return c->ops->recv(c, out, limit_ns, err);
}

void lv_channel_close(struct lv_channel *c)
{
	if (c)
		c->ops->close(c);
}
