/*
 * crc32c.c - CRC-32C, by instruction or by table.
 *
 * The processor is asked once, at the first use, not at start-up: most runs
 * of a small command should not pay for cpuid (slow under a hypervisor) or
 * for a table they never use.  The choice is a function pointer that starts
 * as the function which chooses.
 */
#include <pthread.h>
#include <stdatomic.h>
#if defined(__x86_64__) && defined(__has_include)
#if __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#endif
#endif

#include <crm/hash.h>

typedef uint32_t crc_fn(uint32_t crc, const unsigned char *p, size_t n);

static crc_fn choose;
static _Atomic(crc_fn *) chosen = choose;

static uint32_t table[8][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

/* The polynomial of RFC 3720 (0x11edc6f41), bits reversed. */
static const uint32_t POLY = 0x82f63b78;

static void
table_fill(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ POLY : crc >> 1;
		table[0][i] = crc;
	}
	for (int k = 1; k < 8; k++)
		for (int i = 0; i < 256; i++)
			table[k][i] = table[k - 1][i] >> 8 ^
				      table[0][table[k - 1][i] & 0xff];
}

static uint32_t
by_table(uint32_t crc, const unsigned char *p, size_t n)
{
	for (; n >= 8; n -= 8, p += 8) {
		crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 |
		       (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		crc = table[7][crc & 0xff] ^ table[6][crc >> 8 & 0xff] ^
		      table[5][crc >> 16 & 0xff] ^ table[4][crc >> 24] ^
		      table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^
		      table[0][p[7]];
	}
	for (; n > 0; n--, p++)
		crc = crc >> 8 ^ table[0][(crc ^ *p) & 0xff];
	return crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

/*
 * The instruction gives its sum after three steps of the clock, and can begin
 * at each: of what is long, three stretches are summed at once.  Sums are put
 * together as sums are linear: what a sum becomes by a stretch of zeros is told
 * by four tables, one for each of its bytes.
 */
enum { STRETCH = 1024, LONG = 16 * STRETCH };

static uint32_t zeros[4][256];
static pthread_once_t zeros_once = PTHREAD_ONCE_INIT;

__attribute__((target("sse4.2"))) static void
zeros_fill(void)
{
	for (unsigned bit = 0; bit < 32; bit++) {
		uint64_t crc = (uint64_t)1 << bit;
		uint32_t *t = zeros[bit / 8];
		unsigned first = 1U << bit % 8;

		for (int i = 0; i < STRETCH / 8; i++)
			crc = _mm_crc32_u64(crc, 0);
		for (unsigned i = 0; i < first; i++)
			t[first + i] = t[i] ^ (uint32_t)crc;
	}
}

static inline uint32_t
behind_zeros(uint64_t crc)
{
	return zeros[0][crc & 0xff] ^ zeros[1][crc >> 8 & 0xff] ^
	       zeros[2][crc >> 16 & 0xff] ^ zeros[3][crc >> 24 & 0xff];
}

static inline uint64_t
word_at(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof word);
	return word;
}

/* Of three stretches that follow each other. */
__attribute__((target("sse4.2"))) static uint32_t
three_stretches(uint32_t crc, const unsigned char *p)
{
	uint64_t a = crc, b = 0, c = 0;

	for (int i = 0; i < STRETCH; i += 8) {
		a = _mm_crc32_u64(a, word_at(p + i));
		b = _mm_crc32_u64(b, word_at(p + STRETCH + i));
		c = _mm_crc32_u64(c, word_at(p + 2 * STRETCH + i));
	}
	return behind_zeros(behind_zeros(a) ^ b) ^ (uint32_t)c;
}

__attribute__((target("sse4.2"))) static uint32_t
by_instruction(uint32_t crc, const unsigned char *p, size_t n)
{
	uint64_t wide;

	if (n >= LONG)
		pthread_once(&zeros_once, zeros_fill);
	for (bool large = n >= LONG; large && n >= 3 * STRETCH;
	     n -= 3 * STRETCH, p += 3 * STRETCH)
		crc = three_stretches(crc, p);
	wide = crc;
	for (; n >= 8; n -= 8, p += 8) {
		uint64_t word;

		memcpy(&word, p, sizeof word);
		wide = _mm_crc32_u64(wide, word);
	}
	crc = (uint32_t)wide;
	for (; n > 0; n--, p++)
		crc = _mm_crc32_u8(crc, *p);
	return crc;
}
#else
#define by_instruction by_table
#endif

/*
 * The C library has asked the processor before main; compilers' builtins ask
 * it again at each start, used or not.
 */
static bool
has_instruction(void)
{
#if defined(CPU_FEATURE_ACTIVE)
	return CPU_FEATURE_ACTIVE(SSE4_2);
#elif defined(__x86_64__)
	__builtin_cpu_init();
	return __builtin_cpu_supports("sse4.2");
#else
	return false;
#endif
}

static crc_fn *
best(void)
{
	if (has_instruction())
		return by_instruction;
	pthread_once(&table_once, table_fill);
	return by_table;
}

static uint32_t
choose(uint32_t crc, const unsigned char *p, size_t n)
{
	crc_fn *fn = best();

	/* Two threads may both come here; they store the same. */
	atomic_store_explicit(&chosen, fn, memory_order_release);
	return fn(crc, p, n);
}

uint32_t
crm_crc32c(uint32_t crc, const void *p, size_t n)
{
	crc_fn *fn = atomic_load_explicit(&chosen, memory_order_acquire);

	return ~fn(~crc, p, n);
}

uint32_t
crm_crc32c_soft(uint32_t crc, const void *p, size_t n)
{
	pthread_once(&table_once, table_fill);
	return ~by_table(~crc, p, n);
}
