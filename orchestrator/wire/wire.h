/* wire.h - framed messages between the orchestrator and the guest agent.
 *
 * A frame is 4 bytes of length (little endian) and that many bytes of JSON, one object
 * with a string member "type". At most WIRE_FRAME_MAX bytes; neither side trusts
 * the other. protocol.md in this folder lists the messages.
 */
#ifndef WIRE_H
#define WIRE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

#define WIRE_FRAME_MAX        (32u << 20)
#define WIRE_PROTOCOL_VERSION 3
#define WIRE_PORT_NAME        "org.blklab.agent.0" /* virtio-serial port */

/* Append the frame for @msg to @out. -EINVAL: no string member "type"; -EMSGSIZE; -ENOMEM.
 * @out is unchanged on the first two. */
int wire_encode(const json_t *msg, struct bl_buf *out, struct bl_err *err);

/* Bytes in, messages out. Start from {0}. Holds one frame and what was pushed after it, so a
 * caller that takes all messages after each push bounds its memory. */
struct wire_reader {
	struct bl_buf buf;
	size_t skip; /* bytes at the front that belong to messages already taken */
};
void wire_reader_done(struct wire_reader *r); /* as new again */
void wire_reader_push(struct wire_reader *r, const void *data, size_t len);

/* 1: *ret_msg is new (json_decref()); 0: more bytes are needed; -EBADMSG: a frame that
 * is empty, too long, not JSON, not an object or has no "type" - the stream is lost, and every
 * later call says so again. -ENOMEM. */
int wire_reader_next(struct wire_reader *r, json_t **ret_msg, struct bl_err *err);

/* "type" of a message; never NULL ("" when there is none). */
const char *wire_type(const json_t *msg);

#endif
