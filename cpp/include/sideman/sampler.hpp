// The one sampler: temperature, top-k, top-p and min-p over a distribution, and the same pick on every
// platform.
//
// Weights become integers before anything is drawn, and exp and log are our own, so no library's last digit
// can turn a draw. Nothing allocates once the caller's buffers have grown; nothing locks or throws. Sources:
// Holtzman et al., "The curious case of neural text degeneration", ICLR 2020 (top-p); Nguyen et al., "Min-p
// sampling", ICLR 2025.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace sideman {

// Natural logarithm of a positive, normal number, by additions and multiplications only; error below 1e-15.
inline double portable_log(double x) {
    auto bits = std::bit_cast<std::uint64_t>(x);
    auto exponent = static_cast<int>(bits >> 52U) - 1022;
    bits = (bits & 0x000FFFFFFFFFFFFFULL) | 0x3FE0000000000000ULL;
    auto m = std::bit_cast<double>(bits);  // in [1/2, 1)
    if (m < 0.70710678118654752) {
        m *= 2.0;
        --exponent;
    }
    const double s = (m - 1.0) / (m + 1.0);
    const double s2 = s * s;
    double sum = 0.0;
    for (int k = 23; k >= 1; k -= 2) sum = sum * s2 + 1.0 / k;
    return 2.0 * s * sum + exponent * 0.69314718055994531;
}

// e to the x for x in [-700, 700] (clamped to it), by additions and multiplications only.
inline double portable_exp(double x) {
    x = std::clamp(x, -700.0, 700.0);
    const double k = std::floor(x / 0.69314718055994531 + 0.5);
    const double r = x - k * 0.69314718055994531;
    double sum = 1.0;
    for (int i = 16; i >= 1; --i) sum = 1.0 + sum * r / i;
    return sum * std::bit_cast<double>(static_cast<std::uint64_t>(static_cast<int>(k) + 1023) << 52U);
}

// The high 64 bits of a product.
constexpr std::uint64_t high_product(std::uint64_t a, std::uint64_t b) {
    const std::uint64_t low_a = a & 0xFFFFFFFFU;
    const std::uint64_t high_a = a >> 32U;
    const std::uint64_t low_b = b & 0xFFFFFFFFU;
    const std::uint64_t high_b = b >> 32U;
    const std::uint64_t middle = high_a * low_b + ((low_a * low_b) >> 32U);
    const std::uint64_t other = low_a * high_b + (middle & 0xFFFFFFFFU);
    return high_a * high_b + (middle >> 32U) + (other >> 32U);
}

struct Sampler {
    double temperature = 1.0;  // 0: always the most probable
    int top_k = 0;             // 0: all
    double top_p = 1.0;
    double min_p = 0.0;  // relative to the most probable

    // The distribution that is drawn from, in place: masked already, shaped, cut and normalised. False:
    // nothing is left to draw, and `p` is all zeros.
    bool weigh(std::span<double> p, std::vector<std::size_t>& order) const {
        const double most = p.empty() ? 0.0 : *std::max_element(p.begin(), p.end());
        if (!(most > 0.0)) return false;
        if (temperature <= 0.0) {
            const auto best = static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
            std::fill(p.begin(), p.end(), 0.0);
            p[best] = 1.0;
            return true;
        }
        for (double& value : p) {
            value /= most;
            if (!(value > 1e-300)) {
                value = 0.0;
            } else if (temperature != 1.0) {
                value = portable_exp(portable_log(value) / temperature);
            }
            if (value < min_p) value = 0.0;
        }
        if ((top_k > 0 && static_cast<std::size_t>(top_k) < p.size()) || top_p < 1.0) cut(p, order);
        normalise(p);
        return true;
    }

    // The place that a draw of 64 uniform bits falls on; zero weights are never picked. `p` has a positive
    // member.
    static std::size_t pick(std::span<const double> p, std::uint64_t draw) {
        std::uint64_t total = 0;
        for (const double value : p) total += weight(value);
        std::uint64_t left = high_product(draw, total);
        for (std::size_t i = 0; i < p.size(); ++i) {
            const std::uint64_t here = weight(p[i]);
            if (left < here) return i;
            left -= here;
        }
        return p.size() - 1;
    }

  private:
    static std::uint64_t weight(double p) {
        if (!(p > 0.0)) return 0;
        return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(p * 4294967296.0));
    }

    static void normalise(std::span<double> p) {
        double sum = 0.0;
        for (const double value : p) sum += value;
        for (double& value : p) value /= sum;
    }

    // Keep the most probable: at most `top_k`, and no more than reach `top_p` of the mass; the first among
    // equals.
    void cut(std::span<double> p, std::vector<std::size_t>& order) const {
        order.resize(p.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(),
                  [p](std::size_t a, std::size_t b) { return p[a] != p[b] ? p[a] > p[b] : a < b; });
        const double sum = std::accumulate(p.begin(), p.end(), 0.0);
        const std::size_t most = top_k > 0 ? static_cast<std::size_t>(top_k) : p.size();
        double reached = 0.0;
        for (std::size_t i = 0; i < order.size(); ++i) {
            if (i >= most || (i > 0 && reached >= top_p * sum)) {
                p[order[i]] = 0.0;
            } else {
                reached += p[order[i]];
            }
        }
    }
};

}  // namespace sideman
