/* checksum.h - the short checksums of fio's verify blocks.
 *
 * Each is a standard one but for its start value or its end, which are fio 3.33's: found by
 * fitting polynomials, start values and ends to blocks that fio wrote.
 */
#ifndef ENGINE_CHECKSUM_H
#define ENGINE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (RFC 3720), least bit first, starting at ~0 and not inverted at the end.
 * By the SSE 4.2 instruction where the processor has it. */
uint32_t checksum_crc32c(const void *data, size_t len);
uint32_t checksum_crc32c_table(const void *data, size_t len); /* the same without it */

uint64_t checksum_crc64(const void *data, size_t len); /* Jones' polynomial, least bit first, 0 */
uint32_t checksum_crc32(const void *data, size_t len); /* IEEE 802.3, most bit first, 0 */
uint16_t checksum_crc16(const void *data, size_t len); /* CRC-16/ARC: 0x8005, least bit first, 0 */
uint8_t checksum_crc7(const void *data, size_t len);   /* SD cards': 0x09, most bit first, 0 */
uint32_t checksum_xxh32(const void *data, size_t len); /* XXH32, seed 1 */

#endif
