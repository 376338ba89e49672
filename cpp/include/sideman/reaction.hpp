// How a player that follows reacts: one of the places that are lit, under its wishes and constraints, by a
// draw.
//
// What is lit is `reach.hpp`'s; the same is done slowly in `tests/server/naive_reaction.py`. No call does
// more than a bounded number of steps; nothing locks, and nothing allocates once the lists have grown.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "activation.hpp"
#include "manner.hpp"
#include "reach.hpp"
#include "sampler.hpp"

namespace sideman {

// What bounds a reaction beside its manner. `weights` are those of the pitches, 128 for each constraint, the
// last given up first, but never the first `kept`.
struct Bounds {
    std::span<const double> weights;
    std::size_t kept = 0;
    std::span<const Interval> lost;
    Sampler sampler;
    std::uint64_t draw = 0;
};

// What was picked, and why. Of `bound` and `given_up` bit i is constraint i; after these come continuity and
// taboo.
struct Picked {
    std::int32_t place = Traces::none;
    int shift = 0;
    int value = 0;
    std::array<double, Peaks::kinds> heights{};
    double bpm = 0.0;
    double probability = 0.0;  // that it was drawn with
    double share = 0.0;        // of all that is lit, before the sampler
    double entropy_bits = 0.0;
    int rank = 0;
    int context = 0;  // how many of the last events heard agree with what led there
    std::uint64_t bound = 0;
    std::uint64_t given_up = 0;
    bool copy = false;  // something was passed over that would have been too long a copy
};

class Reaction {
  public:
    static constexpr std::size_t most_constraints = 32;
    static constexpr int tries = 16;          // so often it picks where it would copy too long, then nothing
    static constexpr double tempo_bpm = 5.0;  // a tempo this far off halves what consistency lets stand

    // What is to be played at the beat up to which the peaks have moved; false: nothing that may be is lit.
    bool choose(const Reach& reach, const Traces& traces, const Manner& manner, std::span<const int> heard,
                const Bounds& bounds, Picked& picked) {
        reach.peaks.candidates(traces, manner.lead, bounds.lost, found_, order_);
        picked = {};
        if (!light(reach, traces, manner)) return false;
        if (!allow(reach, traces, manner, bounds, picked)) return false;
        std::size_t at = 0;
        for (int tried = 0;; ++tried) {
            if (tried == tries) return false;
            weighed_ = scores_;
            bounds.sampler.weigh(weighed_, places_);
            at = pick(bounds.draw);
            if (!copies(reach, traces, manner, bounds.lost, at)) break;
            picked.copy = true;
            const int sounding = pitch(traces, found_[at]);
            for (std::size_t i = 0; i < found_.size(); ++i)
                if (pitch(traces, found_[i]) == sounding) scores_[i] = 0.0;
            if (!any(scores_)) return false;
        }
        const Candidate& one = found_[at];
        picked.place = one.place;
        picked.shift = one.shift;
        picked.value = traces.value(one.place);
        picked.heights = one.heights;
        picked.bpm = traces.bpm(one.place);
        picked.probability = weighed_[at];
        share(at, picked);
        std::int32_t led = one.place;
        for (int i = 0; i < manner.lead && led != Traces::none; ++i) led = traces.previous(led);
        picked.context = led == Traces::none ? 0 : traces.agreement(heard, led, one.shift);
        return true;
    }

  private:
    static bool any(std::span<const double> scores) {
        return std::any_of(scores.begin(), scores.end(), [](double score) { return score > 0.0; });
    }

    static int pitch(const Traces& traces, const Candidate& one) {
        return traces.value(one.place) + one.shift;
    }

    // How high each candidate is lit, weighed by the manner, where it may be moved so; false: none is.
    bool light(const Reach& reach, const Traces& traces, const Manner& manner) {
        const Footing& standing = reach.standing;
        const std::int32_t following = reach.following(traces);
        lit_.resize(found_.size());
        for (std::size_t i = 0; i < found_.size(); ++i) {
            const Candidate& one = found_[i];
            double score = 0.0;
            for (std::size_t kind = 0; kind < one.heights.size(); ++kind)
                score += one.heights[kind] * manner.weights[kind];
            double within = std::fmod(traces.onset(one.place) - reach.beat + 0.5, 1.0);
            if (within < 0.0) within += 1.0;
            score *= 1.0 - manner.phase * (std::abs(within - 0.5) * 2.0);
            if (standing.place != Traces::none) {
                if (one.shift != standing.shift) {
                    score *= 1.0 - manner.transposition;
                } else if (one.place == following) {
                    score *= manner.bonus;
                }
            }
            const double bpm = traces.bpm(one.place);
            if (manner.tempo != 0.0 && standing.bpm != 0.0 && bpm > 0.0) {
                const double off = (bpm - standing.bpm) / tempo_bpm;
                score *= 1.0 - manner.tempo * (1.0 - 1.0 / (1.0 + off * off));
            }
            const bool is_pitch = traces.value(one.place) < Traces::pitches;
            const int sounding = pitch(traces, one);
            const bool sounds =
                !is_pitch || (sounding >= 0 && sounding < Traces::pitches && manner.may_move(one.shift));
            lit_[i] = sounds && score > 0.0 ? score : 0.0;
        }
        return any(lit_);
    }

    // The same under constraints, continuity and taboo, as many as leave anything.
    bool allow(const Reach& reach, const Traces& traces, const Manner& manner, const Bounds& bounds,
               Picked& picked) {
        const std::size_t constraints = bounds.weights.size() / Traces::pitches;
        const std::int32_t following = reach.following(traces);
        const bool elsewhere = manner.continuity > 0 && reach.run >= manner.continuity;
        const auto taboo = std::min(static_cast<std::size_t>(std::max(0, manner.taboo)), reach.recent.size());
        const std::span left_out = std::span(reach.recent).last(taboo);
        std::array<std::size_t, most_constraints + 2> wishes{};
        std::size_t wished = constraints;
        std::iota(wishes.begin(), wishes.begin() + static_cast<std::ptrdiff_t>(constraints), std::size_t{0});
        if (elsewhere) wishes[wished++] = constraints;
        if (taboo > 0) wishes[wished++] = constraints + 1;
        const auto weight = [&](std::size_t wish, const Candidate& one) {
            if (wish == constraints) {
                const bool own = one.place == following && one.heights[Reach::melodic] == 0.0;
                return own ? 0.0 : 1.0;
            }
            if (wish > constraints)
                return std::find(left_out.begin(), left_out.end(), one.place) != left_out.end() ? 0.0 : 1.0;
            if (traces.value(one.place) >= Traces::pitches) return 1.0;
            const int inside = std::clamp(pitch(traces, one), 0, Traces::pitches - 1);
            return bounds.weights[wish * Traces::pitches + static_cast<std::size_t>(inside)];
        };
        while (true) {
            scores_ = lit_;
            picked.bound = 0;
            for (std::size_t w = 0; w < wished; ++w) {
                for (std::size_t i = 0; i < found_.size(); ++i) {
                    if (!(lit_[i] > 0.0)) continue;
                    const double free = weight(wishes[w], found_[i]);
                    if (free < 1.0) picked.bound |= std::uint64_t{1} << wishes[w];
                    scores_[i] *= free;
                }
            }
            if (any(scores_)) return true;
            if (wished <= bounds.kept) return false;
            --wished;
            picked.given_up |= std::uint64_t{1} << wishes[wished];
        }
    }

    // The candidate that a draw falls on in what the sampler has weighed.
    std::size_t pick(std::uint64_t draw) {
        drawn_ = weighed_;
        Sampler{}.weigh(drawn_, places_);
        return Sampler::pick(drawn_, draw);
    }

    // Whether a candidate would make a longer copy of memory than may be.
    bool copies(const Reach& reach, const Traces& traces, const Manner& manner,
                std::span<const Interval> lost, std::size_t at) {
        const int most = manner.longest_copy;
        if (most <= 0) return false;
        if (most >= Traces::longest)  // agreement is not counted so far
            return found_[at].place == reach.following(traces) && reach.copied >= most;
        played_ = reach.played;
        played_.push_back(pitch(traces, found_[at]));
        traces.melodies(played_, false, most + 1, 1, lost, alike_);
        return !alike_.empty();
    }

    // What it was among all that it might have been.
    void share(std::size_t at, Picked& picked) {
        const double sum = std::accumulate(scores_.begin(), scores_.end(), 0.0);
        const double own = scores_[at] / sum;
        double entropy = 0.0;
        for (const double score : scores_) {
            const double share = score / sum;
            if (share > 0.0) entropy += share * (portable_log(share) * 1.4426950408889634);
            if (share > own) ++picked.rank;
        }
        picked.share = own;
        picked.entropy_bits = -entropy;
    }

    std::vector<Candidate> found_;
    std::vector<Peaks::Order> order_;
    std::vector<double> lit_;
    std::vector<double> scores_;
    std::vector<double> weighed_;
    std::vector<double> drawn_;
    std::vector<std::size_t> places_;
    std::vector<int> played_;
    std::vector<Lit> alike_;
};

}  // namespace sideman
