// Logarithms and powers of many probabilities at once, by additions and multiplications only.
//
// The same on every platform. Limits are kept by comparing bits as whole numbers, and rounding is done by
// adding a number too large for fractions, since a compiler makes no vectors of loops that compare floats.
// Nothing allocates.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

namespace sideman {

// Natural logarithm of a normal positive number; relative error about 1e-7.
inline float quick_log(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const std::uint32_t moved = bits - 0x3F3504F3U;  // sqrt(1/2)
    const auto exponent = static_cast<float>(static_cast<std::int32_t>(moved) >> 23);
    const float m = std::bit_cast<float>((moved & 0x007FFFFFU) + 0x3F3504F3U) - 1.0F;
    float sum = 7.0376836292e-2F;
    sum = sum * m - 1.1514610310e-1F;
    sum = sum * m + 1.1676998740e-1F;
    sum = sum * m - 1.2420140846e-1F;
    sum = sum * m + 1.4249322787e-1F;
    sum = sum * m - 1.6668057665e-1F;
    sum = sum * m + 2.0000714765e-1F;
    sum = sum * m - 2.4999993993e-1F;
    sum = sum * m + 3.3333331174e-1F;
    const float square = m * m;
    return m + square * (sum * m - 0.5F) + exponent * 0.69314718F;
}

// e to the x for x at most 0; below -87 as at -87. Relative error about 1e-7.
inline float quick_exp(float x) {
    constexpr float lowest = -87.0F;
    constexpr float whole = 12582912.0F;  // 3 * 2^22: behind its point there is no room
    x = std::bit_cast<float>(std::min(std::bit_cast<std::uint32_t>(x), std::bit_cast<std::uint32_t>(lowest)));
    const float rounded = x * 1.44269504F + whole;
    const std::uint32_t k = std::bit_cast<std::uint32_t>(rounded) - std::bit_cast<std::uint32_t>(whole);
    const float n = rounded - whole;
    const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
    float sum = 1.9875691500e-4F;
    sum = sum * r + 1.3981999507e-3F;
    sum = sum * r + 8.3334519073e-3F;
    sum = sum * r + 4.1665795894e-2F;
    sum = sum * r + 1.6666665459e-1F;
    sum = sum * r + 5.0000001201e-1F;
    sum = sum * r * r + r + 1.0F;
    return sum * std::bit_cast<float>((k + 127U) << 23U);
}

// The logarithm of each number in its place; what is below `least` counts as that. None may be negative.
inline void quick_logs(std::span<float> numbers, float least) {
    const auto floor = std::bit_cast<std::int32_t>(least);
    float* const x = numbers.data();
    for (std::size_t i = 0; i < numbers.size(); ++i)
        x[i] = quick_log(std::bit_cast<float>(std::max(std::bit_cast<std::int32_t>(x[i]), floor)));
}

// The largest of numbers of which none is negative; 0 of none.
inline float largest(std::span<const float> numbers) {
    std::int32_t most = 0;
    for (const float x : numbers) most = std::max(most, std::bit_cast<std::int32_t>(x));
    return std::bit_cast<float>(most);
}

}  // namespace sideman
