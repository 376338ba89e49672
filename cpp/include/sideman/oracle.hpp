// The factor oracle as a predictor: one automaton a stream, at most eight pooled, component by component.
//
// In each pooled automaton at most 20 places vote for their successor: the current one, those up its suffix
// links, and those whose link leads to one of these, the newest first. From the longest context to the
// shortest, the votes of one context for what no longer one has named get a share of what is left: how often
// such votes (as long a context, as many, as many different) were right so far, which is counted while
// learning. What is left in the end goes to the product of unigrams. So there is a joint J of all components,
// and each component is J marginalised given those before it: the chain of components is exactly J.
//
// `learn` allocates in chunks; nothing else allocates once the scratch of the caller has grown. Nothing
// locks. Sources: see automaton.hpp; Cleary & Witten 1984 (escape and exclusion); Howard, "The design and
// analysis of efficient lossless data compression systems", 1993 (escape by measured success).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
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
    Distribution next;
};

class Oracle {
  public:
    static constexpr int pooled = 8;
    static constexpr int links = 20;  // places that are visited in an automaton
    static constexpr int path = 12;   // of them up the suffix links
    static constexpr int most_sources = 16;
    // How often votes were right is counted for contexts, votes and different ones up to these.
    static constexpr int contexts_told = 16;
    static constexpr int votes_told = 8;
    static constexpr float supposed = 10.0F;  // so many trials with N/(N+D) right before the first
    // It is counted at each of the first symbols, and at every so-manieth from then on.
    static constexpr Position counted_first = 4096;
    static constexpr Position counted_every = 64;

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
        if (size_ < counted_first || size_ % counted_every == 0) count(stream.automaton, id);
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

    // What it has counted of its votes, to keep and to set again.
    void tell_weights(std::vector<double>& all) const {
        for (const Rate& rate : rates_) {
            all.push_back(static_cast<double>(rate.right));
            all.push_back(static_cast<double>(rate.trials));
        }
    }
    const double* set_weights(const double* from) {
        for (Rate& rate : rates_) {
            rate.right = static_cast<float>(*from++);
            rate.trials = static_cast<float>(*from++);
        }
        return from;
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
    // context. A vote's weight is what it has of the whole.
    void collect(const State& state, std::span<const Interval> exclude, int min_context,
                 std::vector<Vote>& votes) const {
        votes.clear();
        for (const auto& place : state.now_.places) {
            if (place.stream < 0) break;
            const Stream& stream = streams_[static_cast<std::size_t>(place.stream)];
            visit(
                stream.automaton, place.state,
                [&](std::int32_t at, int known) {
                    return agreement(state, stream.automaton, at, State::memory, known);
                },
                [&](std::int32_t at, int context) {
                    if (at >= stream.automaton.size() || context < min_context) return;
                    const std::int32_t next = stream.automaton.symbol(at + 1);
                    if (next == Automaton::break_symbol) return;
                    const Position position = position_of(stream, at + 1);
                    if (!exclude.empty() && contains(exclude, position)) return;
                    votes.push_back({position, next, context, 0.0});
                });
        }
        double left = 1.0;
        levels(votes, [&](const Level& level) {
            const double share = left * right(level);
            for (Vote& vote : votes) {
                if (vote.weight == fresh) vote.weight = share / level.votes;
            }
            left -= share;
            return true;
        });
    }

    // The next component given those already chosen: `scratch.next.values` ascending from 0 (unseen),
    // `scratch.next.p` sums to 1.
    void predict(const std::vector<Vote>& votes, std::span<const Value> prefix,
                 OracleScratch& scratch) const {
        const std::size_t c = prefix.size();
        const Unigrams& unigrams = unigrams_[c];
        const auto known = unigrams.values();
        auto& [values, p] = scratch.next;
        values.assign(1, 0);
        values.insert(values.end(), known.begin(), known.end());
        p.resize(known.size() + 1);
        double rest = 1.0;
        for (const Vote& vote : votes) rest -= vote.weight;
        for (std::size_t j = 0; j < c; ++j) rest *= unigrams_[j].probability(prefix[j]);
        p[0] = rest * unigrams.unseen();
        for (std::size_t i = 0; i < known.size(); ++i) p[i + 1] = rest * unigrams.nth(i);
        for (const Vote& vote : votes) {
            if (!agrees(vote.symbol, prefix)) continue;
            const Value value = component(vote.symbol, c);
            const auto place = std::lower_bound(known.begin(), known.end(), value) - known.begin();
            p[static_cast<std::size_t>(place) + 1] += vote.weight;
        }
        double sum = 0.0;
        for (const double q : p) sum += q;
        for (double& q : p) q /= sum;
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
        std::size_t total = runs_.bytes() + sizeof(*this);
        for (const Unigrams& unigrams : unigrams_) total += unigrams.bytes();
        for (const Stream& stream : streams_)
            total += stream.automaton.bytes() + stream.runs.bytes() + sizeof(Stream);
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

    // How many symbols up to a state are those that were played last; `agreed` of them are known to be.
    static int agreement(const State& state, const Automaton& automaton, std::int32_t at, int most,
                         int agreed = 0) {
        const int longest = std::min({most, state.length_, static_cast<int>(at)});
        while (agreed < longest && automaton.symbol(at - agreed) == state.played(agreed)) ++agreed;
        return agreed;
    }

    // The place, those up its suffix links, and those whose link leads to one of these, each with how many of
    // the events before it agree with what was played: `agrees(at, known)` tells it of a place of which
    // `known` do. Where a place agrees longer with the one that its link leads to than that one with what was
    // played, no event need be looked at.
    template <class Agrees, class Ask>
    static void visit(const Automaton& automaton, std::int32_t from, Agrees&& agrees, Ask&& ask) {
        const auto through = [&](std::int32_t at, int shared, int context) {
            return shared > context ? context : agrees(at, shared);
        };
        std::array<std::int32_t, path> way;
        std::array<int, path> contexts;
        std::size_t n = 0;
        for (std::int32_t at = from; n < way.size() && at > 0; at = automaton.suffix_link(at)) {
            contexts[n] = n == 0 ? agrees(at, 0) : through(at, automaton.lrs(way[n - 1]), contexts[n - 1]);
            way[n] = at;
            automaton.expect(automaton.suffix_link(at));
            automaton.expect(automaton.first_reverse(at));
            ask(at, contexts[n++]);
        }
        int left = links - static_cast<int>(n);
        for (std::size_t i = 0; i < n && left > 0; ++i) {
            for (std::int32_t at = automaton.first_reverse(way[i]); at > 0 && left > 0; --left) {
                const std::int32_t next = automaton.next_reverse(at);
                automaton.expect(next);
                if (i == 0 || at != way[i - 1]) ask(at, through(at, automaton.lrs(at), contexts[i]));
                at = next;
            }
        }
    }

    // The votes of one context that name what no longer context has named: those whose weight is `fresh`.
    struct Level {
        int context;
        int votes;
        int distinct;  // different symbols among them
    };
    static constexpr double fresh = -1.0;

    // From the longest context on, each level that names something new; until `each` says false.
    template <class Each>
    static void levels(std::vector<Vote>& votes, Each&& each) {
        std::uint64_t contexts = 0;
        for (const Vote& vote : votes) contexts |= std::uint64_t{1} << static_cast<unsigned>(vote.context);
        std::array<std::int32_t, links * pooled> named;
        std::size_t count = 0;
        while (contexts != 0) {
            Level level{63 - std::countl_zero(contexts), 0, 0};
            contexts ^= std::uint64_t{1} << static_cast<unsigned>(level.context);
            const std::size_t before = count;
            for (Vote& vote : votes) {
                if (vote.context != level.context) continue;
                std::size_t at = 0;
                while (at < count && named[at] != vote.symbol) ++at;
                if (at < before) continue;
                if (at == count) named[count++] = vote.symbol;
                vote.weight = fresh;
                ++level.votes;
            }
            level.distinct = static_cast<int>(count - before);
            if (level.votes > 0 && !each(level)) return;
        }
    }

    static std::size_t rate_of(const Level& level) {
        const int context = std::min(level.context, contexts_told - 1);
        const int votes = std::min(level.votes, votes_told) - 1;
        const int distinct = std::min(level.distinct, votes_told) - 1;
        return static_cast<std::size_t>((context * votes_told + votes) * votes_told + distinct);
    }

    // How probable it is that one of a level's votes is right.
    double right(const Level& level) const {
        const Rate& rate = rates_[rate_of(level)];
        const float guess =
            static_cast<float>(level.votes) / static_cast<float>(level.votes + level.distinct);
        return static_cast<double>((rate.right + supposed * guess) / (rate.trials + supposed));
    }

    // A symbol is about to be appended: were the votes of its own stream right?
    void count(const Automaton& automaton, std::int32_t id) {
        counted_.clear();
        const std::int32_t here = automaton.size();
        if (automaton.built() < here) return;
        visit(
            automaton, here,
            [&](std::int32_t at, int known) {
                int agreed = known;
                while (agreed < State::memory && agreed < at &&
                       automaton.symbol(here - agreed) != Automaton::break_symbol &&
                       automaton.symbol(at - agreed) == automaton.symbol(here - agreed))
                    ++agreed;
                return agreed;
            },
            [&](std::int32_t at, int context) {
                if (at >= here || automaton.symbol(at + 1) == Automaton::break_symbol) return;
                counted_.push_back({at, automaton.symbol(at + 1), context, 0.0});
            });
        levels(counted_, [&](const Level& level) {
            Rate& rate = rates_[rate_of(level)];
            rate.trials += 1.0F;
            bool hit = false;
            for (Vote& vote : counted_) {
                if (vote.weight != fresh) continue;
                vote.weight = 0.0;
                hit = hit || vote.symbol == id;
            }
            if (hit) rate.right += 1.0F;
            return !hit;
        });
    }

    // How often votes of a kind were right.
    struct Rate {
        float right = 0.0F;
        float trials = 0.0F;
    };

    Alphabet* alphabet_;
    std::vector<Unigrams> unigrams_;
    std::vector<Stream> streams_;
    std::size_t last_used_ = 0;
    Chunks<Run> runs_;
    Position size_ = 0;
    std::array<Rate, static_cast<std::size_t>(contexts_told* votes_told* votes_told)> rates_{};
    std::vector<Vote> counted_;
};

}  // namespace sideman
