// Several distributions over one set of values made into one: a product whose exponents are learned.
//
//     p(v) = 1/Z * product of p_i(v)^w_i,    w_i = the sum of one weight for each context that i is in
//
// After each event every weight moves along the gradient of log p of what came, the slower the more it has
// moved already, so that a part counts as much as it has been right in such contexts. In the weights log p is
// concave. Sources: the generalised product of experts (Hinton 2002), weighed per context as in context
// mixing (Mahoney, "Adaptive weighing of context models", TR CS-2005-16), with the steps of AdaGrad (Duchi,
// Hazan & Singer, JMLR 12, 2011).
// Nothing allocates once the scratch has grown; all arithmetic is our own, so that it is alike everywhere.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "logs.hpp"

namespace sideman {

struct MixerScratch {
    std::vector<std::vector<float>> logs;  // [parts][values]
    std::vector<std::uint32_t> contexts;   // [parts][kinds of contexts]
    std::vector<float> weights;            // [parts]
    std::vector<float> sums;               // [values]
    std::vector<double> p;                 // [values], sums to 1

    void size(std::size_t parts, std::size_t kinds, std::size_t values) {
        if (logs.size() < parts) logs.resize(parts);
        for (std::size_t i = 0; i < parts; ++i) logs[i].resize(values);
        contexts.resize(parts * kinds);
        weights.resize(parts);
        sums.resize(values);
        p.resize(values);
    }
};

class Mixer {
  public:
    static constexpr float slow = 0.02F;
    static constexpr float steepest = 16.0F;
    static constexpr float calm = 4.0F;  // of squared slopes, before the first

    // `sizes`: how many contexts there are of each kind; `rate`: how far a weight moves at first.
    Mixer(std::size_t parts, std::span<const std::size_t> sizes, float rate = slow)
        : parts_(parts), kinds_(sizes.size()), rate_(rate) {
        for (const std::size_t size : sizes) {
            first_.push_back(stride_);
            stride_ += size;
        }
        state_.assign(1 + 2 * parts * stride_, 0.0F);
        base_ = 1.2F / static_cast<float>(std::max<std::size_t>(parts, 1));
    }

    std::size_t parts() const { return parts_; }
    std::size_t kinds() const { return kinds_; }
    // All that it has learned, to keep and to set again.
    std::span<float> state() { return state_; }
    std::span<const float> state() const { return state_; }
    // A part's weight apart from most of the contexts: of the first of the first kind.
    float weight(std::size_t part) const { return base_ + state_[1 + part * stride_]; }
    float updates() const { return state_.empty() ? 0.0F : state_[0]; }

    // From `logs` and `contexts` to `p`.
    void mix(MixerScratch& s) const {
        std::fill(s.sums.begin(), s.sums.end(), 0.0F);
        for (std::size_t i = 0; i < parts_; ++i) {
            float w = base_;
            for (std::size_t k = 0; k < kinds_; ++k) w += state_[place(s, i, k)];
            s.weights[i] = w;
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
        state_[0] += 1.0F;
        for (std::size_t i = 0; i < parts_; ++i) {
            double expected = 0.0;
            for (std::size_t v = 0; v < s.p.size(); ++v)
                expected += s.p[v] * static_cast<double>(s.logs[i][v]);
            const float slope =
                std::clamp(s.logs[i][came] - static_cast<float>(expected), -steepest, steepest);
            for (std::size_t k = 0; k < kinds_; ++k) {
                const std::size_t at = place(s, i, k);
                float& moved = state_[at + parts_ * stride_];
                moved += slope * slope;
                state_[at] += rate_ * slope / std::sqrt(calm + moved);
            }
        }
    }

  private:
    std::size_t place(const MixerScratch& s, std::size_t part, std::size_t kind) const {
        return 1 + part * stride_ + first_[kind] + s.contexts[part * kinds_ + kind];
    }

    std::size_t parts_;
    std::size_t kinds_;
    std::size_t stride_ = 0;
    float base_ = 0.0F;
    float rate_;
    std::vector<std::size_t> first_;  // of each kind, among a part's
    std::vector<float> state_;        // updates; weights of each part by context; squared slopes of the same
};

}  // namespace sideman
