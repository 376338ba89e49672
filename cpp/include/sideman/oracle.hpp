// The factor oracle as a predictor: one automaton a stream, at most eight pooled, component by component.
//
// The current place and at most 31 suffix links of each pooled automaton vote for their successor with
// 2^min(context, 12). With D distinct successors among N votes,
//     J = N / (N + D) * votes + D / (N + D) * product of unigrams,
// and each component is J marginalised given those before it, so the chain of components is exactly J.
// The root has no context and does not vote.
//
// `learn` allocates in chunks; nothing else allocates once the scratch of the caller has grown. Nothing
// locks. Sources: see automaton.hpp; the interpolation is sideman's own (docs/models.md).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "alphabet.hpp"
#include "automaton.hpp"
#include "model.hpp"
#include "unigrams.hpp"

namespace sideman {

struct OracleScratch {
    std::vector<Vote> votes;
    std::vector<std::int32_t> distinct;
    Distribution next;
};

class Oracle {
  public:
    static constexpr int pooled = 8;
    static constexpr int links = 32;
    static constexpr int weighed = 12;  // contexts beyond count no more
    static constexpr int most_sources = 16;

    // Where a player stands: what was played last, and the place in each pooled automaton.
    class State {
      public:
        static constexpr int memory = 32;
        static constexpr int history = 64;

        std::int32_t played(int back) const {
            return recent_[static_cast<std::size_t>(static_cast<std::uint32_t>(count_ - 1 - back) %
                                                    recent_.size())];
        }
        // How many symbols were played since the last break, at most `memory`.
        int length() const { return length_; }
        int undoable() const { return undoable_; }

      private:
        friend class Oracle;
        struct Place {
            std::int32_t stream = -1;
            std::int32_t state = 0;
        };
        struct Moment {
            std::array<Place, pooled> places;
            int length = 0;
        };
        std::array<std::int32_t, memory + history> recent_{};
        std::array<Moment, history> before_{};
        Moment now_{};
        std::uint32_t count_ = 0;
        int length_ = 0;
        int undoable_ = 0;
    };

    explicit Oracle(Alphabet* alphabet)
        : alphabet_(alphabet), unigrams_(alphabet ? alphabet->components() : 1) {}

    std::size_t components() const { return unigrams_.size(); }
    Position size() const { return size_; }
    std::size_t streams() const { return streams_.size(); }
    const Automaton& automaton(std::size_t stream) const { return streams_[stream].automaton; }
    const Unigrams& unigrams(std::size_t component) const { return unigrams_[component]; }

    // Learn one symbol (an id from 1) in a stream; its position.
    Position learn(std::int32_t id, std::int32_t stream_name) {
        Stream& stream = find_or_make(stream_name);
        stream.automaton.append(id);
        const std::int32_t state = stream.automaton.size();
        const Position position = size_++;
        if (runs_.empty() || runs_.back().stream != stream.number ||
            runs_.back().state + static_cast<std::int32_t>(position - runs_.back().position) != state) {
            runs_.push({position, state, stream.number});
            stream.runs.push(static_cast<std::int32_t>(runs_.size() - 1));
        }
        for (std::size_t c = 0; c < unigrams_.size(); ++c) unigrams_[c].add(component(id, c), position);
        stream.learned = position;
        return position;
    }

    // A break: the stream's context ends, and nothing is predicted across it.
    void end(std::int32_t stream_name) {
        Stream& stream = find_or_make(stream_name);
        if (stream.automaton.size() > 0 && stream.automaton.symbol(stream.automaton.size()) != 0) {
            stream.automaton.append(Automaton::break_symbol);
        }
    }

    // Forget the positions from `first` to before `past`: their streams are built anew with a break there.
    void unlearn(Position first, Position past) {
        std::vector<std::int32_t> touched;
        for (Position position = first; position < past; ++position) {
            const Run& run = run_of(position);
            Stream& stream = streams_[static_cast<std::size_t>(run.stream)];
            const std::int32_t state = run.state + static_cast<std::int32_t>(position - run.position);
            const std::int32_t id = stream.automaton.symbol(state);
            if (id == Automaton::break_symbol) continue;
            for (std::size_t c = 0; c < unigrams_.size(); ++c)
                unigrams_[c].remove(component(id, c), position);
            stream.automaton.erase(state);
            if (std::find(touched.begin(), touched.end(), run.stream) == touched.end())
                touched.push_back(run.stream);
        }
        for (const std::int32_t number : touched) {
            Stream& stream = streams_[static_cast<std::size_t>(number)];
            stream.automaton.rebuild();
            stream.learned = -1;
            for (std::int32_t state = stream.automaton.size(); state > 0 && stream.learned < 0; --state) {
                if (stream.automaton.symbol(state) != Automaton::break_symbol)
                    stream.learned = position_of(stream, state);
            }
        }
        for (std::size_t c = 0; c < unigrams_.size(); ++c) {
            unigrams_[c].find_latest(size_, [this, c](Position position) {
                const std::int32_t id = symbol_at(position);
                return id == Automaton::break_symbol ? 0 : component(id, c);
            });
        }
    }

    State start() const { return {}; }

    // Go on by a symbol (0: unseen, the context is broken); `at` is the position that was played, or -1.
    void advance(State& state, std::int32_t id, Position at) const {
        state.before_[state.count_ % State::history] = state.now_;
        state.before_[state.count_ % State::history].length = state.length_;
        state.recent_[state.count_ % state.recent_.size()] = id;
        ++state.count_;
        state.undoable_ = std::min(state.undoable_ + 1, State::history);
        state.length_ = id == 0 ? 0 : std::min(state.length_ + 1, State::memory);
        std::int32_t at_stream = -1;
        std::int32_t at_state = 0;
        if (at >= 0) {
            const Run& run = run_of(at);
            at_stream = run.stream;
            at_state = run.state + static_cast<std::int32_t>(at - run.position);
        }
        std::array<typename State::Place, pooled> places{};
        const auto newest = newest_streams(at_stream);
        for (std::size_t i = 0; i < newest.size(); ++i) {
            const std::int32_t number = newest[i];
            if (number < 0) break;
            places[i] = {number, number == at_stream ? at_state : moved(state, number, id)};
        }
        state.now_.places = places;
    }

    // Take back the last `n` advances; at most `undoable()`.
    void rollback(State& state, int n) const {
        for (int i = 0; i < n; ++i) {
            --state.count_;
            state.now_ = state.before_[state.count_ % State::history];
            state.length_ = state.now_.length;
            --state.undoable_;
        }
    }

    // How many of the events played last agree with the place that agrees longest.
    int context(const State& state) const {
        int longest = 0;
        for (const auto& place : state.now_.places) {
            if (place.stream < 0) break;
            longest =
                std::max(longest, agreement(state, streams_[static_cast<std::size_t>(place.stream)].automaton,
                                            place.state, State::memory));
        }
        return longest;
    }

    // How many of the events played last agree with those before a position.
    int context_before(const State& state, Position position) const {
        const Run& run = run_of(position);
        const Automaton& automaton = streams_[static_cast<std::size_t>(run.stream)].automaton;
        return agreement(state, automaton, run.state + static_cast<std::int32_t>(position - run.position) - 1,
                         State::memory);
    }

    // The votes of all pooled places: successors that are not excluded, with at least `min_context` of
    // context.
    void collect(const State& state, std::span<const Interval> exclude, int min_context,
                 std::vector<Vote>& votes) const {
        votes.clear();
        for (const auto& place : state.now_.places) {
            if (place.stream < 0) break;
            const Stream& stream = streams_[static_cast<std::size_t>(place.stream)];
            const Automaton& automaton = stream.automaton;
            std::int32_t at = place.state;
            for (int i = 0; i < links && at > 0; ++i, at = automaton.suffix_link(at)) {
                if (at >= automaton.size()) continue;
                const std::int32_t next = automaton.symbol(at + 1);
                if (next == Automaton::break_symbol) continue;
                const int context = agreement(state, automaton, at, State::memory);
                if (context < min_context) continue;
                const Position position = position_of(stream, at + 1);
                if (!exclude.empty() && contains(exclude, position)) continue;
                votes.push_back(
                    {position, next, context, static_cast<double>(1 << std::min(context, weighed))});
            }
        }
    }

    // The next component given those already chosen: `scratch.next.values` ascending from 0 (unseen),
    // `scratch.next.p` sums to 1.
    void predict(const std::vector<Vote>& votes, std::span<const Value> prefix,
                 OracleScratch& scratch) const {
        const std::size_t c = prefix.size();
        const Unigrams& unigrams = unigrams_[c];
        const auto known = unigrams.values();
        scratch.next.values.assign(1, 0);
        scratch.next.values.insert(scratch.next.values.end(), known.begin(), known.end());
        scratch.next.p.resize(known.size() + 1);
        double total_weight = 0.0;
        for (const Vote& vote : votes) total_weight += vote.weight;
        const auto n = static_cast<double>(votes.size());
        const double d = distinct(votes, scratch.distinct);
        const double share = votes.empty() ? 0.0 : n / (n + d);
        double rest = 1.0 - share;
        for (std::size_t j = 0; j < c; ++j) rest *= unigrams_[j].probability(prefix[j]);
        scratch.next.p[0] = rest * unigrams.unseen();
        for (std::size_t i = 0; i < known.size(); ++i) scratch.next.p[i + 1] = rest * unigrams.nth(i);
        for (const Vote& vote : votes) {
            if (!agrees(vote.symbol, prefix)) continue;
            const Value value = component(vote.symbol, c);
            const auto place = std::lower_bound(known.begin(), known.end(), value) - known.begin();
            scratch.next.p[static_cast<std::size_t>(place) + 1] += share * vote.weight / total_weight;
        }
        double sum = 0.0;
        for (const double p : scratch.next.p) sum += p;
        for (double& p : scratch.next.p) p /= sum;
    }

    // Whether a symbol's first components are these.
    bool agrees(std::int32_t id, std::span<const Value> prefix) const {
        for (std::size_t j = 0; j < prefix.size(); ++j) {
            if (component(id, j) != prefix[j]) return false;
        }
        return true;
    }

    Value component(std::int32_t id, std::size_t c) const { return alphabet_ ? alphabet_->value(id, c) : id; }

    // The votes that carry these components, longest context first, the newest first among equals; at most
    // `most_sources`, none twice.
    void sources(const std::vector<Vote>& votes, std::span<const Value> values,
                 std::vector<Vote>& found) const {
        found.clear();
        for (const Vote& vote : votes) {
            if (agrees(vote.symbol, values)) found.push_back(vote);
        }
        std::sort(found.begin(), found.end(), [](const Vote& a, const Vote& b) {
            return a.context != b.context ? a.context > b.context : a.position > b.position;
        });
        found.erase(std::unique(found.begin(), found.end(),
                                [](const Vote& a, const Vote& b) { return a.position == b.position; }),
                    found.end());
        if (found.size() > most_sources) found.resize(most_sources);
    }

    // The newest position of a value of a component; -1: never learned.
    Position latest(std::size_t c, Value value) const { return unigrams_[c].latest(value); }

    // The symbol at a position.
    std::int32_t symbol_at(Position position) const {
        const Run& run = run_of(position);
        return streams_[static_cast<std::size_t>(run.stream)].automaton.symbol(
            run.state + static_cast<std::int32_t>(position - run.position));
    }

    std::size_t bytes() const {
        std::size_t total = runs_.bytes();
        for (const Stream& stream : streams_) total += stream.automaton.bytes() + stream.runs.bytes();
        return total;
    }

  private:
    // Positions from `position` on that stand behind states from `state` on, of one stream.
    struct Run {
        Position position;
        std::int32_t state;
        std::int32_t stream;
    };
    struct Stream {
        std::int32_t name;
        std::int32_t number;
        Position learned = -1;
        Automaton automaton{};
        Chunks<std::int32_t> runs{};
    };

    Stream& find_or_make(std::int32_t name) {
        if (last_used_ < streams_.size() && streams_[last_used_].name == name) return streams_[last_used_];
        for (std::size_t i = 0; i < streams_.size(); ++i) {
            if (streams_[i].name == name) {
                last_used_ = i;
                return streams_[i];
            }
        }
        last_used_ = streams_.size();
        streams_.push_back({name, static_cast<std::int32_t>(streams_.size())});
        return streams_.back();
    }

    // The run that holds a position.
    const Run& run_of(Position position) const {
        std::size_t low = 0;
        std::size_t high = runs_.size();
        while (high - low > 1) {
            const std::size_t middle = low + (high - low) / 2;
            (runs_[middle].position <= position ? low : high) = middle;
        }
        return runs_[low];
    }

    Position position_of(const Stream& stream, std::int32_t state) const {
        std::size_t low = 0;
        std::size_t high = stream.runs.size();
        while (high - low > 1) {
            const std::size_t middle = low + (high - low) / 2;
            (runs_[static_cast<std::size_t>(stream.runs[middle])].state <= state ? low : high) = middle;
        }
        const Run& run = runs_[static_cast<std::size_t>(stream.runs[low])];
        return run.position + (state - run.state);
    }

    // The streams to pool, the most recently learned first; `wanted` (if any) is always among them.
    std::array<std::int32_t, pooled> newest_streams(std::int32_t wanted) const {
        std::array<std::int32_t, pooled> newest;
        newest.fill(-1);
        std::size_t held = 0;
        for (const Stream& stream : streams_) {
            std::size_t at = held;
            while (at > 0 && streams_[static_cast<std::size_t>(newest[at - 1])].learned < stream.learned)
                --at;
            if (at >= pooled) continue;
            const std::size_t last = std::min<std::size_t>(held, pooled - 1);
            for (std::size_t i = last; i > at; --i) newest[i] = newest[i - 1];
            newest[at] = stream.number;
            held = std::min<std::size_t>(held + 1, pooled);
        }
        if (wanted >= 0 && std::find(newest.begin(), newest.end(), wanted) == newest.end())
            newest[pooled - 1] = wanted;
        return newest;
    }

    // Where a stream's place goes by a symbol; a stream that was not pooled until now starts from what was
    // played.
    std::int32_t moved(const State& state, std::int32_t number, std::int32_t id) const {
        const Automaton& automaton = streams_[static_cast<std::size_t>(number)].automaton;
        for (const auto& place : state.now_.places) {
            if (place.stream == number) return step(automaton, place.state, id);
        }
        std::int32_t at = 0;
        for (int back = state.length_ - 1; back >= 0; --back) at = step(automaton, at, state.played(back));
        return at;
    }

    static std::int32_t step(const Automaton& automaton, std::int32_t from, std::int32_t id) {
        if (id == 0) return 0;
        std::int32_t at = from;
        for (int i = 0; i < links && at != Automaton::none; ++i) {
            const std::int32_t to = automaton.transition(at, id);
            if (to != Automaton::none) return to;
            at = automaton.suffix_link(at);
        }
        const std::int32_t to = automaton.transition(0, id);
        return to == Automaton::none ? 0 : to;
    }

    // How many symbols up to a state are those that were played last.
    static int agreement(const State& state, const Automaton& automaton, std::int32_t at, int most) {
        const int longest = std::min({most, state.length_, static_cast<int>(at)});
        int agreed = 0;
        while (agreed < longest && automaton.symbol(at - agreed) == state.played(agreed)) ++agreed;
        return agreed;
    }

    double distinct(const std::vector<Vote>& votes, std::vector<std::int32_t>& seen) const {
        seen.clear();
        for (const Vote& vote : votes) seen.push_back(vote.symbol);
        std::sort(seen.begin(), seen.end());
        return static_cast<double>(std::unique(seen.begin(), seen.end()) - seen.begin());
    }

    Alphabet* alphabet_;
    std::vector<Unigrams> unigrams_;
    std::vector<Stream> streams_;
    std::size_t last_used_ = 0;
    Chunks<Run> runs_;
    Position size_ = 0;
};

}  // namespace sideman
