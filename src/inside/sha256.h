/* SHA-256 (FIPS 180-4) over a stream of bytes. */
#ifndef KE_SHA256_H
#define KE_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
	uint32_t state[8];
	/* Bytes so far. */
	uint64_t length;
	unsigned char block[64];
};

void sha256_start(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *bytes, size_t length);
void sha256_end(struct sha256 *sha, unsigned char digest[32]);

#endif
