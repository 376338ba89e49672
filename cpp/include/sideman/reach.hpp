// How far a player that follows has come: what is lit for it, where it stands, what it played itself.
//
// What lights what is decided here; what is played of it is `reaction.hpp`'s. Nothing locks; lists allocate
// until they have grown.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "activation.hpp"
#include "manner.hpp"

namespace sideman {

// Where a player stands: what it played last, and how.
struct Footing {
    std::int32_t place = Traces::none;  // of its last source
    int shift = 0;
    double bpm = 0.0;  // the mean tempo of its last sources, 0: unknown
};

// Where it goes next.
struct Step {
    std::int32_t place;
    int shift;
    int value;
    double bpm;    // there, 0: unknown
    bool carried;  // what it heard had lit it
};

class Reach {
  public:
    static constexpr int melodic = 0;
    static constexpr int harmonic = 1;
    static constexpr int own = 2;
    static constexpr std::size_t lights = 16;   // places that one influence of one event lights
    static constexpr double whole = 4.0;        // agreement on so many events lights as high as anything
    static constexpr std::size_t sources = 64;  // of its last ones so many are remembered
    static constexpr std::size_t values = 8;    // and so many of its last values
    static constexpr double tempi = 5.0;        // its tempo is a mean over about so many sources

    explicit Reach(double at = -std::numeric_limits<double>::infinity()) : beat(at) {}

    Peaks peaks;
    double beat;  // up to which time has moved the peaks
    Footing standing;
    int run = 0;                       // of events in a row from one place that nothing it heard had lit
    int copied = 0;                    // of events in a row from one place
    std::vector<std::int32_t> recent;  // its last sources
    std::vector<int> played;           // its last values

    // The place after its last source: asked anew each time, since what it learns meanwhile may lie there.
    std::int32_t following(const Traces& traces) const {
        return standing.place == Traces::none ? Traces::none : traces.next(standing.place);
    }

    // Time goes by, up to a beat.
    void pass(const Traces& traces, const Manner& manner, double now) {
        const double passed = std::isfinite(beat) ? std::max(0.0, now - beat) : 0.0;
        peaks.move(traces, passed, manner.decay_beats, manner.threshold);
        beat = now;
    }

    // What has just been heard (the newest value last) lights places, by melody and by harmony.
    void hear(const Traces& traces, const Manner& manner, std::span<const int> heard,
              std::span<const Traces::Wanted> harmonies, std::span<const Interval> lost) {
        find(traces, manner, heard, manner.least, lost);
        peaks.light(traces, melodic, lit_);
        traces.places_in(harmonies, lights, lost, lit_);
        peaks.light(traces, harmonic, lit_);
        lit_.clear();
    }

    // It has played an event: where it stands, and what that lights.
    void go(const Traces& traces, const Manner& manner, const Step& step, std::span<const Interval> lost) {
        const bool follows = step.place == following(traces);
        run = step.carried ? 0 : follows ? run + 1 : 1;
        copied = follows ? copied + 1 : 1;
        double bpm = step.bpm != 0.0 ? step.bpm : standing.bpm;
        if (step.bpm != 0.0 && standing.bpm != 0.0) bpm = standing.bpm + (step.bpm - standing.bpm) / tempi;
        standing = {step.place, step.shift, bpm};
        keep(recent, step.place, sources);
        keep(played, step.value < Traces::pitches ? step.value + step.shift : step.value, values);
        find(traces, manner, played, 1, lost);
        const bool there = std::any_of(lit_.begin(), lit_.end(), [&](const Lit& lit) {
            return lit.place == step.place && lit.shift == step.shift;
        });
        if (!there) lit_.push_back({step.place, 1.0 / whole, step.shift});
        peaks.light(traces, own, lit_);
        lit_.clear();
    }

  private:
    template <class T>
    static void keep(std::vector<T>& last, T value, std::size_t most) {
        if (last.size() >= most) last.erase(last.begin());
        last.push_back(value);
    }

    // The places where a melody was played before, each as high as it agrees.
    void find(const Traces& traces, const Manner& manner, std::span<const int> melody, int least,
              std::span<const Interval> lost) {
        traces.melodies(melody, manner.moves_at_all(), std::max(1, least), lights, lost, lit_);
        std::erase_if(lit_, [&](const Lit& lit) { return !manner.may_move(lit.shift); });
        for (Lit& lit : lit_) lit.score = std::min(1.0, lit.score / whole);
    }

    std::vector<Lit> lit_;  // empty between calls
};

}  // namespace sideman
