/* sha256.h says what this is. The processor's own instructions are used where it has them: 5 times as fast. */
#include "sha256.h"

#include <string.h>

#pragma GCC optimize("O2")

static const uint32_t K[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turn(uint32_t x, int by) {
	return x >> by | x << (32 - by);
}

static uint32_t big_endian(const unsigned char *at) {
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

#define ROUND(a, b, c, d, e, f, g, h, i) \
	do { \
		uint32_t t = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + (g ^ (e & (f ^ g))) + K[i] + w[(i) & 15]; \
		d += t; \
		h = t + (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) | (c & (a | b))); \
	} while (0)
#define NEXT(i) \
	w[(i) & 15] += (turn(w[((i) + 1) & 15], 7) ^ turn(w[((i) + 1) & 15], 18) ^ w[((i) + 1) & 15] >> 3) + w[((i) + 9) & 15] + \
		(turn(w[((i) + 14) & 15], 17) ^ turn(w[((i) + 14) & 15], 19) ^ w[((i) + 14) & 15] >> 10)
#define EIGHT(i, EACH) \
	EACH(i); ROUND(a, b, c, d, e, f, g, h, i); EACH(i + 1); ROUND(h, a, b, c, d, e, f, g, i + 1); \
	EACH(i + 2); ROUND(g, h, a, b, c, d, e, f, i + 2); EACH(i + 3); ROUND(f, g, h, a, b, c, d, e, i + 3); \
	EACH(i + 4); ROUND(e, f, g, h, a, b, c, d, i + 4); EACH(i + 5); ROUND(d, e, f, g, h, a, b, c, i + 5); \
	EACH(i + 6); ROUND(c, d, e, f, g, h, a, b, i + 6); EACH(i + 7); ROUND(b, c, d, e, f, g, h, a, i + 7)
#define FIRST(i) w[i] = big_endian(bytes + 4 * (i))

static void blocks_in_c(uint32_t state[8], const unsigned char *bytes, size_t count) {
	for (; count > 0; count--, bytes += 64) {
		uint32_t w[16];
		uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
		EIGHT(0, FIRST);
		EIGHT(8, FIRST);
		for (int i = 16; i < 64; i += 16) {
			EIGHT(i, NEXT);
			EIGHT(i + 8, NEXT);
		}
		state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e, state[5] += f, state[6] += g, state[7] += h;
	}
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

static int has_instructions(void) {
	unsigned a, b, c, d, ssse3 = 1u << 9, sse41 = 1u << 19;
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & ssse3) || !(c & sse41)) return 0;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & 1u << 29) != 0;
}

__attribute__((target("sha,sse4.1,ssse3"))) static void blocks_by_instructions(uint32_t state[8], const unsigned char *bytes, size_t count) {
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
	__m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
	__m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);
	__m128i abef = _mm_alignr_epi8(low, high, 8), cdgh = _mm_blend_epi16(high, low, 0xf0);
	for (; count > 0; count--, bytes += 64) {
		__m128i w[4], abef_before = abef, cdgh_before = cdgh;
		for (int i = 0; i < 16; i++) {
			__m128i *now = &w[i & 3];
			if (i < 4) {
				*now = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes + 16 * i)), swap);
			} else {
				__m128i sum = _mm_sha256msg1_epu32(*now, w[(i + 1) & 3]);
				sum = _mm_add_epi32(sum, _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4));
				*now = _mm_sha256msg2_epu32(sum, w[(i + 3) & 3]);
			}
			__m128i words = _mm_add_epi32(*now, _mm_loadu_si128((const __m128i *)(K + 4 * i)));
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, words);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(words, 0x0e));
		}
		abef = _mm_add_epi32(abef, abef_before);
		cdgh = _mm_add_epi32(cdgh, cdgh_before);
	}
	low = _mm_shuffle_epi32(abef, 0x1b);
	high = _mm_shuffle_epi32(cdgh, 0xb1);
	_mm_storeu_si128((__m128i *)state, _mm_blend_epi16(low, high, 0xf0));
	_mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(high, low, 8));
}
#else
static int has_instructions(void) {
	return 0;
}

#define blocks_by_instructions blocks_in_c
#endif

static void blocks(uint32_t state[8], const unsigned char *bytes, size_t count) {
	static int known;
	if (known == 0) known = has_instructions() ? 1 : -1;
	if (known > 0) blocks_by_instructions(state, bytes, count);
	else blocks_in_c(state, bytes, count);
}

void sha256_start(struct sha256 *sha) {
	static const uint32_t first[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};
	memcpy(sha->state, first, sizeof first);
	sha->length = 0;
}

void sha256_add(struct sha256 *sha, const void *bytes, size_t length) {
	const unsigned char *at = bytes;
	size_t held = sha->length % 64;
	sha->length += length;
	if (held > 0) {
		size_t part = length < 64 - held ? length : 64 - held;
		memcpy(sha->block + held, at, part);
		at += part;
		length -= part;
		if (held + part < 64) return;
		blocks(sha->state, sha->block, 1);
	}
	blocks(sha->state, at, length / 64);
	memcpy(sha->block, at + length / 64 * 64, length % 64);
}

void sha256_end(struct sha256 *sha, unsigned char digest[32]) {
	uint64_t bits = sha->length * 8;
	unsigned char tail[72] = {0x80};
	size_t fill = 64 - (sha->length + 8) % 64;
	for (int i = 0; i < 8; i++) tail[fill + (size_t)i] = (unsigned char)(bits >> (56 - 8 * i));
	sha256_add(sha, tail, fill + 8);
	for (int i = 0; i < 32; i++) digest[i] = (unsigned char)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
}
