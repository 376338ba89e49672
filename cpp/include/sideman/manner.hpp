// How a player follows: its parameters, read once.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "activation.hpp"

namespace sideman {

struct Manner {
    std::array<double, Peaks::kinds> weights{};  // of the influences
    double decay_beats = 4.0;
    double phase = 0.0;          // how much another place in the beat counts against a place
    double bonus = 1.0;          // of what goes on from the last event
    double tempo = 0.0;          // how much another tempo counts against a place
    double transposition = 0.0;  // how much being moved otherwise than the last counts against it
    double threshold = 0.1;      // below it a peak is dark
    int lead = 1;                // events after what was heard
    int least = 1;               // events that agree, for a melody to light a place
    int continuity = 0;          // events in a row from one place that nothing heard lit; 0: any number
    int taboo = 0;               // of its last sources so many are left out
    int longest_copy = 0;        // events; 0: however long
    bool anywhere = true;        // moved by any semitones
    std::vector<int> moves;      // else by these, ascending

    bool may_move(int shift) const {
        return anywhere || std::binary_search(moves.begin(), moves.end(), shift);
    }
    bool moves_at_all() const {
        return anywhere || std::any_of(moves.begin(), moves.end(), [](int shift) { return shift != 0; });
    }
};

}  // namespace sideman
