// Logarithms and powers of many probabilities at once, by additions and multiplications only.
//
// The same on every platform, and plain enough for a compiler to do several at a time. Nothing allocates.
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

// e to the x for x in [-87, 87] (clamped to it); relative error about 1e-7.
inline float quick_exp(float x) {
    x = std::min(std::max(x, -87.0F), 87.0F);
    const float scaled = x * 1.44269504F;
    const auto k = static_cast<std::int32_t>(scaled + (scaled < 0.0F ? -0.5F : 0.5F));
    const float r = (x - static_cast<float>(k) * 0.693359375F) + static_cast<float>(k) * 2.12194440e-4F;
    float sum = 1.9875691500e-4F;
    sum = sum * r + 1.3981999507e-3F;
    sum = sum * r + 8.3334519073e-3F;
    sum = sum * r + 4.1665795894e-2F;
    sum = sum * r + 1.6666665459e-1F;
    sum = sum * r + 5.0000001201e-1F;
    sum = sum * r * r + r + 1.0F;
    return sum * std::bit_cast<float>(static_cast<std::uint32_t>(k + 127) << 23U);
}

}  // namespace sideman
