// The loops of the transformer that take its time, one table of them for each instruction set, chosen as it
// starts.
//
// Every table gives the same bits: a sum has one owner, runs in one order, and is never fused or split by
// width. So a model plays the same notes on every machine, alone or in a batch. Only what cpp/kernels/*.cpp
// must share with the rest belongs here, and no standard template: a linker could take a copy that this
// processor cannot run.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sideman {

constexpr std::size_t rows_per_block = 16;     // of a packed matrix
constexpr std::size_t columns_per_group = 32;  // that share one scale, in int8

// A packed matrix in f32, float[blocks][columns][16].
struct FloatMatrix {
    const float* weights;
    std::size_t blocks, columns;
};

// The same in int8: weight = (byte - 128) * scale.
struct ByteMatrix {
    const std::uint8_t* weights;  // [blocks][groups][8][16][4]
    const float* scales;          // [blocks][groups][16]
    std::size_t blocks, groups;
};

// A batch of vectors in int8: x = byte * scale.
struct ByteVectors {
    const std::int8_t* bytes;  // [batch][groups][32]
    const float* scales;       // [batch][groups]
    const std::int32_t* sums;  // [batch][groups], of the bytes
    std::size_t batch;
};

// What the query heads of one KV head look at. Keys and values are float, or bfloat16 where `half`.
struct Attention {
    const void* keys;    // [capacity/16][head_dim][16]
    const void* values;  // [capacity][head_dim]
    bool half;
    std::size_t head_dim, capacity;  // multiples of 16
    std::size_t first, count;        // the oldest slot, and how many from there on, round the ring
    std::size_t heads;
    const float* queries;  // [heads][head_dim], scaled
    float* by_slot;        // [heads][capacity], to work in
    float* by_age;         // the same
    float* out;            // [heads][head_dim]
};

// Nothing here allocates, locks or throws.
struct Kernels {
    const char* name;
    // y[b][row] = the sum over columns of weight * x[b][column]; strides in floats.
    void (*multiply)(const FloatMatrix&, const float* x, std::size_t x_stride, std::size_t batch, float* y,
                     std::size_t y_stride);
    void (*multiply_bytes)(const ByteMatrix&, const ByteVectors&, float* y, std::size_t y_stride);
    void (*quantise)(const float* x, std::size_t groups, std::int8_t* bytes, float* scales,
                     std::int32_t* sums);
    void (*attend)(const Attention&);
    // out = silu(gate) * up; `n` a multiple of 16.
    void (*swiglu)(const float* gate, const float* up, float* out, std::size_t n);
};

extern const Kernels plain_kernels;
#ifdef SIDEMAN_X86_KERNELS
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
#endif
#ifdef SIDEMAN_NEON_KERNELS
extern const Kernels neon_kernels;
#endif

// The kernels that this processor can run, the best first, up to a null.
inline const Kernels* const* runnable_kernels() {
    static const Kernels* found[4] = {};
    static const bool filled = [] {
        std::size_t n = 0;
#ifdef SIDEMAN_X86_KERNELS
        __builtin_cpu_init();
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni"))
            found[n++] = &avx512_kernels;
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found[n++] = &avx2_kernels;
#endif
#ifdef SIDEMAN_NEON_KERNELS
        found[n++] = &neon_kernels;
#endif
        found[n] = &plain_kernels;
        return true;
    }();
    static_cast<void>(filled);
    return found;
}

}  // namespace sideman
