// One view of one component with what it has counted: it learns, unlearns, and predicts by Kneser-Ney or PPM.
//
// Sources: Chen & Goodman, "An empirical study of smoothing techniques for language modeling", TR-10-98, 1998
// (modified Kneser-Ney, interpolated); Cleary & Witten 1984 and Moffat 1990 (PPM, escape C, exclusion). The
// counts of both are the same: a longer context that is not new does not count at the shorter one.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ages.hpp"
#include "contexts.hpp"
#include "logs.hpp"
#include "numbers.hpp"
#include "view.hpp"

namespace sideman {

enum class Smoothing : std::uint8_t { kneser_ney, ppm };

class Part {
  public:
    static constexpr int deepest = 24;

    // Where a view finds itself: the features it sees, the contexts of them that it has met.
    struct Glance {
        std::array<std::int32_t, deepest> features;
        std::array<std::int32_t, deepest + 1> nodes;
        int depth = 0;  // how deep a context may be learned here
        int known = 0;  // how deep one was met
        Value from = looking::nothing;
    };

    // `half_life`: in beats, after which what was learned counts half; 0: it never ages.
    Part(View view, Smoothing smoothing, double half_life = 0.0)
        : view_(std::move(view)), smoothing_(smoothing), half_life_(half_life) {
        clear();
    }

    const View& view() const { return view_; }
    bool relative() const { return view_.relative > 0; }
    const Contexts& contexts() const { return contexts_; }
    std::size_t bytes() const { return contexts_.bytes() + (ages_ ? ages_->bytes() : 0); }
    bool ages() const { return ages_.has_value(); }

    // `counted`: contexts are met only where something is counted.
    Glance look(const Sight& sight, bool counted = true) const {
        Glance g;
        begin(sight, g);
        while (deeper(sight, g, counted)) {
        }
        return g;
    }

    // The same step by step, for several parts side by side: what one waits for from memory the others need
    // not. Whether there is a further step.
    void begin(const Sight& sight, Glance& g) const {
        g.depth = 0;
        g.known = 0;
        g.nodes[0] = Contexts::root;
        g.from = view_.relative > 0 ? sight.value(view_.relative, view_.target) : looking::nothing;
    }
    bool deeper(const Sight& sight, Glance& g, bool counted = true) const {
        if (at(g.depth) == view_.features.size()) return false;
        // Behind the first event there is nothing to tell apart.
        if (g.depth > 0 && g.features[at(g.depth - 1)] == looking::nothing) return false;
        const std::int32_t seen = looking::see(view_.features[at(g.depth)], sight);
        const bool met = g.known == g.depth;
        g.features[at(g.depth++)] = seen;
        if (!met) return true;
        const std::int32_t node = contexts_.find(g.nodes[at(g.known)], seen);
        if (node != Contexts::none && (!counted || contexts_.node(node).total > 0))
            g.nodes[at(++g.known)] = node;
        return true;
    }

    // What a component's value is called in this view.
    Value target(Value value, const Glance& g) const {
        if (view_.relative == 0) return value;
        if (g.from == looking::nothing) return 4 * looking::middle + value;
        // Values outside the circle (as "no chord") are called by their names, and so is all that follows
        // one.
        if (view_.modulo > 0 && g.from > view_.modulo) return 5 * looking::middle + value;
        if (view_.modulo > 0 && value > view_.modulo) return 6 * looking::middle + value;
        return looking::distance(value, g.from, view_.modulo);
    }

    struct Learned {
        std::int32_t node;    // the deepest context
        std::int32_t latest;  // where the same followed it last, or -1
    };

    // Count what followed. `number` is the value's in the owner's table of targets; `everywhere`: shorter
    // contexts that do not count it remember the position too.
    Learned learn(const Glance& g, std::int32_t number, std::int32_t position, bool everywhere,
                  double beat = 0.0) {
        Path nodes;
        nodes[0] = Contexts::root;
        for (int d = 0; d < g.depth; ++d) {
            nodes[at(d + 1)] =
                d < g.known ? g.nodes[at(d + 1)] : contexts_.find_or_make(nodes[at(d)], g.features[at(d)]);
        }
        const std::int32_t latest = add(nodes, g.depth, number, position, everywhere, beat);
        return {nodes[at(g.depth)], latest};
    }

    // Take back what was learned with the same features, or in the same deepest context.
    void unlearn(const Glance& g, std::int32_t number, double beat = 0.0) {
        Path nodes;
        nodes[0] = Contexts::root;
        for (int d = 0; d < g.depth; ++d) nodes[at(d + 1)] = contexts_.find(nodes[at(d)], g.features[at(d)]);
        remove(nodes, g.depth, number, beat);
    }
    void unlearn(std::int32_t node, std::int32_t number, double beat = 0.0) {
        Path nodes;
        remove(nodes, path(node, nodes), number, beat);
    }
    // Count again what was taken back.
    void relearn(std::int32_t node, std::int32_t number, double beat = 0.0) {
        Path nodes;
        const int depth = path(node, nodes);
        add(nodes, depth, number, -1, false, beat);
    }

    // Probabilities [targets.size() + 1] of every target, the unseen one last; they sum to 1, and what does
    // not live has 0.
    // `now`: the beat, where what was learned ages.
    void predict(const Glance& g, const Numbers& targets, std::vector<double>& p, std::vector<char>& out,
                 double now = 0.0) const {
        if (smoothing_ == Smoothing::ppm) {
            escape(g, targets, p, out, now);
            return;
        }
        p.assign(targets.size() + 1, 0.0);
        double left = 1.0;
        for (int d = g.known; d >= 0; --d) {
            const std::int32_t node = g.nodes[at(d)];
            const Contexts::Node& here = contexts_.node(node);
            if (here.total == 0) continue;
            const Discounts discount = discounts(d);
            if (ages_) {
                left = aged(node, discount, left, p, now);
                continue;
            }
            const double share = left / here.total;
            contexts_.each(node, [&](const Outcome& o) {
                p[static_cast<std::size_t>(o.value)] += (o.count - discount[std::min(o.count, 3U)]) * share;
            });
            left = kept_back(here, discount) * share;
        }
        left /= static_cast<double>(targets.living() + 1);
        for (double& value : p) value += left;
        if (targets.living() < targets.size()) silence(targets, p);
    }

    // What the deepest context makes of each target that followed it, beyond the shallower ones: the
    // logarithm of its probability in `p`, as predicted, over what that would be without this context's own
    // counts. Kneser-Ney only.
    template <class Visit>
    void rise(const Glance& g, const std::vector<double>& p, Visit&& visit) const {
        if (smoothing_ == Smoothing::ppm || ages_) return;
        const std::int32_t node = g.nodes[at(g.known)];
        const Contexts::Node& here = contexts_.node(node);
        if (here.total == 0) return;
        const Discounts discount = discounts(g.known);
        const double share = 1.0 / here.total;
        contexts_.each(node, [&](const Outcome& o) {
            const double all = p[static_cast<std::size_t>(o.value)];
            const double below = all - (o.count - discount[std::min(o.count, 3U)]) * share;
            visit(o.value, quick_log(static_cast<float>(std::max(all, 1e-9))) -
                               quick_log(static_cast<float>(std::max(below, 1e-9))));
        });
    }

    // The probability of one target (none: the unseen one), without the others.
    double probability(const Glance& g, const Numbers& targets, std::int32_t number) const {
        if (number != Numbers::none && !targets.lives(number)) number = Numbers::none;
        double p = 1.0 / static_cast<double>(targets.living() + 1);
        for (int d = 0; d <= g.known; ++d) {
            const std::int32_t node = g.nodes[at(d)];
            const Contexts::Node& here = contexts_.node(node);
            if (here.total == 0) continue;
            const Discounts discount = discounts(d);
            const double scale = 1.0 / here.total;
            p *= kept_back(here, discount) * scale;
            const Outcome* o = number == Numbers::none ? nullptr : contexts_.outcome(node, number);
            if (o != nullptr && o->count > 0) p += (o->count - discount[std::min(o->count, 3U)]) * scale;
        }
        return p;
    }

    // How sure of itself a part may be here: by the depth of the context, how often it was met, and how many
    // values followed it.
    static constexpr int confidences = (deepest + 1) * 12;
    int confidence(const Glance& g) const {
        const Contexts::Node& here = contexts_.node(g.nodes[at(g.known)]);
        const int often = here.total < 2 ? 0 : here.total < 4 ? 1 : here.total < 12 ? 2 : 3;
        const int kinds = here.kinds <= 1 ? 0 : here.kinds < 3 ? 1 : 2;
        return (g.known * 4 + often) * 3 + kinds;
    }

    Smoothing smoothing() const { return smoothing_; }
    void clear() {
        contexts_ = Contexts{};
        if (half_life_ > 0.0) ages_.emplace(half_life_);
        counts_ = {};
    }

    // What does not live has no probability.
    static void silence(const Numbers& targets, std::vector<double>& p) {
        for (std::size_t n = 0; n < targets.size(); ++n) {
            if (!targets.lives(static_cast<std::int32_t>(n))) p[n] = 0.0;
        }
    }

  private:
    using Discounts = std::array<double, 4>;
    using Path = std::array<std::int32_t, deepest + 1>;

    static std::size_t at(int d) { return static_cast<std::size_t>(d); }

    // The contexts from the root to one, and how deep that is.
    int path(std::int32_t node, Path& nodes) const {
        int depth = 0;
        for (std::int32_t n = node; n != Contexts::root; n = contexts_.node(n).parent) ++depth;
        for (int d = depth; d >= 0; --d) {
            nodes[at(d)] = node;
            node = contexts_.node(node).parent;
        }
        return depth;
    }

    std::int32_t add(const Path& nodes, int depth, std::int32_t number, std::int32_t position,
                     bool everywhere, double beat) {
        std::int32_t latest = -1;
        for (int d = 0; ages_ && d <= depth; ++d) ages_->add(nodes[at(d)], number, beat);
        for (int d = depth; d >= 0; --d) {
            const Contexts::Before before = contexts_.add(nodes[at(d)], number, position);
            moved(d, before.count, before.count + 1);
            if (d == depth) latest = before.latest;
            if (before.count > 0) {
                for (--d; everywhere && d >= 0; --d) contexts_.touch(nodes[at(d)], number, position);
                break;
            }
        }
        return latest;
    }

    void remove(const Path& nodes, int depth, std::int32_t number, double beat) {
        for (int d = 0; ages_ && d <= depth; ++d) ages_->remove(nodes[at(d)], number, beat);
        for (int d = depth; d >= 0; --d) {
            const std::uint32_t before = contexts_.remove(nodes[at(d)], number);
            moved(d, before, before - 1);
            if (before > 1) return;
        }
    }

    void moved(int depth, std::uint32_t before, std::uint32_t after) {
        auto& here = counts_[at(depth)];
        if (before >= 1 && before <= 4) --here[before];
        if (after >= 1 && after <= 4) ++here[after];
    }

    // Chen & Goodman's estimates from how many counts are 1, 2, 3 and 4 at this depth; one half where there
    // are too few to tell, and for what learns one piece alone.
    Discounts discounts(int depth) const {
        const auto& n = counts_[at(depth)];
        if (view_.brief || n[1] == 0 || n[2] == 0 || n[3] == 0 || n[4] == 0) return {0.0, 0.5, 0.5, 0.5};
        const auto n1 = static_cast<double>(n[1]);
        const auto n2 = static_cast<double>(n[2]);
        const double y = n1 / (n1 + 2.0 * n2);
        Discounts d{0.0, 0.0, 0.0, 0.0};
        for (std::size_t i = 1; i <= 3; ++i) {
            const double more = i < 3 ? static_cast<double>(n[i + 1]) / static_cast<double>(n[i])
                                      : static_cast<double>(n[4]) / static_cast<double>(n[3]);
            const auto k = static_cast<double>(i);
            d[i] = std::clamp(k - (k + 1.0) * y * more, 0.05, k - 0.02);
        }
        return d;
    }

    static double kept_back(const Contexts::Node& here, const Discounts& discount) {
        return discount[1] * here.once + discount[2] * here.twice +
               discount[3] * (here.kinds - here.once - here.twice);
    }

    // One context's part of Kneser-Ney where counts age: each as far as it is fresh, what is kept back as it
    // was, so that a context which was not met for long has little to say. What is left for shorter ones.
    double aged(std::int32_t node, const Discounts& discount, double left, std::vector<double>& p,
                double now) const {
        const double back = kept_back(contexts_.node(node), discount);
        double total = back;
        contexts_.each(node, [&](const Outcome& o) {
            total += (o.count - discount[std::min(o.count, 3U)]) * ages_->freshness(node, o.value, now);
        });
        const double share = left / total;
        contexts_.each(node, [&](const Outcome& o) {
            p[static_cast<std::size_t>(o.value)] +=
                (o.count - discount[std::min(o.count, 3U)]) * ages_->freshness(node, o.value, now) * share;
        });
        return back * share;
    }

    // PPM, escape C, with exclusion: what a longer context knows is not counted again at a shorter one.
    void escape(const Glance& g, const Numbers& targets, std::vector<double>& p, std::vector<char>& out,
                double now) const {
        p.assign(targets.size() + 1, 0.0);
        out.assign(p.size(), 0);
        std::size_t free = targets.living() + 1;
        double left = 1.0;
        for (int d = g.known; d >= 0; --d) {
            double total = 0.0;
            double kinds = 0.0;
            const std::int32_t node = g.nodes[at(d)];
            const auto weighed = [&](const Outcome& o) {
                return ages_ ? o.count * ages_->freshness(node, o.value, now) : static_cast<double>(o.count);
            };
            contexts_.each(node, [&](const Outcome& o) {
                if (out[static_cast<std::size_t>(o.value)] != 0) return;
                total += weighed(o);
                kinds += 1.0;
            });
            if (kinds == 0.0) continue;
            const double share = left / (total + kinds);
            contexts_.each(node, [&](const Outcome& o) {
                char& seen = out[static_cast<std::size_t>(o.value)];
                if (seen != 0) return;
                seen = 1;
                --free;
                p[static_cast<std::size_t>(o.value)] = weighed(o) * share;
            });
            left = kinds * share;
        }
        left /= static_cast<double>(free);
        for (std::size_t i = 0; i < p.size(); ++i) {
            if (out[i] == 0) p[i] = left;
        }
        if (targets.living() < targets.size()) silence(targets, p);
    }

    View view_;
    Smoothing smoothing_;
    double half_life_;
    Contexts contexts_;
    std::optional<Ages> ages_;
    std::array<std::array<std::uint32_t, 5>, deepest + 1> counts_{};
};

}  // namespace sideman
