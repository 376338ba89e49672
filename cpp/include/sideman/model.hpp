// A learned model as walks and blends see it, whichever it is, and where a player stands in one.
//
// Only the interface belongs here; what a model counts, and how, stands in its own header. Of the calls of
// `Standing`, `copy` allocates; the others allocate only while their buffers grow. Nothing locks or throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "alphabet.hpp"

namespace sideman {

using Position = std::int64_t;

struct Interval {
    Position first;
    Position past;
};

inline bool contains(std::span<const Interval> intervals, Position position) {
    for (const Interval& interval : intervals) {
        if (interval.first <= position && position < interval.past) return true;
    }
    return false;
}

// One place's word for what comes next.
struct Vote {
    Position position;    // of the successor
    std::int32_t symbol;  // its id
    int context;          // how many events before it agree with what was played
    double weight;
};

// Weights by value, one span a component: an empty one leaves all free, what lies behind its end is
// forbidden.
using Masks = std::span<const std::span<const double>>;

inline double mask_weight(Masks masks, std::size_t component, Value value) {
    if (component >= masks.size() || masks[component].empty()) return 1.0;
    const auto mask = masks[component];
    const auto at = static_cast<std::size_t>(value);
    return at < mask.size() && mask[at] > 0.0 ? mask[at] : 0.0;
}

struct Distribution {
    std::vector<Value> values;  // ascending from 0, the unseen one
    std::vector<double> p;      // sums to 1
};

// What one part of a blend had to say about a value.
struct PartWord {
    double weight;
    double probability;
};

class Standing {
  public:
    virtual ~Standing() = default;

    virtual std::unique_ptr<Standing> copy() const = 0;
    // How many advances can be taken back.
    virtual int undoable() const = 0;
    virtual void rollback(int n) = 0;
    // Go on by a symbol (0: unseen, the context is broken); `at` is the position that was played, or -1.
    virtual void advance(std::int32_t id, Position at) = 0;
    // The same by values that may be of no symbol yet: `id` is then 0, or the one to go on from in their
    // place.
    virtual void advance(std::span<const Value>, std::int32_t id, Position at) { advance(id, at); }
    // What is known of the next event beside its symbol, for models that look at it.
    virtual void beside(std::span<const Value>) {}

    // Words that stand before the next event, as tokens of the model's own, for models that heed any.
    virtual void steer(std::span<const Value>) {}
    // How probable each of the tokens first to past - 1 is as the next word, among them; false where a model
    // has no words.
    virtual bool word(Value /*first*/, Value /*past*/, std::vector<double>& /*p*/) { return false; }

    // The next questions are about the next event: without these positions, and without places that agree on
    // fewer events than `min_context`.
    virtual void ask(std::span<const Interval> exclude, int min_context) = 0;
    // Whether memory has a word to say that the masks allow, or only the last resort of the model would
    // speak.
    virtual bool speaks(Masks masks) = 0;
    // The longest context of any place that has a word to say.
    virtual int longest() = 0;
    // The next component given those chosen before it. Valid until the next call.
    virtual const Distribution& predict(std::span<const Value> prefix) = 0;
    // Positions that support a symbol, longest context first, the newest first among equals, at most 16.
    virtual void sources(std::span<const Value> values, std::vector<Vote>& found) = 0;
    // Where nothing supports it as a whole: positions that agree in as many of its first components as can
    // be.
    virtual void nearly(std::span<const Value> values, std::vector<Vote>& found) = 0;
    // How many events before a position agree with what was played.
    virtual int context_before(Position position) = 0;
    // What the parts said about a value in the last `predict`, if there are parts; added to `words`.
    virtual void tell(Value, std::vector<PartWord>&) const {}
};

class Model {
  public:
    virtual ~Model() = default;

    virtual std::size_t components() const = 0;
    virtual const Alphabet* alphabet() const = 0;  // null: ids are values
    virtual Position size() const = 0;
    // The id of the symbol at a position.
    virtual std::int32_t symbol_at(Position position) const = 0;
    // Learn one symbol (an id from 1) in a stream, and what is known of it beside, for models that look.
    // `weigh`: learn from it, too, how far to trust each view or part.
    virtual void learn(std::int32_t id, std::int32_t stream, std::span<const Value> around, bool weigh) = 0;
    // A break: the stream's context ends, and nothing is predicted across it.
    virtual void end(std::int32_t stream) = 0;
    // Forget the positions from `first` to before `past`, as if they had been a break.
    virtual void unlearn(Position first, Position past) = 0;
    // A new piece begins, for models that know the running one apart.
    virtual void piece() {}
    // A symbol belongs to what may come, though it was not heard yet.
    virtual void know(std::int32_t) {}
    // What it has learned of how far to trust what: appended to `all`, and taken up again from there; where
    // what is taken up ends.
    virtual void tell_weights(std::vector<double>& all) const = 0;
    virtual const double* set_weights(const double* from) = 0;
    // A standing that has heard nothing. It must not outlive the model.
    virtual std::unique_ptr<Standing> start() = 0;

    std::int32_t find(std::span<const Value> values) const {
        return alphabet() != nullptr ? alphabet()->find(values) : values[0];
    }
    Value component(std::int32_t id, std::size_t c) const {
        return alphabet() != nullptr ? alphabet()->value(id, c) : id;
    }
};

}  // namespace sideman
