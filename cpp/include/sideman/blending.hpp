// How the distributions of several models become one: as a mixture or as a product, each with its weight.
//
//     mixture  p(v) = sum of w_i p_i(v) / sum of w_i       product  p(v) = product of p_i(v)^w_i / Z
//
// The weights are fixed, or by entropy (a part counts the more the surer it is: relative entropy to the power
// -bias, Pearce 2005), or by recent success, a component each. Success in a mixture is a part's likelihood of
// what came, older events forgotten by and by (Herbster & Warmuth 1998); in a product the exponents follow
// the gradient (mixer.hpp). In a mixture the components chosen already count as evidence too, so the chain
// of components is the mixture of the parts' chains.
// It knows distributions only, no models. Allocates while its scratch grows; nothing locks or throws.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "mixer.hpp"
#include "model.hpp"
#include "sampler.hpp"

namespace sideman {

enum class How : std::uint8_t { mixture, product };
enum class Weights : std::uint8_t { fixed, entropy, success };

struct BlendSettings {
    How how = How::product;
    Weights weights = Weights::success;
    std::vector<double> shares;  // one a part, above 0: where the weights begin, or stay
};

struct BlendScratch {
    std::vector<std::vector<double>> p;  // [parts][values], over the union of the parts' values
    std::vector<double> weights;         // [parts], as they were used
    MixerScratch mixing;
    Distribution next;
};

class Blending {
  public:
    static constexpr double bias = 1.0;
    static constexpr double kept = 0.97;  // of a part's score from one event to the next
    static constexpr std::size_t confidences = 8;
    static constexpr float rate = 0.1F;  // of the exponents: a player has hundreds of events, not a corpus
    // What exponents depend on: nothing; how sure a part is.
    static constexpr std::array<std::size_t, 2> contexts{1, confidences};
    static constexpr double least = 1e-9;  // below which no probability counts as evidence

    Blending(std::size_t components, BlendSettings settings) : settings_(std::move(settings)) {
        double sum = 0.0;
        for (const double share : settings_.shares) sum += share;
        for (double& share : settings_.shares) share /= sum;
        const std::size_t parts = settings_.shares.size();
        for (std::size_t c = 0; c < components; ++c) {
            scores_.emplace_back(parts, 0.0);
            mixers_.emplace_back(parts, contexts, rate);
            for (std::size_t i = 0; i < parts; ++i) {
                const double more = settings_.shares[i] * static_cast<double>(parts) - 1.0;
                mixers_[c].state()[1 + i * (contexts[0] + contexts[1])] +=
                    mixers_[c].weight(i) * static_cast<float>(more);
            }
        }
    }

    std::size_t components() const { return scores_.size(); }
    std::size_t parts() const { return settings_.shares.size(); }
    const BlendSettings& settings() const { return settings_; }
    // Whether it is the better for having seen what came.
    bool learns() const { return settings_.weights == Weights::success; }
    // Whether the components chosen before count as evidence.
    bool weighs_prefixes() const { return settings_.how == How::mixture; }
    // Exponents and scores of every component, to keep and to set again.
    void tell_weights(std::vector<double>& all) const {
        for (std::size_t c = 0; c < components(); ++c) {
            for (const float weight : mixers_[c].state()) all.push_back(static_cast<double>(weight));
            all.insert(all.end(), scores_[c].begin(), scores_[c].end());
        }
    }
    const double* set_weights(const double* from) {
        for (std::size_t c = 0; c < components(); ++c) {
            for (float& weight : mixers_[c].state()) weight = static_cast<float>(*from++);
            for (double& score : scores_[c]) score = *from++;
        }
        return from;
    }

    // One component of all parts made into one, in `s.next`. `evidence`: each part's likelihood of the
    // components before it, or nothing.
    void mix(std::size_t component, std::span<const Distribution* const> said,
             std::span<const double> evidence, BlendScratch& s) const {
        unite(said, s);
        s.weights.resize(parts());
        if (settings_.how == How::mixture) {
            mixture(component, evidence, s);
        } else {
            product(component, s);
        }
    }

    // A value came, after `mix`.
    void learn(std::size_t component, Value came, BlendScratch& s) {
        if (!learns()) return;
        const std::size_t at = place(s, came);
        if (settings_.how == How::product) {
            mixers_[component].learn(s.mixing, at);
            return;
        }
        for (std::size_t i = 0; i < parts(); ++i) {
            double& score = scores_[component][i];
            score = kept * score + portable_log(std::max(s.p[i][at], least));
        }
    }

    // A part's probability of a value, after `mix`.
    static double said(const BlendScratch& s, std::size_t part, Value value) {
        return s.p[part][place(s, value)];
    }

  private:
    static std::size_t place(const BlendScratch& s, Value value) {
        const auto at = std::lower_bound(s.next.values.begin(), s.next.values.end(), value);
        return at != s.next.values.end() && *at == value
                   ? static_cast<std::size_t>(at - s.next.values.begin())
                   : 0;
    }

    // The parts' distributions over the union of their values: a part shares what it keeps for the unseen
    // among the values that only others know and the unseen one.
    static void unite(std::span<const Distribution* const> said, BlendScratch& s) {
        auto& all = s.next.values;
        all = said[0]->values;
        bool alike = true;
        for (const Distribution* one : said.subspan(1)) alike = alike && one->values == all;
        if (!alike) {
            for (const Distribution* one : said.subspan(1))
                all.insert(all.end(), one->values.begin(), one->values.end());
            std::sort(all.begin(), all.end());
            all.erase(std::unique(all.begin(), all.end()), all.end());
        }
        s.p.resize(said.size());
        for (std::size_t i = 0; i < said.size(); ++i) {
            const Distribution& one = *said[i];
            if (alike) {
                s.p[i] = one.p;
                continue;
            }
            const double share = one.p[0] / static_cast<double>(all.size() - one.values.size() + 1);
            s.p[i].resize(all.size());
            std::size_t at = 0;
            for (std::size_t v = 0; v < all.size(); ++v) {
                const bool known = at < one.values.size() && one.values[at] == all[v];
                s.p[i][v] = known && v > 0 ? one.p[at] : share;
                if (known) ++at;
            }
        }
    }

    void mixture(std::size_t component, std::span<const double> evidence, BlendScratch& s) const {
        double most = 0.0;
        const auto& scores = scores_[component];
        const double best = *std::max_element(scores.begin(), scores.end());
        for (std::size_t i = 0; i < parts(); ++i) {
            double& weight = s.weights[i];
            weight = settings_.shares[i];
            if (settings_.weights == Weights::success) weight *= portable_exp(scores[i] - best);
            if (settings_.weights == Weights::entropy) weight *= sureness(s.p[i]);
            if (!evidence.empty()) weight *= std::max(evidence[i], 1e-280);
            most = std::max(most, weight);
        }
        double sum = 0.0;
        for (double& weight : s.weights) sum += weight /= most;
        for (double& weight : s.weights) weight /= sum;
        s.next.p.assign(s.next.values.size(), 0.0);
        for (std::size_t i = 0; i < parts(); ++i) {
            for (std::size_t v = 0; v < s.next.p.size(); ++v) s.next.p[v] += s.weights[i] * s.p[i][v];
        }
        normalise(s.next.p);
    }

    void product(std::size_t component, BlendScratch& s) const {
        const std::size_t n = s.next.values.size();
        s.mixing.size(parts(), contexts.size(), n);
        for (std::size_t i = 0; i < parts(); ++i) {
            const auto logs = s.mixing.row(i);
            std::fill(logs.begin(), logs.end(), 0.0F);
            for (std::size_t v = 0; v < n; ++v) logs[v] = static_cast<float>(s.p[i][v]);
            float entropy = 0.0F;
            for (std::size_t v = 0; v < n; ++v) {
                logs[v] = quick_log(std::max(logs[v], static_cast<float>(least)));
                entropy -= static_cast<float>(s.p[i][v]) * logs[v];
            }
            const float most = quick_log(static_cast<float>(std::max<std::size_t>(n, 2)));
            const float degree = static_cast<float>(confidences) * std::max(entropy, 0.0F) / most;
            s.mixing.contexts[i * contexts.size()] = 0;
            s.mixing.contexts[i * contexts.size() + 1] =
                std::min(static_cast<std::uint32_t>(degree), static_cast<std::uint32_t>(confidences) - 1);
        }
        if (settings_.weights == Weights::success) {
            mixers_[component].mix(s.mixing);
            for (std::size_t i = 0; i < parts(); ++i) s.weights[i] = static_cast<double>(s.mixing.weights[i]);
        } else {
            geometric(s);
        }
        s.next.p = s.mixing.p;
    }

    // The weighted geometric mean, exponents summing to one.
    void geometric(BlendScratch& s) const {
        double sum = 0.0;
        for (std::size_t i = 0; i < parts(); ++i) {
            s.weights[i] = settings_.shares[i];
            if (settings_.weights == Weights::entropy) s.weights[i] *= sureness(s.p[i]);
            sum += s.weights[i];
        }
        const std::span<float> sums(s.mixing.sums.data(), s.mixing.p.size());
        std::fill(sums.begin(), sums.end(), 0.0F);
        for (std::size_t i = 0; i < parts(); ++i) {
            s.weights[i] /= sum;
            const auto w = static_cast<float>(s.weights[i]);
            for (std::size_t v = 0; v < sums.size(); ++v) sums[v] += w * s.mixing.row(i)[v];
        }
        const float most = *std::max_element(sums.begin(), sums.end());
        for (std::size_t v = 0; v < sums.size(); ++v)
            s.mixing.p[v] = static_cast<double>(quick_exp(sums[v] - most));
        normalise(s.mixing.p);
    }

    // Relative entropy to the power of minus the bias: the surer, the more.
    static double sureness(const std::vector<double>& p) {
        double entropy = 0.0;
        for (const double q : p) {
            if (q > 0.0) entropy -= q * portable_log(q);
        }
        const double most = portable_log(static_cast<double>(std::max<std::size_t>(p.size(), 2)));
        return portable_exp(-bias * portable_log(std::max(entropy / most, 1e-3)));
    }

    static void normalise(std::vector<double>& p) {
        double sum = 0.0;
        for (const double q : p) sum += q;
        for (double& q : p) q /= sum;
    }

    BlendSettings settings_;
    std::vector<std::vector<double>> scores_;  // [components][parts]: log likelihood of late
    std::vector<Mixer> mixers_;
};

}  // namespace sideman
