// Rotary positions: pairs of numbers of a head turned by angles that grow with the position.
//
// Sines are our own, so that every platform turns alike, and are taken in double, so that a player may go on
// for days. Source: Su et al., "RoFormer: Enhanced transformer with rotary position embedding", 2021; pairs
// as in Llama's Hugging Face form: i with i + head_dim / 2.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <sideman/sampler.hpp>
#include <utility>
#include <vector>

namespace sideman {

// (cosine, sine) of an angle from 0 to about 1e9, by additions and multiplications only.
inline std::pair<double, double> portable_turn(double angle) {
    const double quarters = std::floor(angle * 0.63661977236758134 + 0.5);
    double r = angle - quarters * 1.5707963109016418;  // pi/2 in two parts, the first of 26 bits
    r -= quarters * 1.5893254773528196e-8;
    const double square = r * r;
    double sine = 1.0;
    double cosine = 1.0;
    for (int k = 9; k >= 1; --k) {
        sine = 1.0 - sine * square / ((2 * k) * (2 * k + 1));
        cosine = 1.0 - cosine * square / ((2 * k - 1) * (2 * k));
    }
    sine *= r;
    switch (static_cast<std::int64_t>(quarters) & 3) {
        case 0:
            return {cosine, sine};
        case 1:
            return {-sine, cosine};
        case 2:
            return {-cosine, -sine};
        default:
            return {sine, -cosine};
    }
}

// Turns the heads of one token; `at` sets where it stands. Nothing allocates after the start.
class Rotation {
  public:
    Rotation() = default;
    Rotation(std::size_t head_dim, double theta) : frequencies_(head_dim / 2), turns_(head_dim / 2) {
        for (std::size_t i = 0; i < frequencies_.size(); ++i) {
            const double share = 2.0 * static_cast<double>(i) / static_cast<double>(head_dim);
            frequencies_[i] = portable_exp(-share * portable_log(theta));
        }
    }
    void at(std::int64_t position) {
        if (position == position_) return;  // as in the layer before
        position_ = position;
        for (std::size_t i = 0; i < turns_.size(); ++i) {
            const auto [cosine, sine] = portable_turn(static_cast<double>(position) * frequencies_[i]);
            turns_[i] = {static_cast<float>(cosine), static_cast<float>(sine)};
        }
    }
    void turn(float* head) const {
        const std::size_t half = turns_.size();
        for (std::size_t i = 0; i < half; ++i) {
            const auto [cosine, sine] = turns_[i];
            const float a = head[i];
            const float b = head[i + half];
            head[i] = a * cosine - b * sine;
            head[i + half] = b * cosine + a * sine;
        }
    }

  private:
    std::int64_t position_ = -1;
    std::vector<double> frequencies_;
    std::vector<std::pair<float, float>> turns_;
};

}  // namespace sideman
