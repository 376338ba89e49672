// Several distributions over one set of values made into one: a product whose exponents are learned.
//
//     log p(v) = sum of a_i log p_i(v) + b_i log r_i(v), less the logarithm of what makes p sum to 1
//
// r_i(v) is what the deepest context of part i makes of v beyond the shallower ones: p_i(v) over what it
// would be without that context's own counts; 1 for whatever did not follow that context. Each exponent is a
// sum of one weight for each context that the part is in. After each event every weight moves along the
// gradient of log p of what came, the slower the more it has moved already, so that a part counts as much as
// it has been right in such contexts; in the weights log p is concave. Sources: the generalised product of
// experts (Hinton 2002), weighed per context as in context mixing (Mahoney, "Adaptive weighing of context
// models", TR CS-2005-16), with the steps of AdaGrad (Duchi, Hazan & Singer, JMLR 12, 2011).
// Nothing allocates once the scratch has grown; all arithmetic is our own, so that it is alike everywhere.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "logs.hpp"

namespace sideman {

struct MixerScratch {
    struct Rise {
        std::uint32_t value;
        float log;  // of r
    };
    static constexpr std::size_t lanes = 8;  // sums are made in so many strands, whatever the machine has

    std::vector<float> logs;               // [parts][stride] of the parts' probabilities
    std::vector<std::vector<Rise>> rises;  // [parts], values at most once
    std::vector<std::uint32_t> contexts;   // [parts][kinds of contexts]
    std::vector<float> weights;            // [parts], a as they were used
    std::vector<float> sums;               // [stride]; p after mixing, 0 behind the values
    std::vector<double> p;                 // [values], sums to 1
    std::size_t stride = 0;

    void size(std::size_t parts, std::size_t kinds, std::size_t values) {
        stride = (values + lanes - 1) / lanes * lanes;
        logs.resize(parts * stride);
        if (rises.size() < parts) rises.resize(parts);
        for (auto& rise : rises) rise.clear();
        contexts.resize(parts * kinds);
        weights.resize(parts);
        sums.resize(stride);
        p.resize(values);
    }
    // A part's logarithms; what is behind the values is of no account, but must be a number.
    std::span<float> row(std::size_t part) { return {logs.data() + part * stride, stride}; }
    std::span<const float> row(std::size_t part) const { return {logs.data() + part * stride, stride}; }
};

class Mixer {
  public:
    static constexpr float slow = 0.02F;
    static constexpr float steepest = 16.0F;
    static constexpr float calm = 32.0F;  // of squared slopes, before the first

    // `sizes`: how many contexts there are of each kind; `rate`: how far a weight moves at first.
    Mixer(std::size_t parts, std::span<const std::size_t> sizes, float rate = slow)
        : parts_(parts), kinds_(sizes.size()), rate_(rate) {
        for (const std::size_t size : sizes) {
            first_.push_back(stride_);
            stride_ += size;
        }
        state_.assign(1 + 4 * parts * stride_, 0.0F);
        base_ = 1.2F / static_cast<float>(std::max<std::size_t>(parts, 1));
    }

    std::size_t parts() const { return parts_; }
    std::size_t kinds() const { return kinds_; }
    // All that it has learned, to keep and to set again.
    std::span<float> state() { return state_; }
    std::span<const float> state() const { return state_; }
    // A part's weight apart from most of the contexts: of the first of the first kind.
    float weight(std::size_t part) const { return base_ + state_[1 + part * stride_]; }
    float updates() const { return state_[0]; }

    // From `logs`, `rises` and `contexts` to `p`.
    void mix(MixerScratch& s) const {
        float* const sums = s.sums.data();
        std::fill(s.sums.begin(), s.sums.end(), 0.0F);
        for (std::size_t i = 0; i < parts_; ++i) {
            float own = base_;
            float more = 0.0F;
            for (std::size_t k = 0; k < kinds_; ++k) {
                const std::size_t at = place(s, i, k);
                own += state_[at];
                more += state_[at + parts_ * stride_];
            }
            s.weights[i] = own;
            const float* const logs = s.row(i).data();
            for (std::size_t v = 0; v < s.stride; ++v) sums[v] += own * logs[v];
            for (const auto& rise : s.rises[i]) sums[rise.value] += more * rise.log;
        }
        const std::size_t values = s.p.size();
        float most = sums[0];
        for (std::size_t v = 1; v < values; ++v) most = std::max(most, sums[v]);
        for (std::size_t v = 0; v < s.stride; ++v) sums[v] = quick_exp(sums[v] - most);
        for (std::size_t v = values; v < s.stride; ++v) sums[v] = 0.0F;
        double total = 0.0;
        for (std::size_t v = 0; v < values; ++v) total += static_cast<double>(sums[v]);
        const double scale = 1.0 / total;
        for (std::size_t v = 0; v < values; ++v) s.p[v] = static_cast<double>(sums[v]) * scale;
        const auto shrink = static_cast<float>(scale);
        for (std::size_t v = 0; v < s.stride; ++v) sums[v] *= shrink;
    }

    // Learn that value `came` came, after `mix`.
    void learn(const MixerScratch& s, std::size_t came) {
        state_[0] += 1.0F;
        for (std::size_t i = 0; i < parts_; ++i) {
            const auto logs = s.row(i);
            const float slope = logs[came] - expected(s.sums, logs);
            float more = 0.0F;
            for (const auto& rise : s.rises[i]) {
                more += ((rise.value == came ? 1.0F : 0.0F) - s.sums[rise.value]) * rise.log;
            }
            for (std::size_t k = 0; k < kinds_; ++k) {
                const std::size_t at = place(s, i, k);
                move(at, slope);
                move(at + parts_ * stride_, more);
            }
        }
    }

  private:
    std::size_t place(const MixerScratch& s, std::size_t part, std::size_t kind) const {
        return 1 + part * stride_ + first_[kind] + s.contexts[part * kinds_ + kind];
    }

    void move(std::size_t at, float slope) {
        slope = std::clamp(slope, -steepest, steepest);
        float& moved = state_[at + 2 * parts_ * stride_];
        moved += slope * slope;
        state_[at] += rate_ * slope / std::sqrt(calm + moved);
    }

    static float expected(std::span<const float> p, std::span<const float> logs) {
        std::array<float, MixerScratch::lanes> strands{};
        for (std::size_t v = 0; v < p.size(); v += strands.size()) {
            for (std::size_t l = 0; l < strands.size(); ++l) strands[l] += p[v + l] * logs[v + l];
        }
        float sum = 0.0F;
        for (const float strand : strands) sum += strand;
        return sum;
    }

    std::size_t parts_;
    std::size_t kinds_;
    std::size_t stride_ = 0;
    float base_ = 0.0F;
    float rate_;
    std::vector<std::size_t> first_;  // of each kind, among a part's
    // Updates; then for each part and context the weights a, the weights b, and the squared slopes of both.
    std::vector<float> state_;
};

}  // namespace sideman
