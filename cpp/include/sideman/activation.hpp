// Which places of a memory are lit by what is heard, and how that light moves on and fades.
//
// `Traces` finds places: of each event learned what was played, over which harmony, when, and the newest
// place before it that agrees. `Peaks` is one player's: places that are lit, moving with the beats. Which of
// them is played is not decided here. The idea of activations that move and fade is Somax's (Bonnasse-Gahot
// 2014, Borg 2021). No call does more than a bounded number of steps, however long the memory; none locks.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "chunks.hpp"
#include "logs.hpp"
#include "model.hpp"

namespace sideman {

// A place that agrees with what was played: on so many events, once moved by so many semitones.
struct Lit {
    std::int32_t place;
    double score;  // the events that agree, or how alike two harmonies are
    int shift;
};

class Traces {
  public:
    static constexpr std::int32_t none = -1;
    static constexpr int pitches = 128;          // values from here on are no pitches
    static constexpr int longest = 8;            // agreement is counted up to so many events
    static constexpr std::size_t agreeing = 64;  // of each list the newest so many that agree are looked at
    static constexpr std::size_t steps = 256;    // and so many entries at most
    static constexpr std::size_t harmonies = 128;

    Traces() : by_triple_(table, none), by_steps_(table, none), by_value_(table, none) {
        by_harmony_.fill(none);
    }

    std::size_t size() const { return traces_.size(); }
    std::size_t bytes() const {
        return traces_.bytes() + 3 * table * sizeof(std::int32_t) + ends_.size() * 32;
    }
    double onset(std::int32_t place) const { return at(place).onset; }
    double bpm(std::int32_t place) const { return static_cast<double>(at(place).bpm); }
    int value(std::int32_t place) const { return at(place).value; }
    std::int32_t next(std::int32_t place) const { return at(place).next; }
    std::int32_t previous(std::int32_t place) const { return at(place).previous; }

    // The next event of a stream: a pitch (or another value from 128 on), the harmony that it sounds in (0:
    // none), its onset in beats and the tempo there (0: unknown). Allocates a chunk now and then.
    void append(std::int64_t stream, int value, int harmony, double onset, double bpm) {
        const auto place = static_cast<std::int32_t>(size());
        const auto end = ends_.find(stream);
        const std::int32_t before = end == ends_.end() ? none : end->second;
        Trace trace{onset,
                    static_cast<float>(bpm),
                    static_cast<std::int16_t>(value),
                    static_cast<std::int16_t>(harmony),
                    before,
                    none,
                    none,
                    none,
                    none,
                    none};
        ends_[stream] = place;
        if (before != none) traces_[static_cast<std::size_t>(before)].next = place;
        traces_.push(trace);
        link(by_value_, hash(value, 0, 0), place, &Trace::same_value);
        const std::int32_t earlier = before == none ? none : previous(before);
        if (earlier != none) {
            const int one = this->value(before);
            const int two = this->value(earlier);
            link(by_triple_, hash(value, one, two), place, &Trace::same_triple);
            if (value < pitches && one < pitches && two < pitches)
                link(by_steps_, hash(value - one, one - two, 0), place, &Trace::same_steps);
        }
        if (harmony > 0) {
            std::int32_t& head = by_harmony_[static_cast<std::size_t>(harmony)];
            traces_.back().same_harmony = head;
            head = place;
        }
    }

    // What the stream plays next does not go on from what it played.
    void end(std::int64_t stream) { ends_.erase(stream); }

    // At most `most` places where what was played (the newest last) was played before, those that agree on
    // the most events first, unmoved before moved, then the newest; `moved`: also in another key.
    void melodies(std::span<const int> played, bool moved, int least, std::size_t most,
                  std::span<const Interval> lost, std::vector<Lit>& found) const {
        found.clear();
        if (played.empty()) return;
        const int last = played.back();
        if (played.size() >= 3) {
            const int one = played[played.size() - 2];
            const int two = played[played.size() - 3];
            walk(by_triple_[hash(last, one, two)], &Trace::same_triple, lost, [&](std::int32_t place) {
                return keep(found, place, agreement(played, place, 0), 3, longest, 0);
            });
            if (moved && last < pitches && one < pitches && two < pitches) {
                walk(by_steps_[hash(last - one, one - two, 0)], &Trace::same_steps, lost,
                     [&](std::int32_t place) {
                         const int shift = last - value(place);
                         return shift != 0 &&
                                keep(found, place, agreement(played, place, shift), 3, longest, shift);
                     });
            }
        }
        if (found.size() < most) {
            walk(by_value_[hash(last, 0, 0)], &Trace::same_value, lost, [&](std::int32_t place) {
                return keep(found, place, agreement(played, place, 0), 1, 2, 0);
            });
        }
        std::erase_if(found, [&](const Lit& lit) { return lit.score < static_cast<double>(least); });
        std::sort(found.begin(), found.end(), [](const Lit& a, const Lit& b) {
            if (a.score != b.score) return a.score > b.score;
            if ((a.shift == 0) != (b.shift == 0)) return a.shift == 0;
            return a.place > b.place;
        });
        if (found.size() > most) found.resize(most);
    }

    struct Wanted {
        int harmony;
        double score;
        int shift;
    };

    // At most `most` places that sound in the harmonies wanted, those first that are wanted first, then the
    // newest.
    void places_in(std::span<const Wanted> wanted, std::size_t most, std::span<const Interval> lost,
                   std::vector<Lit>& found) const {
        found.clear();
        for (const Wanted& one : wanted) {
            if (one.harmony <= 0 || one.harmony >= static_cast<int>(harmonies)) continue;
            walk(by_harmony_[static_cast<std::size_t>(one.harmony)], &Trace::same_harmony, lost,
                 [&](std::int32_t place) {
                     if (found.size() >= most) return false;
                     found.push_back({place, one.score, one.shift});
                     return true;
                 });
            if (found.size() >= most) return;
        }
    }

    // How many events up to a place, moved, are as the last that were played.
    int agreement(std::span<const int> played, std::int32_t place, int shift) const {
        int agreed = 0;
        for (std::size_t i = played.size(); i > 0 && place != none && agreed < longest; --i) {
            const int there = value(place);
            if (there + shift != played[i - 1] || (shift != 0 && there >= pitches)) break;
            ++agreed;
            place = previous(place);
        }
        return agreed;
    }

    static bool is_lost(std::int32_t place, std::span<const Interval> lost) {
        return std::any_of(lost.begin(), lost.end(), [place](const Interval& span) {
            return place >= span.first && place < span.past;
        });
    }

  private:
    struct Trace {
        double onset;
        float bpm;
        std::int16_t value;
        std::int16_t harmony;
        std::int32_t previous;  // in its stream
        std::int32_t next;
        std::int32_t same_triple;  // the newest before it that may agree
        std::int32_t same_steps;
        std::int32_t same_value;
        std::int32_t same_harmony;
    };
    static constexpr std::size_t table = std::size_t{1} << 15;

    const Trace& at(std::int32_t place) const { return traces_[static_cast<std::size_t>(place)]; }

    static std::size_t hash(int a, int b, int c) {
        std::uint64_t h = static_cast<std::uint32_t>(a);
        h = h * 0x9E3779B97F4A7C15U + static_cast<std::uint32_t>(b);
        h = h * 0x9E3779B97F4A7C15U + static_cast<std::uint32_t>(c);
        h = (h ^ (h >> 29U)) * 0xBF58476D1CE4E5B9U;
        return static_cast<std::size_t>(h >> 49U);
    }

    void link(std::vector<std::int32_t>& heads, std::size_t bucket, std::int32_t place,
              std::int32_t Trace::*same) {
        traces_.back().*same = heads[bucket];
        heads[bucket] = place;
    }

    // Give the places of a list to `keeps`, newest first, until enough were kept or enough were looked at.
    template <class Keeps>
    void walk(std::int32_t place, std::int32_t Trace::*same, std::span<const Interval> lost,
              Keeps keeps) const {
        std::size_t kept = 0;
        for (std::size_t step = 0; place != none && step < steps && kept < agreeing; ++step) {
            if (!is_lost(place, lost) && keeps(place)) ++kept;
            place = at(place).*same;
        }
    }

    static bool keep(std::vector<Lit>& found, std::int32_t place, int agreed, int low, int high, int shift) {
        if (agreed < low || agreed > high) return false;
        found.push_back({place, static_cast<double>(agreed), shift});
        return true;
    }

    Chunks<Trace> traces_;
    std::unordered_map<std::int64_t, std::int32_t> ends_;  // of each stream; whoever appends bounds how many
    std::vector<std::int32_t> by_triple_;
    std::vector<std::int32_t> by_steps_;
    std::vector<std::int32_t> by_value_;
    std::array<std::int32_t, harmonies> by_harmony_{};
};

// What may be played next: an event, moved by a shift, and how high each influence has lit it.
struct Candidate {
    std::int32_t place;
    int shift;
    std::array<double, 3> heights;
};

class Peaks {
  public:
    static constexpr std::size_t most = 256;
    static constexpr int kinds = 3;
    static constexpr int of_harmony = 1;
    static constexpr int of_self = 2;
    static constexpr double together = 1.0 / 16.0;  // beats: peaks this near are one
    static constexpr double highest = 4.0;
    static constexpr int events_a_move = 64;

    std::size_t size() const { return peaks_.size(); }

    // Beats go by: each peak moves on along its stream and falls, to a tenth after `decay` beats; what falls
    // below `threshold`, or runs beyond the end by more than four beats, is gone.
    void move(const Traces& traces, double beats, double decay, double threshold) {
        const double fall =
            beats > 0.0 ? static_cast<double>(quick_exp(static_cast<float>(-2.302585093 * beats / decay)))
                        : 1.0;
        std::erase_if(peaks_, [&](Peak& peak) {
            peak.height *= fall;
            if (peak.height < threshold) return true;
            peak.offset += beats;
            for (int step = 0; step < events_a_move; ++step) {
                const std::int32_t next = traces.next(peak.place);
                if (next == Traces::none) return peak.offset > 4.0;
                const double gap = traces.onset(next) - traces.onset(peak.place);
                if (peak.offset < gap) return false;
                peak.offset -= gap;
                peak.place = next;
            }
            return true;
        });
    }

    // Light places now; a peak of the same kind and shift that stands there already grows by it, but a
    // harmony that goes on lights no brighter.
    void light(const Traces& traces, int kind, std::span<const Lit> lit) {
        for (const Lit& one : lit) {
            const std::int32_t before = traces.previous(one.place);
            const double gap = before != Traces::none ? traces.onset(one.place) - traces.onset(before) : 0.0;
            const auto there = std::find_if(peaks_.begin(), peaks_.end(), [&](const Peak& peak) {
                if (peak.kind != kind || peak.shift != one.shift) return false;
                if (peak.place == one.place) return peak.offset <= together;
                return peak.place == before && gap - peak.offset <= together;
            });
            if (there != peaks_.end()) {
                there->height = kind == of_harmony ? std::max(there->height, one.score)
                                                   : std::min(there->height + one.score, highest);
                there->place = there->origin = one.place;
                there->offset = 0.0;
            } else {
                peaks_.push_back({one.place, one.place, 0.0, one.score, kind, one.shift});
            }
        }
        if (peaks_.size() > most) {
            std::stable_sort(peaks_.begin(), peaks_.end(),
                             [](const Peak& a, const Peak& b) { return a.height > b.height; });
            peaks_.resize(most);
        }
    }

    // A peak by what may be played for it: the place and shift as one number that sorts, and which peak.
    struct Order {
        std::uint64_t key;
        std::int32_t place;
        std::uint32_t peak;
    };

    // What may be played now: for each peak the event nearest to where it stands; for what was heard so many
    // events later as `lead` says, for what the player played itself the one after that at least. In order of
    // place. `order` is room to sort in.
    void candidates(const Traces& traces, int lead, std::span<const Interval> lost,
                    std::vector<Candidate>& found, std::vector<Order>& order) const {
        order.clear();
        for (std::size_t i = 0; i < peaks_.size(); ++i) {
            const Peak& peak = peaks_[i];
            std::int32_t place = nearest(traces, peak);
            if (peak.kind == 0) {
                for (int step = 0; step < lead && place != Traces::none; ++step) place = traces.next(place);
            } else if (peak.kind == of_self && place == peak.origin) {
                place = traces.next(place);
            }
            if (place == Traces::none || Traces::is_lost(place, lost)) continue;
            const std::uint64_t shift = static_cast<std::uint32_t>(peak.shift) ^ 0x80000000U;
            const auto key = (static_cast<std::uint64_t>(static_cast<std::uint32_t>(place)) << 32U) | shift;
            order.push_back({key, place, static_cast<std::uint32_t>(i)});
        }
        std::sort(order.begin(), order.end(), [](const Order& a, const Order& b) {
            return a.key != b.key ? a.key < b.key : a.peak < b.peak;
        });
        found.clear();
        for (std::size_t i = 0; i < order.size(); ++i) {
            const Peak& peak = peaks_[order[i].peak];
            if (i == 0 || order[i].key != order[i - 1].key) found.push_back({order[i].place, peak.shift, {}});
            double& height = found.back().heights[static_cast<std::size_t>(peak.kind)];
            height = peak.kind == of_harmony ? std::max(height, peak.height) : height + peak.height;
        }
    }

  private:
    struct Peak {
        std::int32_t place;   // the last event that it has reached
        std::int32_t origin;  // where it was lit
        double offset;        // beats since that event's onset
        double height;
        int kind;
        int shift;
    };

    static std::int32_t nearest(const Traces& traces, const Peak& peak) {
        const std::int32_t next = traces.next(peak.place);
        if (next == Traces::none) return peak.place;
        const double gap = traces.onset(next) - traces.onset(peak.place);
        return peak.offset > gap - peak.offset ? next : peak.place;
    }

    std::vector<Peak> peaks_;
};

}  // namespace sideman
