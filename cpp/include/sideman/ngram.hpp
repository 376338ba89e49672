// The n-gram as a predictor: variable order, component by component, through one view or several at once.
//
// With one view of a component its distribution is modified Kneser-Ney's (or PPM's) own; with several they
// are mixed by how right each has been (mixer.hpp), before each event is learned. Brief views know the
// running piece alone: the short-term model of IDyOM (Pearce 2005), beside the long-term ones.
//
// `learn` and `unlearn` take bounded work for each symbol and are each other's inverse, but for the weights.
// The counts depend on which positions are counted and not on the order, so an exclusion takes its positions
// out and leaves them out until another is asked for; only the difference between the two is work.
// One strand only (strand.hpp): `predict` and whatever takes an exclusion change the model.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "flows.hpp"
#include "mixer.hpp"
#include "model.hpp"
#include "part.hpp"
#include "strand.hpp"

namespace sideman {

struct NGramScratch {
    std::vector<Part::Glance> glances;
    std::vector<double> own;
    std::vector<char> out;
    std::vector<float> rise;
    std::vector<double> p;  // over the component's numbers, the unseen one last; sums to 1
    MixerScratch mixing;
    int length = 0;          // of the past that was looked at
    std::uint32_t seen = 0;  // what the first view sees first, below 256
};

class NGram {
  public:
    static constexpr int most_sources = 16;
    static constexpr int most_steps = 64;  // back through what followed one context
    static constexpr int most_context = 32;
    static constexpr std::size_t most_out = 1024;  // positions excluded from the counts, the newest
    // What the views' weights depend on: nothing; how sure a view may be of itself; how sure it is; how far
    // the running piece agrees with itself; how long it is; what the component's first view sees first.
    static constexpr std::array<std::size_t, 6> mixing_contexts{
        1, Part::confidences, 12, Part::deepest + 1, 8, 256};
    static constexpr float least = 1e-9F;  // of a part's probabilities
    static constexpr float trained =
        250000.0F;  // from so many updates on, weights learn from every fourth event

    NGram(Alphabet* alphabet, std::size_t components, const std::vector<View>& views, Smoothing smoothing,
          double half_life = 0.0)
        : alphabet_(alphabet), ages_(half_life > 0.0) {
        for (std::size_t c = 0; c < components; ++c) {
            Column column;
            for (const View& view : views) {
                if (view.target != static_cast<int>(c)) continue;
                column.parts.emplace_back(view, smoothing, half_life);
                column.targets.emplace_back();
                for (const Feature& f : view.features) {
                    if (f.look == Look::around || f.look == Look::around_step)
                        known_around_ = std::max(known_around_, static_cast<std::size_t>(f.component) + 1);
                    reach_ = std::max(reach_, reach(f));
                }
                reach_ = std::max(reach_, view.relative);
            }
            column.mixer = Mixer(column.parts.size(), mixing_contexts);
            columns_.push_back(std::move(column));
        }
    }

    std::size_t components() const { return columns_.size(); }
    Position size() const { return flows_.size(); }
    const Flows& flows() const { return flows_; }
    // How many values are known of what surrounds an event.
    std::size_t around() const { return known_around_; }
    const Numbers& numbers(std::size_t component) const { return columns_[component].numbers; }
    std::span<const Part> parts(std::size_t component) const { return columns_[component].parts; }
    Mixer& mixer(std::size_t component) { return columns_[component].mixer; }
    const Mixer& mixer(std::size_t component) const { return columns_[component].mixer; }
    std::uint64_t contexts() const {
        std::uint64_t total = 0;
        for (const Column& column : columns_) {
            for (const Part& part : column.parts) total += part.contexts().size();
        }
        return total;
    }

    Value component(std::int32_t id, std::size_t c) const { return alphabet_ ? alphabet_->value(id, c) : id; }

    // A value belongs to the alphabet, though it was not heard yet.
    void know(std::int32_t id) {
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            Column& column = columns_[c];
            const Value value = component(id, c);
            const std::int32_t there = column.numbers.find(value);
            const bool fresh = there == Numbers::none;
            column.numbers.count(fresh ? column.numbers.intern(value) : there);
            if (!fresh) continue;
            for (std::size_t i = 0; i < column.parts.size(); ++i) {
                if (column.parts[i].relative()) know_distances(column, i, value);
            }
        }
    }

    // Whether what was learned ages.
    bool ages() const { return ages_; }
    // The beat of the event that was learned last; it does not run back.
    double now() const { return now_; }

    // Learn one symbol (an id from 1) in a flow; its position. `weigh`: learn how far to trust each view,
    // too. `beat`: where it began, if what was learned ages; below the last one's it counts as that.
    Position learn(std::int32_t id, std::int32_t flow_name, std::span<const Value> around, NGramScratch& s,
                   bool weigh = true, double beat = 0.0) {
        const Strand::Turn turn(strand_);
        now_ = std::max(now_, beat);
        const std::size_t flow = flows_.number(flow_name);
        const Past& past = flows_.past(flow);
        const auto position = static_cast<std::int32_t>(flows_.size());
        spell(id);
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            Column& column = columns_[c];
            const Sight sight{&past, alphabet_, std::span<const Value>(values_).first(c), around};
            glance(column, sight, s);
            if (weigh && column.parts.size() > 1 && trains(column)) {
                mix(column, s, now_);
                const std::int32_t came = column.numbers.find(values_[c]);
                column.mixer.learn(s.mixing, came == Numbers::none || !column.numbers.lives(came)
                                                 ? column.numbers.size()
                                                 : static_cast<std::size_t>(came));
            }
            const bool last = c + 1 == columns_.size();
            const Part::Learned plain = count(column, s, values_[c], position, last, now_);
            paths_.push(plain.node);
            if (last) chain_.push(plain.latest);
        }
        if (ages_) beats_.push(now_);
        if (contains(out_for_, position)) out_of_date_ = true;
        for (std::size_t i = 0; i < known_around_; ++i) around_.push(i < around.size() ? around[i] : 0);
        return flows_.push(flow, id);
    }

    // A break: the flow's context ends, and nothing is predicted across it.
    void end(std::int32_t flow_name) { flows_.end(flows_.number(flow_name)); }

    // Forget the positions from `first` to before `past`, as if they had been a break.
    void unlearn(Position first, Position past, NGramScratch& s) {
        const Strand::Turn turn(strand_);
        exclude({});
        std::vector<Position> again;  // what follows, and can see less of the past from now on
        for (Position p = first; p < past; ++p) {
            if (flows_.symbol(p) == 0) continue;
            flows_.following(p, reach_, again);
            forgotten_.push_back(p);
        }
        std::sort(again.begin(), again.end());
        again.erase(std::unique(again.begin(), again.end()), again.end());
        std::erase_if(again, [&](Position p) { return p >= first && p < past; });
        for (const Position p : forgotten_) uncount(p, s);
        for (const Position p : again) uncount(p, s);
        for (const Position p : forgotten_) flows_.erase(p);
        forgotten_.clear();
        for (const Position p : again) recount(p, s);
    }

    // A new piece begins: brief views know nothing of it yet.
    void piece() {
        const Strand::Turn turn(strand_);
        exclude({});
        began_ = flows_.size();
        for (Column& column : columns_) {
            for (Part& part : column.parts) {
                if (part.view().brief) part.clear();
            }
        }
    }

    // The next component given those before it, to `s.p`.
    void predict(const Past& past, std::span<const Value> around, std::span<const Value> prefix,
                 std::span<const Interval> excluded, NGramScratch& s) {
        const Strand::Turn turn(strand_);
        exclude(excluded);
        Column& column = columns_[prefix.size()];
        glance(column, {&past, alphabet_, prefix, around}, s);
        if (column.parts.size() == 1 && !column.parts[0].relative()) {
            column.parts[0].predict(s.glances[0], column.numbers, s.p, s.out, now_);
            return;
        }
        mix(column, s, now_);
        s.p = s.mixing.p;
        if (column.numbers.living() == column.numbers.size()) return;
        Part::silence(column.numbers, s.p);
        double total = 0.0;
        for (const double p : s.p) total += p;
        for (double& p : s.p) p /= total;
    }

    // How many of the last events the longest context has that anything followed, what is excluded apart.
    int longest_vote(const Past& past, std::span<const Value> around, std::span<const Interval> excluded,
                     NGramScratch&) {
        const Strand::Turn turn(strand_);
        exclude(excluded);
        const auto g = columns_[0].parts[0].look({&past, alphabet_, {}, around});
        const bool begins =
            g.known > 0 && g.features[static_cast<std::size_t>(g.known - 1)] == looking::nothing;
        return begins ? g.known - 1 : g.known;
    }

    // Whether anything is left to count.
    bool counted() const { return columns_[0].parts[0].contexts().node(Contexts::root).total > 0; }
    // How many events the longest context has that the plain view of the first component looks at.
    int deepest() const { return static_cast<int>(columns_[0].parts[0].view().features.size()); }

    // The probability of a symbol: the product over its components.
    double probability(const Past& past, std::span<const Value> around, std::span<const Value> values,
                       NGramScratch& s) {
        const Strand::Turn turn(strand_);
        exclude({});
        double product = 1.0;
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            Column& column = columns_[c];
            const std::int32_t number = column.numbers.find(values[c]);
            if (!ages_ && column.parts.size() == 1 && !column.parts[0].relative() &&
                column.parts[0].smoothing() == Smoothing::kneser_ney) {
                const auto g = column.parts[0].look({&past, alphabet_, values.first(c), around});
                product *= column.parts[0].probability(g, column.numbers, number);
            } else {
                predict(past, around, values.first(c), {}, s);
                const bool known = number != Numbers::none && column.numbers.lives(number);
                product *= s.p[known ? static_cast<std::size_t>(number) : column.numbers.size()];
            }
        }
        return product;
    }

    // Positions where a symbol followed what was played, longest agreement first, the newest first among
    // equals.
    void sources(const Past& past, std::span<const Value> around, std::span<const Value> values,
                 std::span<const Interval> excluded, std::vector<Vote>& found) const {
        found.clear();
        const Column& column = columns_.back();
        const Part& part = column.parts[0];
        const std::int32_t number = column.numbers.find(values.back());
        if (number == Numbers::none) return;
        const auto g = part.look({&past, alphabet_, values.first(values.size() - 1), around}, false);
        for (int d = g.known; d >= 0; --d) {
            const Outcome* o = part.contexts().outcome(g.nodes[static_cast<std::size_t>(d)], number);
            if (o == nullptr) continue;
            int steps = 0;
            for (Position at = o->latest; at >= 0 && steps < most_steps; ++steps) {
                consider(at, past, values, excluded, found);
                at = chain_[static_cast<std::size_t>(at)];
            }
        }
        tidy(found);
    }

    // Where nothing followed as a whole: positions that agree in all components but the last, or in fewer.
    void nearly(const Past& past, std::span<const Value> around, std::span<const Value> values,
                std::span<const Interval> excluded, std::vector<Vote>& found) const {
        found.clear();
        const Part& part = columns_.back().parts[0];
        const auto g = part.look({&past, alphabet_, values.first(values.size() - 1), around});
        for (std::size_t agreeing = values.size(); found.empty() && --agreeing > 0;) {
            for (int d = g.known; found.empty() && d >= 0; --d) {
                part.contexts().each(g.nodes[static_cast<std::size_t>(d)], [&](const Outcome& o) {
                    if (o.latest >= 0) consider(o.latest, past, values.first(agreeing), excluded, found);
                });
            }
        }
        tidy(found);
    }

    // Memory in use, the scratch of callers apart.
    std::size_t bytes() const {
        std::size_t total = sizeof(*this) + flows_.bytes() + chain_.bytes() + around_.bytes() +
                            paths_.bytes() + beats_.bytes();
        total += (out_.capacity() + next_out_.capacity()) * sizeof(Position);
        for (const Column& column : columns_) {
            total += sizeof(column) + column.numbers.bytes() + column.mixer.state().size_bytes();
            for (const Part& part : column.parts) total += sizeof(part) + part.bytes();
            for (const Numbers& targets : column.targets) total += sizeof(targets) + targets.bytes();
        }
        return total;
    }

  private:
    struct Column {
        Numbers numbers{};
        std::vector<Part> parts{};
        std::vector<Numbers> targets{};  // of parts whose targets are relative
        Mixer mixer{0, {}};
    };

    bool trains(const Column& column) const {
        return column.mixer.updates() < trained || (flows_.size() & 3) == 0;
    }

    void spell(std::int32_t id) {
        values_.resize(columns_.size());
        for (std::size_t c = 0; c < values_.size(); ++c) values_[c] = component(id, c);
    }

    static void glance(const Column& column, const Sight& sight, NGramScratch& s) {
        s.glances.resize(column.parts.size());
        for (std::size_t i = 0; i < column.parts.size(); ++i) column.parts[i].begin(sight, s.glances[i]);
        for (bool more = true; more;) {
            more = false;
            for (std::size_t i = 0; i < column.parts.size(); ++i)
                if (column.parts[i].deeper(sight, s.glances[i])) more = true;
        }
        s.length = sight.past->length();
        s.seen = seen_first(column, sight, s.glances[0]);
    }

    // By values, since another model may have other ids.
    static std::uint32_t seen_first(const Column& column, const Sight& sight, const Part::Glance& g) {
        if (g.depth == 0) return 0;
        const Feature& first = column.parts[0].view().features[0];
        auto seen = static_cast<std::uint32_t>(g.features[0]);
        if (first.look == Look::symbol && sight.alphabet != nullptr) {
            seen = 0;
            for (std::size_t c = 0; c < sight.alphabet->components(); ++c)
                seen = 37 * seen + static_cast<std::uint32_t>(sight.value(first.lag, static_cast<int>(c)));
        }
        return seen & 255U;
    }

    // How sure a part is, by the probability of its best guess, in twelve steps.
    static std::uint32_t sureness(float most) {
        constexpr std::array<float, 11> steps{0.1F, 0.2F, 0.3F, 0.4F,  0.5F, 0.6F,
                                              0.7F, 0.8F, 0.9F, 0.96F, 0.99F};
        return static_cast<std::uint32_t>(std::upper_bound(steps.begin(), steps.end(), most) - steps.begin());
    }

    // What each part gives, mixed, to `s.mixing.p`.
    static void mix(const Column& column, NGramScratch& s, double now) {
        const std::size_t n = column.numbers.size();
        s.mixing.size(column.parts.size(), mixing_contexts.size(), n + 1);
        std::uint32_t agreeing = 0;
        for (std::size_t i = 0; i < column.parts.size(); ++i) {
            if (!column.parts[i].view().brief) continue;
            agreeing = static_cast<std::uint32_t>(s.glances[i].known);
            break;
        }
        const auto length = static_cast<std::uint32_t>(std::bit_width(static_cast<std::uint32_t>(s.length)));
        for (std::size_t i = 0; i < column.parts.size(); ++i) {
            const Part& part = column.parts[i];
            const Part::Glance& g = s.glances[i];
            const auto logs = s.mixing.row(i);
            if (part.relative()) {
                give_relative(column, i, g, s, now);
            } else {
                part.predict(g, column.numbers, s.own, s.out, now);
                for (std::size_t v = 0; v <= n; ++v) logs[v] = static_cast<float>(s.own[v]);
                part.rise(g, s.own, [&](std::int32_t number, float log) {
                    s.mixing.rises[i].push_back({static_cast<std::uint32_t>(number), log});
                });
            }
            std::fill(logs.begin() + static_cast<std::ptrdiff_t>(n) + 1, logs.end(), 1.0F);
            const float most = largest(logs.first(n + 1));
            quick_logs(logs, least);
            std::uint32_t* const contexts = s.mixing.contexts.data() + i * mixing_contexts.size();
            contexts[0] = 0;
            contexts[1] = static_cast<std::uint32_t>(part.confidence(g));
            contexts[2] = sureness(most);
            contexts[3] = agreeing;
            contexts[4] = length;
            contexts[5] = s.seen;
        }
        column.mixer.mix(s.mixing);
    }

    // What a part whose targets are distances gives, by the values that they lead to.
    static void give_relative(const Column& column, std::size_t i, const Part::Glance& g, NGramScratch& s,
                              double now) {
        const Part& part = column.parts[i];
        const Numbers& targets = column.targets[i];
        const std::size_t n = column.numbers.size();
        const auto logs = s.mixing.row(i);
        part.predict(g, targets, s.own, s.out, now);
        s.rise.assign(targets.size(), 0.0F);
        part.rise(g, s.own,
                  [&](std::int32_t number, float log) { s.rise[static_cast<std::size_t>(number)] = log; });
        const double unseen = s.own[targets.size()];
        for (std::size_t v = 0; v < n; ++v) {
            const auto number = static_cast<std::int32_t>(v);
            if (!column.numbers.lives(number)) {
                logs[v] = 0.0F;
                continue;
            }
            const std::int32_t found = targets.find(part.target(column.numbers.value(number), g));
            if (found == Numbers::none || !targets.lives(found)) {
                logs[v] = static_cast<float>(0.1 * unseen);
                continue;
            }
            const auto at = static_cast<std::size_t>(found);
            logs[v] = static_cast<float>(s.own[at]);
            if (s.rise[at] != 0.0F) s.mixing.rises[i].push_back({static_cast<std::uint32_t>(v), s.rise[at]});
        }
        logs[n] = static_cast<float>(unseen);
    }

    // Every distance of a known value from a known one may come.
    static void know_distances(Column& column, std::size_t part, Value value) {
        Part::Glance g;
        const auto may_come = [&](Value from, Value to) {
            g.from = from;
            const Value target = column.parts[part].target(to, g);
            if (column.targets[part].find(target) != Numbers::none) return;
            column.targets[part].count(column.targets[part].intern(target));
        };
        may_come(looking::nothing, value);
        for (std::size_t n = 0; n < column.numbers.size(); ++n) {
            const Value other = column.numbers.value(static_cast<std::int32_t>(n));
            may_come(other, value);
            may_come(value, other);
        }
    }

    static std::int32_t number_of(const Column& column, std::size_t part, Value value,
                                  const Part::Glance& g) {
        return column.parts[part].relative() ? column.targets[part].find(column.parts[part].target(value, g))
                                             : column.numbers.find(value);
    }

    // What the plain view learned.
    static Part::Learned count(Column& column, const NGramScratch& s, Value value, std::int32_t position,
                               bool everywhere, double beat) {
        const std::int32_t plain = column.numbers.intern(value);
        column.numbers.count(plain);
        Part::Learned learned{};
        for (std::size_t i = 0; i < column.parts.size(); ++i) {
            Part& part = column.parts[i];
            std::int32_t number = plain;
            if (part.relative()) {
                number = column.targets[i].intern(part.target(value, s.glances[i]));
                column.targets[i].count(number);
            }
            const Part::Learned here = part.learn(s.glances[i], number, position, everywhere && i == 0, beat);
            if (i == 0) learned = here;
        }
        return learned;
    }

    // How far back a feature may look.
    static int reach(const Feature& f) {
        switch (f.look) {
            case Look::symbol:
            case Look::value:
            case Look::chosen_step:
            case Look::folded:
            case Look::shape:
                return f.lag;
            case Look::step:
                return f.lag + f.back;
            case Look::chosen:
            case Look::around:
                return 1;
            default:
                return Past::window;
        }
    }

    // What the parts of a column saw when a position was learned, to `s.glances`.
    void glance_at(Position position, std::size_t c, const Past& past, NGramScratch& s) {
        nearby_.clear();
        for (std::size_t i = 0; i < known_around_; ++i) {
            nearby_.push_back(around_[static_cast<std::size_t>(position) * known_around_ + i]);
        }
        glance(columns_[c], {&past, alphabet_, std::span<const Value>(values_).first(c), nearby_}, s);
    }

    double beat_at(Position position) const {
        return ages_ ? beats_[static_cast<std::size_t>(position)] : 0.0;
    }

    // Whether a part has counted a position: brief ones have forgotten the pieces before.
    bool knows(const Part& part, Position position) const { return !part.view().brief || position >= began_; }

    // A position is learned no more.
    void uncount(Position position, NGramScratch& s) {
        const Past past = flows_.before(position);
        spell(flows_.symbol(position));
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            Column& column = columns_[c];
            glance_at(position, c, past, s);
            for (std::size_t i = 0; i < column.parts.size(); ++i) {
                Part& part = column.parts[i];
                const std::int32_t number = number_of(column, i, values_[c], s.glances[i]);
                if (knows(part, position)) part.unlearn(s.glances[i], number, beat_at(position));
                if (part.relative()) column.targets[i].uncount(number);
            }
            column.numbers.uncount(column.numbers.find(values_[c]));
        }
    }

    // It is learned again, with what it can see now.
    void recount(Position position, NGramScratch& s) {
        const Past past = flows_.before(position);
        spell(flows_.symbol(position));
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            Column& column = columns_[c];
            glance_at(position, c, past, s);
            const std::int32_t plain = column.numbers.intern(values_[c]);
            column.numbers.count(plain);
            for (std::size_t i = 0; i < column.parts.size(); ++i) {
                Part& part = column.parts[i];
                std::int32_t number = plain;
                if (part.relative()) {
                    number = column.targets[i].intern(part.target(values_[c], s.glances[i]));
                    column.targets[i].count(number);
                }
                if (!knows(part, position)) continue;
                const Part::Learned learned = part.learn(s.glances[i], number, -1, false, beat_at(position));
                if (i == 0) paths_[static_cast<std::size_t>(position) * columns_.size() + c] = learned.node;
            }
        }
    }

    // Take the counts of a position out, or put them back; what it knows of values stays.
    void shift(Position position, bool out) {
        const double beat = beat_at(position);
        spell(flows_.symbol(position));
        Past past;
        bool looked_back = false;
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            Column& column = columns_[c];
            if (column.parts.size() > 1) {
                if (!looked_back) past = flows_.before(position);
                looked_back = true;
                glance_at(position, c, past, shifting_);
            }
            for (std::size_t i = 0; i < column.parts.size(); ++i) {
                Part& part = column.parts[i];
                if (!knows(part, position)) continue;
                const std::int32_t number = i == 0 ? column.numbers.find(values_[c])
                                                   : number_of(column, i, values_[c], shifting_.glances[i]);
                if (i == 0) {
                    const std::int32_t node =
                        paths_[static_cast<std::size_t>(position) * columns_.size() + c];
                    out ? part.unlearn(node, number, beat) : part.relearn(node, number, beat);
                } else if (out) {
                    part.unlearn(shifting_.glances[i], number, beat);
                } else {
                    part.learn(shifting_.glances[i], number, -1, false, beat);
                }
            }
        }
    }

    // Take the counts of these positions out, the newest `most_out` of them, and put those back that were
    // out.
    void exclude(std::span<const Interval> wanted) {
        const auto same = [](const Interval& a, const Interval& b) {
            return a.first == b.first && a.past == b.past;
        };
        if (!out_of_date_ && std::equal(wanted.begin(), wanted.end(), out_for_.begin(), out_for_.end(), same))
            return;
        out_for_.assign(wanted.begin(), wanted.end());
        out_of_date_ = false;
        list(wanted, next_out_);
        auto was = out_.begin();
        for (const Position p : next_out_) {
            for (; was != out_.end() && *was > p; ++was) shift(*was, false);
            if (was != out_.end() && *was == p) {
                ++was;
            } else {
                shift(p, true);
            }
        }
        for (; was != out_.end(); ++was) shift(*was, false);
        out_.swap(next_out_);
    }

    // The newest positions in these intervals, the newest first; what was forgotten is in none.
    void list(std::span<const Interval> wanted, std::vector<Position>& found) {
        found.clear();
        ordered_.assign(wanted.begin(), wanted.end());
        std::sort(ordered_.begin(), ordered_.end(),
                  [](const Interval& a, const Interval& b) { return a.past > b.past; });
        Position below = flows_.size();
        std::size_t looked = 0;
        for (const Interval& interval : ordered_) {
            const Position first = std::max<Position>(interval.first, 0);
            for (Position p = std::min(interval.past, below) - 1; p >= first; --p) {
                if (++looked > most_out) return;
                if (flows_.symbol(p) != 0) found.push_back(p);
                below = p;
            }
        }
    }

    // Longest context first, the newest first among equals, none twice, not too many.
    static void tidy(std::vector<Vote>& found) {
        std::sort(found.begin(), found.end(), [](const Vote& a, const Vote& b) {
            return a.context != b.context ? a.context > b.context : a.position > b.position;
        });
        found.erase(std::unique(found.begin(), found.end(),
                                [](const Vote& a, const Vote& b) { return a.position == b.position; }),
                    found.end());
        if (found.size() > most_sources) found.resize(most_sources);
    }

    void consider(Position at, const Past& past, std::span<const Value> values,
                  std::span<const Interval> excluded, std::vector<Vote>& found) const {
        const std::int32_t id = flows_.symbol(at);
        if (id == 0 || contains(excluded, at)) return;
        for (std::size_t c = 0; c < values.size(); ++c) {
            if (component(id, c) != values[c]) return;
        }
        const int context = flows_.agreement(at, past, most_context);
        found.push_back({at, id, context, 1.0});
    }

    Alphabet* alphabet_;
    std::vector<Column> columns_;
    Flows flows_;
    Chunks<std::int32_t> chain_;  // the position before where the same symbol followed the same context
    Chunks<std::int32_t> paths_;  // [position][component]: the plain view's deepest context
    Chunks<Value> around_;
    Chunks<double> beats_;  // where what was learned ages
    bool ages_;
    double now_ = 0.0;
    std::size_t known_around_ = 0;
    int reach_ = 1;
    Position began_ = 0;
    std::vector<Value> values_;
    std::vector<Value> nearby_;
    std::vector<Position> forgotten_;
    std::vector<Position> out_;  // the newest first
    std::vector<Position> next_out_;
    std::vector<Interval> out_for_;
    std::vector<Interval> ordered_;
    NGramScratch shifting_;
    bool out_of_date_ = false;
    Strand strand_;
};

}  // namespace sideman
