// The n-gram natively, for the sanitizers: sums, exclusion and unlearning against a fresh model, bounded
// work.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <sideman/ngram.hpp>
#include <vector>

using namespace sideman;

namespace {

View plain(int order) {
    View view;
    for (int lag = 1; lag < order; ++lag) view.features.push_back({Look::symbol, 0, lag});
    return view;
}

// Several views of one component, one of them relative and one brief.
std::vector<View> several() {
    View steps{0, 1, 0, false, {{Look::step, 0, 1}, {Look::step, 0, 2}}};
    View brief = plain(3);
    brief.brief = true;
    return {plain(4), steps, brief};
}

std::vector<double> predicted(NGram& ngram, const std::vector<std::int32_t>& played,
                              std::span<const Interval> without = {}) {
    Past past;
    for (const std::int32_t id : played) past.push(id);
    NGramScratch scratch;
    ngram.predict(past, {}, {}, without, scratch);
    std::vector<double> p{scratch.p.back()};
    for (const std::int32_t number : ngram.numbers(0).ascending())
        p.push_back(scratch.p[static_cast<std::size_t>(number)]);
    double sum = 0.0;
    for (const double each : p) sum += each;
    REQUIRE(sum == doctest::Approx(1.0).epsilon(1e-9));
    return p;
}

void same(const std::vector<double>& one, const std::vector<double>& other) {
    REQUIRE(one.size() == other.size());
    for (std::size_t i = 0; i < one.size(); ++i) REQUIRE(std::abs(one[i] - other[i]) <= 1e-9);
}

}  // namespace

TEST_CASE("what is left out and what is forgotten does not count, in any order") {
    std::mt19937 draw(7117);
    for (int round = 0; round < 60; ++round) {
        const auto smoothing = round % 2 == 0 ? Smoothing::kneser_ney : Smoothing::ppm;
        const int order = 1 + static_cast<int>(draw() % 16);
        const double half_life = round % 3 == 0 ? 32.0 : 0.0;
        NGram ngram(nullptr, 1, {plain(order)}, smoothing, half_life);
        NGram fresh(nullptr, 1, {plain(order)}, smoothing, half_life);
        NGramScratch scratch;
        std::vector<std::int32_t> symbols;
        for (int i = 0; i < 200; ++i) {
            symbols.push_back(1 + static_cast<std::int32_t>(draw() % 5));
            ngram.learn(symbols.back(), 0, {}, scratch, true, i);
            const auto first = static_cast<Position>(draw() % 200);
            const Interval out[] = {{first, first + static_cast<Position>(draw() % 60)}};
            predicted(ngram, symbols, out);
        }
        const Position first = 50;
        const Position past = 50 + static_cast<Position>(draw() % 100);
        ngram.unlearn(first, past, scratch);
        for (Position p = 0; p < 200; ++p) {
            if (p == first) fresh.end(0);
            if (p >= first && p < past) continue;
            fresh.learn(symbols[static_cast<std::size_t>(p)], 0, {}, scratch, true, static_cast<double>(p));
        }
        same(predicted(ngram, symbols), predicted(fresh, symbols));
        same(predicted(ngram, {}), predicted(fresh, {}));
    }
}

TEST_CASE("several views sum to one whatever is learned, forgotten and left out, while the alphabet grows") {
    std::mt19937 draw(1);
    NGram ngram(nullptr, 1, several(), Smoothing::kneser_ney);
    NGramScratch scratch;
    std::vector<std::int32_t> symbols;
    for (int i = 0; i < 1500; ++i) {
        symbols.push_back(1 + static_cast<std::int32_t>(draw() % static_cast<unsigned>(2 + i / 50)));
        ngram.learn(symbols.back(), static_cast<std::int32_t>(draw() % 3), {}, scratch);
        if (draw() % 40 == 0) ngram.end(static_cast<std::int32_t>(draw() % 3));
        if (draw() % 100 == 0) ngram.piece();
        if (draw() % 50 == 0) {
            const auto first = static_cast<Position>(draw() % symbols.size());
            ngram.unlearn(first, std::min<Position>(first + 20, ngram.size()), scratch);
        }
        const auto first = static_cast<Position>(draw() % symbols.size());
        const Interval out[] = {{first, first + 10}, {0, 5}};
        predicted(ngram, {symbols.end() - std::min<std::ptrdiff_t>(3, std::ssize(symbols)), symbols.end()},
                  out);
    }
}

TEST_CASE("a long exclusion takes at most so many positions out, the newest, and all of them come back") {
    NGram ngram(nullptr, 1, {plain(5)}, Smoothing::kneser_ney);
    NGram fresh(nullptr, 1, {plain(5)}, Smoothing::kneser_ney);
    NGramScratch scratch;
    for (int i = 0; i < 5000; ++i) {
        ngram.learn(1 + i % 7, 0, {}, scratch);
        fresh.learn(1 + i % 7, 0, {}, scratch);
    }
    const Interval all[] = {{0, 1 << 30}};
    const Interval newest[] = {{5000 - static_cast<Position>(NGram::most_out), 5000}};
    same(predicted(ngram, {1, 2}, all), predicted(fresh, {1, 2}, newest));
    same(predicted(ngram, {1, 2}), predicted(fresh, {1, 2}));
    ngram.learn(9, 0, {}, scratch);  // within the exclusion that is asked for again
    fresh.learn(9, 0, {}, scratch);
    const Interval moved[] = {{5001 - static_cast<Position>(NGram::most_out), 5001}};
    same(predicted(ngram, {1, 2}, all), predicted(fresh, {1, 2}, moved));
}

TEST_CASE("a stuck sensor and a short loop make no more contexts than they have") {
    for (const int letters : {1, 7}) {
        NGram ngram(nullptr, 1, {plain(16)}, Smoothing::kneser_ney);
        NGramScratch scratch;
        for (int i = 0; i < 100000; ++i) ngram.learn(1 + i % letters, 0, {}, scratch);
        CHECK(ngram.contexts() <= static_cast<std::uint64_t>(16 * (letters + 1) + 16));
        CHECK(ngram.bytes() <= 100000 * 26 + 400000);
    }
}
