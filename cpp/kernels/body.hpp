// The kernels themselves, written once and compiled once for each instruction set.
//
// A file of kernels says how many floats its registers hold (SIDEMAN_LANES) and how it adds up products of
// bytes
// (`Bytes`), then includes this. All is in an unnamed namespace. Only additions and multiplications whose
// order does not hang on the number of lanes belong here.
#pragma once

#include <sideman/kernels.hpp>

#if SIDEMAN_LANES >= 8
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace {

using sideman::Attention;
using sideman::ByteMatrix;
using sideman::ByteVectors;
using sideman::columns_per_group;
using sideman::FloatMatrix;
using sideman::Kernels;
using sideman::rows_per_block;

constexpr std::size_t lanes = SIDEMAN_LANES;
constexpr std::size_t parts = rows_per_block / lanes;  // registers of one block of rows

#if SIDEMAN_LANES == 1
using Floats = float;
using Ints = std::int32_t;
#else
typedef float Floats __attribute__((vector_size(4 * SIDEMAN_LANES)));
typedef std::int32_t Ints __attribute__((vector_size(4 * SIDEMAN_LANES)));
typedef std::uint32_t Words __attribute__((vector_size(4 * SIDEMAN_LANES)));
typedef std::uint16_t Halves __attribute__((vector_size(2 * SIDEMAN_LANES)));
#endif

inline Floats as_floats(Ints bits) { return __builtin_bit_cast(Floats, bits); }
inline Ints as_ints(Floats x) { return __builtin_bit_cast(Ints, x); }
inline Floats load(const float* from) {
    struct Raw {
        float x[lanes];
    } raw;
    for (std::size_t i = 0; i < lanes; ++i) raw.x[i] = from[i];
    return __builtin_bit_cast(Floats, raw);
}
inline void store(float* to, Floats x) {
    struct Raw {
        float x[lanes];
    };
    const Raw raw = __builtin_bit_cast(Raw, x);
    for (std::size_t i = 0; i < lanes; ++i) to[i] = raw.x[i];
}
inline Floats load(const std::uint16_t* from) {
#if SIDEMAN_LANES == 1
    return __builtin_bit_cast(float, static_cast<std::uint32_t>(*from) << 16U);
#else
    Halves halves;
    __builtin_memcpy(&halves, from, sizeof halves);
    const Words words = __builtin_convertvector(halves, Words) << 16;
    return __builtin_bit_cast(Floats, words);
#endif
}
// a * b + c, rounded once: the same bits everywhere, whether the processor has an instruction for it or not.
inline Floats fused(Floats a, Floats b, Floats c) {
#if SIDEMAN_LANES == 16
    return __builtin_bit_cast(Floats, _mm512_fmadd_ps(a, b, c));
#elif SIDEMAN_LANES == 8
    return __builtin_bit_cast(Floats, _mm256_fmadd_ps(a, b, c));
#elif SIDEMAN_LANES == 4 && defined(__aarch64__)
    return __builtin_bit_cast(Floats, vfmaq_f32(c, a, b));
#elif SIDEMAN_LANES == 4
    for (std::size_t i = 0; i < lanes; ++i) c[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return c;
#else
    return __builtin_fmaf(a, b, c);
#endif
}
inline Floats all(float x) {
#if SIDEMAN_LANES == 1
    return x;
#else
    return x - Floats{};
#endif
}
inline Floats floats_of(Ints x) {
#if SIDEMAN_LANES == 1
    return static_cast<float>(x);
#else
    return __builtin_convertvector(x, Floats);
#endif
}

}  // namespace

#include SIDEMAN_BYTES

namespace {

// ---- matrices

template <std::size_t B, std::size_t N>
void tile(const float* w, std::size_t columns, const float* x, std::size_t x_stride, float* y,
          std::size_t y_stride) {
    Floats sums[B][N][parts] = {};
    for (std::size_t k = 0; k < columns; ++k) {
        for (std::size_t b = 0; b < B; ++b) {
            for (std::size_t p = 0; p < parts; ++p) {
                const Floats weights = load(w + (b * columns + k) * rows_per_block + p * lanes);
                for (std::size_t n = 0; n < N; ++n)
                    sums[b][n][p] = fused(all(x[n * x_stride + k]), weights, sums[b][n][p]);
            }
        }
    }
    for (std::size_t b = 0; b < B; ++b) {
        for (std::size_t n = 0; n < N; ++n) {
            for (std::size_t p = 0; p < parts; ++p)
                store(y + n * y_stride + b * rows_per_block + p * lanes, sums[b][n][p]);
        }
    }
}

template <std::size_t B, std::size_t N>
void tile(const ByteMatrix& matrix, std::size_t block, const ByteVectors& x, std::size_t at, float* y,
          std::size_t y_stride) {
    const std::size_t groups = matrix.groups;
    Floats sums[B][N][parts] = {};
    for (std::size_t g = 0; g < groups; ++g) {
        for (std::size_t b = 0; b < B; ++b) {
            const std::size_t place = (block + b) * groups + g;
            const std::uint8_t* const w = matrix.weights + place * columns_per_group * rows_per_block;
            const float* const scales = matrix.scales + place * rows_per_block;
            for (std::size_t n = 0; n < N; ++n) {
                const std::size_t from = (at + n) * groups + g;
                Bytes dot(x.sums[from]);
                for (std::size_t q = 0; q < columns_per_group / 4; ++q)
                    dot.add(w + q * 4 * rows_per_block, x.bytes + from * columns_per_group + q * 4);
                for (std::size_t p = 0; p < parts; ++p)

                    sums[b][n][p] = fused(floats_of(dot.part(p)), x.scales[from] * load(scales + p * lanes),
                                          sums[b][n][p]);
            }
        }
    }
    for (std::size_t b = 0; b < B; ++b) {
        for (std::size_t n = 0; n < N; ++n) {
            for (std::size_t p = 0; p < parts; ++p)
                store(y + n * y_stride + b * rows_per_block + p * lanes, sums[b][n][p]);
        }
    }
}

// How many blocks of rows and how many vectors at once, as registers allow.
constexpr std::size_t blocks_alone = lanes >= 8 ? 4 : 2;
constexpr std::size_t blocks_together = lanes == 16 ? 4 : lanes == 8 ? 2 : 1;
constexpr std::size_t together = lanes == 16 ? 4 : 2;

template <std::size_t B>
void rows(const FloatMatrix& matrix, std::size_t block, const float* x, std::size_t x_stride,
          std::size_t from, std::size_t batch, float* y, std::size_t y_stride) {
    const float* const w = matrix.weights + block * matrix.columns * rows_per_block;
    float* const out = y + block * rows_per_block;
    std::size_t n = from;
    for (; n + together <= batch; n += together)
        tile<B, together>(w, matrix.columns, x + n * x_stride, x_stride, out + n * y_stride, y_stride);
    for (; n < batch; ++n)
        tile<B, 1>(w, matrix.columns, x + n * x_stride, x_stride, out + n * y_stride, y_stride);
}

void multiply(const FloatMatrix& matrix, const float* x, std::size_t x_stride, std::size_t batch, float* y,
              std::size_t y_stride) {
    std::size_t block = 0;
    if (batch < together) {
        for (; block + blocks_alone <= matrix.blocks; block += blocks_alone)
            rows<blocks_alone>(matrix, block, x, x_stride, 0, batch, y, y_stride);
    } else {
        for (; block + blocks_together <= matrix.blocks; block += blocks_together)
            rows<blocks_together>(matrix, block, x, x_stride, 0, batch, y, y_stride);
    }
    for (; block < matrix.blocks; ++block) rows<1>(matrix, block, x, x_stride, 0, batch, y, y_stride);
}

template <std::size_t B>
void rows(const ByteMatrix& matrix, std::size_t block, const ByteVectors& x, float* y, std::size_t y_stride) {
    float* const out = y + block * rows_per_block;
    std::size_t n = 0;
    for (; n + 2 <= x.batch; n += 2) tile<B, 2>(matrix, block, x, n, out + n * y_stride, y_stride);
    for (; n < x.batch; ++n) tile<B, 1>(matrix, block, x, n, out + n * y_stride, y_stride);
}

void multiply_bytes(const ByteMatrix& matrix, const ByteVectors& x, float* y, std::size_t y_stride) {
    constexpr std::size_t at_once = lanes == 16 ? 4 : 1;
    std::size_t block = 0;
    for (; block + at_once <= matrix.blocks; block += at_once) rows<at_once>(matrix, block, x, y, y_stride);
    for (; block < matrix.blocks; ++block) rows<1>(matrix, block, x, y, y_stride);
}

constexpr float no_fraction = 12582912.0F;  // 3 * 2^22: behind its point there is no room

// The largest magnitude of each group becomes 127.
void quantise(const float* x, std::size_t groups, std::int8_t* bytes, float* scales, std::int32_t* sums) {
    for (std::size_t g = 0; g < groups; ++g) {
        const float* const from = x + g * columns_per_group;
        std::int32_t most = 0;
        for (std::size_t i = 0; i < columns_per_group; ++i) {
            const std::int32_t size = __builtin_bit_cast(std::int32_t, from[i]) & 0x7FFFFFFF;
            most = size > most ? size : most;
        }
        const float largest = __builtin_bit_cast(float, most);
        const float inverse = largest > 1e-30F ? 127.0F / largest : 0.0F;
        std::int32_t sum = 0;
        for (std::size_t i = 0; i < columns_per_group; ++i) {
            const std::int32_t whole = __builtin_bit_cast(std::int32_t, from[i] * inverse + no_fraction) -
                                       __builtin_bit_cast(std::int32_t, no_fraction);
            bytes[g * columns_per_group + i] = static_cast<std::int8_t>(whole);
            sum += whole;
        }
        scales[g] = largest > 1e-30F ? largest / 127.0F : 0.0F;
        sums[g] = sum;
    }
}

// ---- attention

// e to the x for x at most 0; below -87 as at -87. Relative error about 1e-7; as quick_exp in logs.hpp.
inline Floats exp_of(Floats x) {
    constexpr float lowest = -87.0F;
    x = x > lowest ? x : lowest + (x - x);
    const Floats rounded = fused(x, all(1.44269504F), all(no_fraction));
    const Ints k = as_ints(rounded) - __builtin_bit_cast(std::int32_t, no_fraction);
    const Floats n = rounded - no_fraction;
    const Floats r = fused(n, all(2.12194440e-4F), fused(n, all(-0.693359375F), x));
    Floats sum = fused(all(1.9875691500e-4F), r, all(1.3981999507e-3F));
    sum = fused(sum, r, all(8.3334519073e-3F));
    sum = fused(sum, r, all(4.1665795894e-2F));
    sum = fused(sum, r, all(1.6666665459e-1F));
    sum = fused(sum, r, all(5.0000001201e-1F));
    sum = fused(sum * r, r, r) + 1.0F;
    return sum * as_floats((k + 127) << 23);
}

// The scores of 16 S slots from one on.
template <std::size_t H, std::size_t S, typename Number>
void scores(const Attention& a, std::size_t head, std::size_t slot) {
    const std::size_t block = rows_per_block * a.head_dim;
    const auto* keys = static_cast<const Number*>(a.keys) + slot * a.head_dim;
    Floats sums[H][S * parts] = {};
    for (std::size_t d = 0; d < a.head_dim; ++d) {
        for (std::size_t s = 0; s < S; ++s) {
            for (std::size_t p = 0; p < parts; ++p) {
                const Floats key = load(keys + s * block + p * lanes);
                for (std::size_t h = 0; h < H; ++h)
                    sums[h][s * parts + p] =
                        fused(all(a.queries[(head + h) * a.head_dim + d]), key, sums[h][s * parts + p]);
            }
        }
        keys += rows_per_block;
    }
    for (std::size_t h = 0; h < H; ++h) {
        for (std::size_t p = 0; p < S * parts; ++p)
            store(a.by_slot + (head + h) * a.capacity + slot + p * lanes, sums[h][p]);
    }
}

// Scores by age to weights that are not yet divided by their sum, which is returned.
inline float weigh(float* x, std::size_t count) {
    const std::size_t padded = (count + rows_per_block - 1) / rows_per_block * rows_per_block;
    for (std::size_t i = count; i < padded; ++i) x[i] = -1e30F;
    float each[rows_per_block];
    Floats most[parts];
    for (std::size_t p = 0; p < parts; ++p) most[p] = load(x + p * lanes);
    for (std::size_t i = rows_per_block; i < padded; i += rows_per_block) {
        for (std::size_t p = 0; p < parts; ++p) {
            const Floats next = load(x + i + p * lanes);
            most[p] = next > most[p] ? next : most[p];
        }
    }
    for (std::size_t p = 0; p < parts; ++p) store(each + p * lanes, most[p]);
    float largest = each[0];
    for (const float one : each) largest = one > largest ? one : largest;
    Floats sums[parts] = {};
    for (std::size_t i = 0; i < padded; i += rows_per_block) {
        for (std::size_t p = 0; p < parts; ++p) {
            const Floats weights = exp_of(load(x + i + p * lanes) - largest);
            store(x + i + p * lanes, weights);
            sums[p] += weights;
        }
    }
    for (std::size_t p = 0; p < parts; ++p) store(each + p * lanes, sums[p]);
    float sum = 0.0F;
    for (const float one : each) sum += one;
    return sum;
}

// Dimensions d to d + 16 D of what the weights gather from the values.
template <std::size_t H, std::size_t D, typename Number>
void gather(const Attention& a, std::size_t head, std::size_t d, const float* shares) {
    const std::size_t before = a.capacity - a.first < a.count ? a.capacity - a.first : a.count;
    Floats sums[H][D * parts] = {};
    const auto* value = static_cast<const Number*>(a.values) + a.first * a.head_dim + d;
    for (std::size_t i = 0; i < a.count; ++i) {
        if (i == before) value = static_cast<const Number*>(a.values) + d;
        for (std::size_t p = 0; p < D * parts; ++p) {
            const Floats here = load(value + p * lanes);
            for (std::size_t h = 0; h < H; ++h)
                sums[h][p] = fused(all(a.by_age[(head + h) * a.capacity + i]), here, sums[h][p]);
        }
        value += a.head_dim;
    }
    for (std::size_t h = 0; h < H; ++h) {
        for (std::size_t p = 0; p < D * parts; ++p)
            store(a.out + (head + h) * a.head_dim + d + p * lanes, sums[h][p] * shares[h]);
    }
}

template <std::size_t H, typename Number>
void heads(const Attention& a, std::size_t head) {
    constexpr std::size_t wide = lanes == 16 ? 2 : 1;  // blocks of sixteen at once, as registers allow
    const bool round = a.first + a.count > a.capacity;
    const std::size_t past = round ? a.capacity : a.first + a.count;
    std::size_t slot = round ? 0 : a.first / rows_per_block * rows_per_block;
    for (; slot + (wide - 1) * rows_per_block < past; slot += wide * rows_per_block)
        scores<H, wide, Number>(a, head, slot);
    for (; slot < past; slot += rows_per_block) scores<H, 1, Number>(a, head, slot);
    float shares[H];
    const std::size_t straight = past - a.first < a.count ? past - a.first : a.count;
    for (std::size_t h = 0; h < H; ++h) {
        const float* const from = a.by_slot + (head + h) * a.capacity;
        float* const to = a.by_age + (head + h) * a.capacity;
        __builtin_memcpy(to, from + a.first, straight * sizeof(float));
        __builtin_memcpy(to + straight, from, (a.count - straight) * sizeof(float));
        shares[h] = 1.0F / weigh(to, a.count);
    }
    std::size_t d = 0;
    for (; d + wide * rows_per_block <= a.head_dim; d += wide * rows_per_block)
        gather<H, wide, Number>(a, head, d, shares);
    for (; d < a.head_dim; d += rows_per_block) gather<H, 1, Number>(a, head, d, shares);
}

template <typename Number>
void all_heads(const Attention& a) {
    std::size_t head = 0;
    constexpr std::size_t at_once = lanes >= 8 ? 4 : 2;
    for (; head + at_once <= a.heads; head += at_once) heads<at_once, Number>(a, head);
    for (; head < a.heads; ++head) heads<1, Number>(a, head);
}

void attend(const Attention& a) {
    if (a.half) {
        all_heads<std::uint16_t>(a);
    } else {
        all_heads<float>(a);
    }
}

void swiglu(const float* gate, const float* up, float* out, std::size_t n) {
    for (std::size_t i = 0; i < n; i += lanes) {
        const Floats x = load(gate + i);
        const Floats small = exp_of(x > 0.0F ? -x : x);
        store(out + i, x * (x > 0.0F ? 1.0F + (small - small) : small) / (1.0F + small) * load(up + i));
    }
}

}  // namespace
