// A view: what of the past a part of the n-gram looks at, nearest first, and what of the next event it
// predicts.
//
// It is the core's side of a viewpoint (Conklin & Witten 1995): features of the events before, of the
// components of the next event that are chosen already, and a target that is a component's value itself or
// its distance from an earlier one. Nothing here allocates.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "alphabet.hpp"
#include "past.hpp"

namespace sideman {

enum class Look : std::uint8_t {
    symbol,       // the whole symbol `lag` events ago
    value,        // component `component` of it
    step,         // that minus the same component one event (`back`) earlier
    chosen,       // component `component` of the next event
    chosen_step,  // that minus the same component `lag` events ago
    place,        // how many events have passed, modulo `lag`
    run,          // for how many events, at most `lag`, the symbol has not changed
    turn,         // component `component` at the `lag`-th last change of the symbol
    turn_step,    // the step of component `component` at that change
    folded,       // a character in lower case, `lag` ago
    shape,        // a character's kind, `lag` ago
    word,         // the word, `lag` words back, as far as it is written
    around,       // what is known of the next event beside its symbol: chord, place in the bar
    around_step,  // that minus component 0 of the event `lag` ago; `back` - 1 is added to it first
    classes,      // which of the twelve classes the last `lag` values have, counted from the last one's
    key,          // the last value in the key that the last `lag` values are nearest to, and its mode
    heading,      // for how many steps, at most `lag`, it has gone up or down
    stretch,      // how far it has come since it turned last, within `lag` steps
    level,        // how far the last value lies from the mean of the last `lag`, in thirds
    again,        // how long ago, at most `lag`, the last value was there before
    ago  // component `component` of what began `lag` half beats before the next event; `back` - 1 is the
         // component that tells the time from one event to the next, `modulo` its ruler
};

struct Feature {
    Look look;
    int component = 0;
    int lag = 1;
    int back = 1;
    int modulo = 0;  // steps are taken modulo this; 0: as they are
};

struct View {
    int target = 0;    // a component
    int relative = 0;  // 0: its value; else its distance from the value that many events ago
    int modulo = 0;
    bool brief = false;  // it learns the running piece alone
    std::vector<Feature> features;
};

namespace looking {

constexpr std::int32_t nothing = -1;  // before the first event
constexpr std::int32_t middle = 1 << 20;

// Values from 13 on are outside a circle of 12 (as "no chord" is), and keep their names.
inline std::int32_t distance(std::int32_t to, std::int32_t from, int modulo) {
    if (modulo <= 0) return to - from + middle;
    if (to > modulo || from > modulo) {
        return 2 * middle + 64 * std::min(to, modulo + 1) + std::min(from, modulo + 1);
    }
    return ((to - from) % modulo + modulo) % modulo;
}

inline bool is_letter(std::int32_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 192 || c == '\'' ||
           (c >= '0' && c <= '9');
}

inline std::int32_t folded(std::int32_t c) {
    return (c >= 'A' && c <= 'Z') || (c >= 192 && c < 222) ? c + 32 : c;
}

inline std::int32_t shape(std::int32_t c) {
    if (!is_letter(c)) return c;
    if (c >= '0' && c <= '9') return 2;
    return folded(c) == c ? 1 : 3;
}

}  // namespace looking

// What a view can see: the past, the symbols' alphabet (null: ids are values), what of the next event is
// chosen.
struct Sight {
    const Past* past;
    const Alphabet* alphabet;
    std::span<const Value> chosen;
    std::span<const Value> around;

    Value value(int lag, int component) const {
        const std::int32_t id = past->id(lag);
        if (id == 0) return looking::nothing;
        return alphabet == nullptr ? id : alphabet->value(id, static_cast<std::size_t>(component));
    }
};

namespace looking {

// The lag of the `n`-th last change: 1 is where the present symbol began; 0: further back than one may look.
inline int turn(const Past& past, int n) {
    int lag = 1;
    for (int found = 0; lag <= past.length(); ++lag) {
        if (lag == past.length() || past.id(lag + 1) != past.id(lag)) {
            if (++found == n) return lag;
        }
    }
    return 0;
}

inline std::int32_t word(const Sight& sight, int back) {
    int lag = 1;
    const int length = sight.past->length();
    for (int k = 0; k < back; ++k) {
        while (lag <= length && is_letter(sight.value(lag, 0))) ++lag;
        while (lag <= length && !is_letter(sight.value(lag, 0))) ++lag;
    }
    std::uint64_t key = 17;
    for (; lag <= length && is_letter(sight.value(lag, 0)); ++lag) {
        key = spread(key + static_cast<std::uint32_t>(folded(sight.value(lag, 0))));
    }
    return static_cast<std::int32_t>(key & 0x7FFFFFFFU);
}

inline std::int32_t run(const Past& past, int most) {
    int n = 0;
    while (n < most && n < past.length() && past.id(n + 1) == past.id(1)) ++n;
    return n;
}

// How many of the last `most` values there are.
inline int within(const Past& past, int most) { return std::min(most, past.length()); }

inline std::int32_t classes(const Sight& sight, int component, int most) {
    const int n = within(*sight.past, most);
    if (n == 0) return nothing;
    const Value last = sight.value(1, component);
    std::int32_t seen = 0;
    for (int lag = 1; lag <= n; ++lag) seen |= 1 << distance(sight.value(lag, component), last, 0) % 12;
    return seen;
}

// The key by the correlation of twelve counts with profiles of how well each degree fits (Krumhansl & Kessler
// 1982, centred, to equal length, in thousandths): 12 times the mode, and the last value's degree.
inline std::int32_t key(const Sight& sight, int component, int most) {
    constexpr std::array<std::array<int, 12>, 2> fits{
        {{655, -287, 1, -263, 206, 139, -219, 391, -249, 41, -274, -138},
         {632, -243, -45, 401, -265, -42, -281, 248, 66, -241, -88, -126}}};
    const int n = within(*sight.past, most);
    if (n == 0) return nothing;
    std::array<int, 12> counts{};
    for (int lag = 1; lag <= n; ++lag) ++counts[static_cast<std::size_t>(sight.value(lag, component) % 12)];
    int best = 0;
    int most_fitting = 0;
    for (int mode = 0; mode < 2; ++mode) {
        for (int tonic = 0; tonic < 12; ++tonic) {
            int sum = 0;
            for (int degree = 0; degree < 12; ++degree) {
                sum += counts[static_cast<std::size_t>((tonic + degree) % 12)] *
                       fits[static_cast<std::size_t>(mode)][static_cast<std::size_t>(degree)];
            }
            if (sum > most_fitting) {
                most_fitting = sum;
                best = 12 * mode + (sight.value(1, component) - tonic + 12 * 12) % 12;
            }
        }
    }
    return best;
}

// Steps of one direction that led here: how many, or how far they went.
inline std::int32_t heading(const Sight& sight, int component, int most, bool far) {
    const int n = within(*sight.past, most + 1);
    int steps = 0;
    for (int lag = 1; lag < n; ++lag) {
        const int step = sight.value(lag, component) - sight.value(lag + 1, component);
        if (step == 0 || (steps != 0 && (step > 0) != (steps > 0))) break;
        steps += step > 0 ? 1 : -1;
    }
    if (!far || steps == 0) return steps + middle;
    return distance(sight.value(1, component), sight.value(1 + std::abs(steps), component), 0);
}

inline std::int32_t level(const Sight& sight, int component, int most) {
    const int n = within(*sight.past, most);
    if (n == 0) return nothing;
    int sum = 0;
    for (int lag = 1; lag <= n; ++lag) sum += sight.value(lag, component);
    return (3 * middle + (sight.value(1, component) * n - sum) / n + 1) / 3;
}

inline std::int32_t again(const Sight& sight, int component, int most) {
    const int n = within(*sight.past, most + 1);
    for (int lag = 2; lag <= n; ++lag) {
        if (sight.value(lag, component) == sight.value(1, component)) return lag - 1;
    }
    return most + 1;
}

// How long the classes of a component of time are, in 24ths of a beat: the corpora's thirteen (ruler 0), or
// two to the octave, the thirteenth a beat long (ruler 1).
inline int ticks(int ruler, Value value) {
    constexpr std::array<int, 13> thirteen{3, 4, 6, 8, 12, 16, 18, 24, 36, 48, 72, 96, 192};
    constexpr std::array<int, 25> octaves{0,  1,  1,  1,  2,   2,   3,   4,   6,   8,   12,   17,  24,
                                          34, 48, 68, 96, 136, 192, 272, 384, 543, 768, 1086, 1536};
    const int at = std::max(value, 1) - 1;
    return ruler == 0 ? thirteen[static_cast<std::size_t>(std::min(at, 12))]
                      : octaves[static_cast<std::size_t>(std::min(at, 24))];
}

inline std::int32_t ago(const Sight& sight, const Feature& f) {
    constexpr int near = 2;  // ticks
    const int wanted = 12 * f.lag;
    int passed = 0;
    for (int lag = 1; lag <= sight.past->length(); ++lag) {
        passed += ticks(f.modulo, sight.value(lag, f.back - 1));
        if (passed + near < wanted) continue;
        return passed - near <= wanted ? sight.value(lag, f.component) : nothing - 1;
    }
    return nothing - 2;
}

// From a value played to one around it; in a circle of `modulo`, one more is none (as "no chord" is).
inline std::int32_t around_step(Value to, Value from, int modulo) {
    if (from == nothing || (modulo > 0 && to > modulo)) return nothing - (from == nothing ? 1 : 2);
    return modulo > 0 ? ((to - from) % modulo + modulo) % modulo : to - from + middle;
}

inline std::int32_t see(const Feature& f, const Sight& sight) {
    const auto component = static_cast<std::size_t>(f.component);
    switch (f.look) {
        case Look::symbol:
            return f.lag > sight.past->length() ? nothing : sight.past->id(f.lag);
        case Look::value:
            return sight.value(f.lag, f.component);
        case Look::step: {
            const Value to = sight.value(f.lag, f.component);
            const Value from = sight.value(f.lag + f.back, f.component);
            if (to == nothing) return nothing;
            return from == nothing ? nothing - 1 : distance(to, from, f.modulo);
        }
        case Look::chosen:
            return sight.chosen[component];
        case Look::chosen_step: {
            const Value from = sight.value(f.lag, f.component);
            return from == nothing ? nothing - 1 : distance(sight.chosen[component], from, f.modulo);
        }
        case Look::place:
            return sight.past->index() % f.lag;
        case Look::run:
            return run(*sight.past, f.lag);
        case Look::turn: {
            const int lag = turn(*sight.past, f.lag);
            return lag == 0 ? nothing : sight.value(lag, f.component);
        }
        case Look::turn_step: {
            const int lag = turn(*sight.past, f.lag);
            const int before = turn(*sight.past, f.lag + 1);
            if (lag == 0) return nothing;
            if (before == 0) return nothing - 1;
            return distance(sight.value(lag, f.component), sight.value(before, f.component), f.modulo);
        }
        case Look::folded: {
            const Value c = sight.value(f.lag, 0);
            return c == nothing ? nothing : folded(c);
        }
        case Look::shape: {
            const Value c = sight.value(f.lag, 0);
            return c == nothing ? nothing : shape(c);
        }
        case Look::word:
            return word(sight, f.lag);
        case Look::around:
            return component < sight.around.size() ? sight.around[component] : nothing - 1;
        case Look::around_step:
            return component < sight.around.size()
                       ? around_step(sight.around[component] + f.back - 1, sight.value(f.lag, 0), f.modulo)
                       : nothing - 1;
        case Look::classes:
            return classes(sight, f.component, f.lag);
        case Look::key:
            return key(sight, f.component, f.lag);
        case Look::heading:
            return heading(sight, f.component, f.lag, false);
        case Look::stretch:
            return heading(sight, f.component, f.lag, true);
        case Look::level:
            return level(sight, f.component, f.lag);
        case Look::ago:
            return ago(sight, f);
        case Look::again:
            return again(sight, f.component, f.lag);
    }
    return nothing;
}

}  // namespace looking

}  // namespace sideman
