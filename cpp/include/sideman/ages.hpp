// How fresh what followed a context is: of all the times that it did, each counted half as much after every
// half-life.
//
// An event that is counted and taken back leaves what was there before, to rounding. Grows in chunks, nothing
// locks; the arithmetic is our own (sampler.hpp), so that it is alike everywhere.
#pragma once

#include <cstddef>
#include <cstdint>

#include "buckets.hpp"
#include "chunks.hpp"
#include "sampler.hpp"

namespace sideman {

class Ages {
  public:
    // `half_life_beats` above 0.
    explicit Ages(double half_life_beats) : rate_(0.69314718055994530942 / half_life_beats) {}

    // A value followed a context at a beat.
    void add(std::int32_t node, std::int32_t value, double beat) {
        std::int32_t at = find(node, value);
        if (at == Buckets::none) {
            at = static_cast<std::int32_t>(entries_.size());
            entries_.push({node, value, Buckets::none, 0, beat, 0.0});
            index_.insert(
                at, hash(node, value),
                [this](std::int32_t e) -> std::int32_t& {
                    return entries_[static_cast<std::size_t>(e)].next;
                },
                [this](std::int32_t e) { return hash(entry(e).node, entry(e).value); });
        }
        Entry& here = entries_[static_cast<std::size_t>(at)];
        if (here.times++ == 0 || beat >= here.beat) {
            here.mass = here.mass * left(beat - here.beat) + 1.0;
            here.beat = beat;
        } else {
            here.mass += left(here.beat - beat);
        }
    }

    // It did not: takes back what `add` did.
    void remove(std::int32_t node, std::int32_t value, double beat) {
        Entry& here = entries_[static_cast<std::size_t>(find(node, value))];
        here.mass -= left(here.beat - beat);
        if (--here.times == 0 || here.mass < 0.0) here.mass = 0.0;
    }

    // From 0 to 1: the part of its times that is left at a beat.
    double freshness(std::int32_t node, std::int32_t value, double beat) const {
        const std::int32_t at = find(node, value);
        if (at == Buckets::none || entry(at).times == 0) return 0.0;
        const double age = beat > entry(at).beat ? beat - entry(at).beat : 0.0;
        return entry(at).mass * left(age) / entry(at).times;
    }

    std::size_t bytes() const { return entries_.bytes() + index_.bytes(); }

  private:
    struct Entry {
        std::int32_t node;
        std::int32_t value;
        std::int32_t next;  // in its bucket
        std::uint32_t times;
        double beat;  // of the newest
        double mass;  // of all at that beat
    };

    double left(double beats) const { return beats <= 0.0 ? 1.0 : portable_exp(-beats * rate_); }
    const Entry& entry(std::int32_t e) const { return entries_[static_cast<std::size_t>(e)]; }
    static std::uint64_t hash(std::int32_t a, std::int32_t b) {
        return spread((static_cast<std::uint64_t>(static_cast<std::uint32_t>(a)) << 32U) |
                      static_cast<std::uint32_t>(b));
    }
    std::int32_t find(std::int32_t node, std::int32_t value) const {
        for (std::int32_t at = index_.first(hash(node, value)); at != Buckets::none; at = entry(at).next) {
            if (entry(at).node == node && entry(at).value == value) return at;
        }
        return Buckets::none;
    }

    double rate_;
    Chunks<Entry> entries_;
    Buckets index_;
};

}  // namespace sideman
