// What lights up in a memory: bounded work however long it is, and nothing read beyond its ends.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <sideman/activation.hpp>
#include <sideman/chance.hpp>
#include <vector>

using namespace sideman;

namespace {

int drawn(std::uint32_t at, std::uint32_t below) {
    return static_cast<int>(philox({at, 1, 2, 3}, {4, 5})[0] % below);
}

Traces long_memory(int events, int pitches) {
    Traces traces;
    for (int i = 0; i < events; ++i)
        traces.append(i % 3, 60 + drawn(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(pitches)),
                      i % 5, i / 2.0, 120.0);
    return traces;
}

}  // namespace

TEST_CASE("an empty memory has no places, and nothing moves in it") {
    const Traces traces;
    std::vector<Lit> lit;
    traces.melodies(std::array{60, 62, 64}, true, 1, 16, {}, lit);
    CHECK(lit.empty());
    traces.melodies({}, true, 1, 16, {}, lit);
    CHECK(lit.empty());
    const std::array wanted{Traces::Wanted{1, 1.0, 0}, Traces::Wanted{-7, 1.0, 0},
                            Traces::Wanted{999, 1.0, 0}};
    traces.places_in(wanted, 16, {}, lit);
    CHECK(lit.empty());
    Peaks peaks;
    peaks.move(traces, 4.0, 4.0, 0.1);
    CHECK(peaks.size() == 0);
}

TEST_CASE("however long the memory, no more places light up than asked for, and each agrees") {
    const Traces traces = long_memory(50'000, 4);
    std::vector<Lit> lit;
    std::vector<int> played{60, 61, 62};
    for (std::uint32_t i = 0; i < 500; ++i) {
        played.push_back(60 + drawn(i + 1'000'000, 4));
        if (played.size() > 8) played.erase(played.begin());
        traces.melodies(played, true, 1, 16, {}, lit);
        CHECK(!lit.empty());
        CHECK(lit.size() <= 16);
        for (const Lit& one : lit) CHECK(traces.agreement(played, one.place, one.shift) == one.score);
    }
}

TEST_CASE("peaks run off the end of a stream, are bounded, and fade") {
    const Traces traces = long_memory(3'000, 12);
    Peaks peaks;
    std::vector<Lit> lit;
    std::vector<Candidate> found;
    std::vector<Peaks::Order> order;
    for (std::uint32_t i = 0; i < 400; ++i) {
        lit.clear();
        for (std::uint32_t k = 0; k < 16; ++k)
            lit.push_back({drawn(i * 16 + k, 3'000), 0.5, static_cast<int>(k % 3)});
        peaks.light(traces, static_cast<int>(i % 3), lit);
        CHECK(peaks.size() <= Peaks::most);
        peaks.move(traces, 0.25 * drawn(i, 40), 8.0, 0.01);
        for (int lead = 0; lead < 3; ++lead) peaks.candidates(traces, lead, {}, found, order);
        for (const Candidate& one : found) CHECK(one.place < static_cast<std::int32_t>(traces.size()));
    }
    peaks.move(traces, 100.0, 4.0, 0.01);
    CHECK(peaks.size() == 0);
}
