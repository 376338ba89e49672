// OSC address patterns: `*` `?` `[a-c]` `[!a]` `{a,b}`, matched in time linear in pattern times address.
//
// A pattern's bytes are the states of an automaton that is run forward once, so no pattern can make it go
// back; `*` and `?` do not cross a `/`. Nothing here throws, allocates or locks. Source: Thompson, "Regular
// expression search algorithm", CACM 11(6), 1968, for running all states at once.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sideman::osc {

inline constexpr std::size_t max_pattern_bytes = 255;

// Whether an address has any character that makes it a pattern. O(n), realtime-safe.
constexpr bool is_pattern(std::string_view address) {
    return address.find_first_of("*?[{") != std::string_view::npos;
}

enum class Match { no, yes, malformed };

namespace detail {

// Whether brackets and braces are closed and not nested.
constexpr bool well_formed(std::string_view pattern) {
    char open = 0;
    for (const char letter : pattern) {
        if (open == '[') {
            if (letter == ']') open = 0;
        } else if (letter == '{' || letter == '[') {
            if (open != 0) return false;
            open = letter;
        } else if (letter == '}') {
            if (open != '{') return false;
            open = 0;
        } else if (letter == ']') {
            return false;
        } else if (open == '{' && (letter == '*' || letter == '?')) {
            return false;
        }
    }
    return open == 0;
}

// Whether a letter is in the class whose `[` stands at `at`; `behind` is set to what follows its `]`.
constexpr bool in_class(std::string_view pattern, std::size_t at, char letter, std::size_t& behind) {
    std::size_t i = at + 1;
    const bool negated = i < pattern.size() && pattern[i] == '!';
    if (negated) ++i;
    bool found = false;
    for (; i < pattern.size() && pattern[i] != ']'; ++i) {
        if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
            found = found || (pattern[i] <= letter && letter <= pattern[i + 2]);
            i += 2;
        } else {
            found = found || pattern[i] == letter;
        }
    }
    behind = i + 1;
    return found != negated && letter != '/';
}

}  // namespace detail

// Match an address against a pattern. `steps`, if given, is raised by the states that were visited, at most
// 2 * (pattern + 1) * (address + 1). Realtime-safe.
inline Match match(std::string_view pattern, std::string_view address, std::size_t* steps = nullptr) {
    using States = std::bitset<max_pattern_bytes + 1>;
    if (pattern.size() > max_pattern_bytes || !detail::well_formed(pattern)) return Match::malformed;
    std::size_t work = 0;
    const std::size_t end = pattern.size();

    // Where one may go without a letter: into each alternative, out of one, over a star. All lead forward.
    const auto close = [&](States& states) {
        std::size_t brace = end;
        bool inside = false;
        for (std::size_t i = 0; i < end; ++i) {
            ++work;
            const char letter = pattern[i];
            if (letter == '{') {
                inside = true;
                brace = pattern.find('}', i);
                if (states[i]) {
                    states.set(i + 1);
                    for (std::size_t k = i + 1; k < brace; ++k) {
                        if (pattern[k] == ',') states.set(k + 1);
                    }
                }
            } else if (inside && (letter == ',' || letter == '}')) {
                // A comma that ends an alternative; one reached from the brace itself is that of an empty
                // one.
                if (states[i] && (letter == '}' || i < brace)) states.set(brace + 1);
                if (letter == '}') inside = false;
            } else if (letter == '*' && states[i]) {
                states.set(i + 1);
            } else if (letter == '[') {
                i = pattern.find(']', i);
            }
        }
    };

    States states;
    states.set(0);
    close(states);
    for (const char letter : address) {
        States next;
        bool inside = false;
        for (std::size_t i = 0; i < end; ++i) {
            const char wanted = pattern[i];
            ++work;
            if (wanted == '{') {
                inside = true;
            } else if (wanted == '}') {
                inside = false;
            } else if (wanted == '[') {
                std::size_t behind = 0;
                const bool member = detail::in_class(pattern, i, letter, behind);
                if (states[i] && member) next.set(behind);
                i = behind - 1;
            } else if (!states[i]) {
                continue;
            } else if (wanted == '*') {
                if (letter != '/') next.set(i);
            } else if (wanted == '?') {
                if (letter != '/') next.set(i + 1);
            } else if (wanted == letter && !(inside && wanted == ',')) {
                next.set(i + 1);
            }
        }
        close(next);
        states = next;
        if (states.none()) break;
    }
    if (steps != nullptr) *steps += work;
    return states[end] ? Match::yes : Match::no;
}

}  // namespace sideman::osc
