// The scenario natively, for the sanitizers: against a plain search, and bounded.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <random>
#include <sideman/scenario.hpp>
#include <vector>

using namespace sideman;

namespace {

BeatLabel random_label(std::mt19937& random) {
    const auto family = static_cast<std::int32_t>(random() % 3 + 1);
    if (family == 3) return {3, 9, -1};
    return {family, static_cast<std::int32_t>(random() % 2 + 2 * static_cast<unsigned>(family)),
            static_cast<std::int8_t>(random() % 3 * 5)};
}

// How long a place agrees under its best move, by trying each.
std::int32_t plain(const Scenario& scenario, std::int32_t from, const std::vector<BeatLabel>& asked,
                   std::uint32_t moves) {
    std::int32_t best = 0;
    for (std::int32_t move = 0; move < 12; ++move) {
        if ((moves >> static_cast<unsigned>(move) & 1U) == 0) continue;
        std::int32_t length = 0;
        for (std::int32_t at = from; at != Scenario::none && length < static_cast<std::int32_t>(asked.size());
             at = scenario.next(at), ++length) {
            const BeatLabel& wanted = asked[static_cast<std::size_t>(length)];
            const BeatLabel there = scenario.label(at);
            if (scenario.gone(at)) break;
            if (wanted.family == 0) continue;
            const std::int32_t root = there.root < 0 ? -1 : (there.root + move) % 12;
            if (wanted.family != there.family || (wanted.kind != 0 && wanted.kind != there.kind) ||
                wanted.root != root)
                break;
        }
        best = std::max(best, length);
    }
    return best;
}

}  // namespace

TEST_CASE("the longest are those that a plain search finds, whatever is gone, excluded or wild") {
    std::mt19937 random(7);
    for (int round = 0; round < 60; ++round) {
        Scenario scenario;
        for (int i = 0; i < 120; ++i)
            scenario.append(static_cast<std::int32_t>(random() % 3), random_label(random), random() % 9 != 0);
        for (int i = 0; i < 4; ++i) {
            const auto first = static_cast<std::int32_t>(random() % 120);
            scenario.drop(first, first + 2);
        }
        for (int question = 0; question < 20; ++question) {
            std::vector<BeatLabel> asked;
            for (std::size_t i = 0; i < 1 + random() % 12; ++i)
                asked.push_back(random() % 6 == 0 ? BeatLabel{} : random_label(random));
            if (question % 2 == 0)
                for (BeatLabel& label : asked) label.kind = 0;
            const std::uint32_t moves = question % 3 == 0 ? 1U : 0xFFFU;
            const std::vector<Interval> exclude{{10, 14}, {50, 51}};
            std::vector<BeatMatch> found;
            scenario.longest(asked, {moves, exclude, 64, 1000, random()}, found);
            std::int32_t best = 0;
            std::size_t many = 0;
            for (std::int32_t at = 0; at < scenario.size(); ++at) {
                if (contains(exclude, at)) continue;
                const std::int32_t length = plain(scenario, at, asked, moves);
                if (length > best) many = 0;
                best = std::max(best, length);
                many += length == best ? 1 : 0;
            }
            CHECK(found.size() == (best == 0 ? 0 : many));
            for (const BeatMatch& match : found) {
                CHECK(match.length == best);
                CHECK(plain(scenario, match.position, asked, moves) == best);
            }
        }
    }
}

TEST_CASE("a question compares a bounded number of beats") {
    Scenario scenario;
    for (int i = 0; i < 200'000; ++i) scenario.append(0, {1, 1, 0}, i % 15 != 0);
    const std::vector<BeatLabel> asked(128, BeatLabel{1, 1, 0});
    std::vector<BeatMatch> found;
    scenario.longest(asked, {0xFFF, {}, 128, 32, 1}, found);
    CHECK(scenario.work() < Scenario::most_work + 16 * 129);
    CHECK(found.size() == 32);
    CHECK(found[0].length == 15);
}
