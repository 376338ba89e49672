// Several distributions over one set of values made into one: a product whose exponents are learned.
//
//     p(v) = 1/Z * product of p_i(v)^w_i,    w_i = w + one of i's own for how sure of itself i may be
//
// After each event every weight moves along the gradient of log p of what came, so that a part counts as much
// as it has been right lately. Source: the generalised product of experts (Hinton 2002), weighed per context
// as in context mixing (Mahoney, "Adaptive weighing of context models", TR CS-2005-16).
// Nothing allocates once the scratch has grown; all arithmetic is our own, so that it is alike everywhere.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "logs.hpp"

namespace sideman {

struct MixerScratch {
    std::vector<std::vector<float>> logs;  // [parts][values]
    std::vector<int> confidence;           // [parts]
    std::vector<float> weights;            // [parts]
    std::vector<float> sums;               // [values]
    std::vector<double> p;                 // [values], sums to 1

    void size(std::size_t parts, std::size_t values) {
        if (logs.size() < parts) logs.resize(parts);
        for (std::size_t i = 0; i < parts; ++i) logs[i].resize(values);
        confidence.resize(parts);
        weights.resize(parts);
        sums.resize(values);
        p.resize(values);
    }
};

class Mixer {
  public:
    static constexpr float first_rate = 0.01F;
    static constexpr float last_rate = 0.001F;
    static constexpr float half_after = 20000.0F;  // updates
    static constexpr float steepest = 4.0F;

    Mixer(std::size_t parts, std::size_t confidences)
        : parts_(parts), confidences_(confidences), weights_(parts * (confidences + 1), 0.0F) {
        for (std::size_t i = 0; i < parts; ++i)
            weights_[i * (confidences + 1)] = 1.2F / static_cast<float>(parts);
    }

    std::size_t parts() const { return parts_; }
    // A part's weight apart from how sure it is.
    float weight(std::size_t part) const { return weights_[part * (confidences_ + 1)]; }
    std::span<float> weights() { return weights_; }
    std::span<const float> weights() const { return weights_; }
    float updates() const { return updates_; }
    void set_updates(float updates) { updates_ = updates; }

    // From `logs` and `confidence` to `p`.
    void mix(MixerScratch& s) const {
        std::fill(s.sums.begin(), s.sums.end(), 0.0F);
        for (std::size_t i = 0; i < parts_; ++i) {
            const std::size_t own = i * (confidences_ + 1);
            s.weights[i] = weights_[own] + weights_[own + 1 + static_cast<std::size_t>(s.confidence[i])];
            const float w = s.weights[i];
            const float* log = s.logs[i].data();
            for (std::size_t v = 0; v < s.sums.size(); ++v) s.sums[v] += w * log[v];
        }
        const float most = *std::max_element(s.sums.begin(), s.sums.end());
        for (std::size_t v = 0; v < s.sums.size(); ++v) s.sums[v] = quick_exp(s.sums[v] - most);
        double total = 0.0;
        for (const float value : s.sums) total += static_cast<double>(value);
        for (std::size_t v = 0; v < s.sums.size(); ++v) s.p[v] = static_cast<double>(s.sums[v]) / total;
    }

    // Learn that value `came` came, after `mix`.
    void learn(const MixerScratch& s, std::size_t came) {
        updates_ += 1.0F;
        const float rate = std::max(last_rate, first_rate / (1.0F + updates_ / half_after));
        for (std::size_t i = 0; i < parts_; ++i) {
            double expected = 0.0;
            for (std::size_t v = 0; v < s.p.size(); ++v)
                expected += s.p[v] * static_cast<double>(s.logs[i][v]);
            const float slope = s.logs[i][came] - static_cast<float>(expected);
            const float step = rate * std::clamp(slope, -steepest, steepest);
            const std::size_t own = i * (confidences_ + 1);
            weights_[own] += step;
            weights_[own + 1 + static_cast<std::size_t>(s.confidence[i])] += step;
        }
    }

  private:
    std::size_t parts_;
    std::size_t confidences_;
    std::vector<float> weights_;  // of each part: its own, then one for each confidence
    float updates_ = 0.0F;
};

}  // namespace sideman
