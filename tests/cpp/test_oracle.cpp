// The prediction core natively, for the sanitizers: oracle, alphabet, walk, portable arithmetic.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <random>
#include <sideman/standings.hpp>
#include <sideman/walk.hpp>
#include <vector>

using namespace sideman;

namespace {

// The textbook's construction: quadratic, plain.
struct Naive {
    explicit Naive(const std::vector<std::int32_t>& symbols)
        : link(symbols.size() + 1, 0), lrs(symbols.size() + 1, 0), to(symbols.size() + 1) {
        link[0] = -1;
        for (std::size_t m = 0; m < symbols.size(); ++m) {
            const std::int32_t symbol = symbols[m];
            const auto state = static_cast<std::int32_t>(m + 1);
            to[m].push_back({symbol, state});
            auto last = static_cast<std::int32_t>(m);
            std::int32_t walk = link[m];
            while (walk > -1 && find(walk, symbol) < 0) {
                to[static_cast<std::size_t>(walk)].push_back({symbol, state});
                last = walk;
                walk = link[static_cast<std::size_t>(walk)];
            }
            link[m + 1] = walk == -1 ? 0 : find(walk, symbol);
            if (link[m + 1] == 0) continue;
            std::int32_t other = link[m + 1] - 1;
            std::int32_t common = 0;
            if (other == link[static_cast<std::size_t>(last)]) {
                common = lrs[static_cast<std::size_t>(last)];
            } else {
                while (link[static_cast<std::size_t>(other)] != link[static_cast<std::size_t>(last)]) {
                    other = link[static_cast<std::size_t>(other)];
                }
                common = std::min(lrs[static_cast<std::size_t>(last)], lrs[static_cast<std::size_t>(other)]);
            }
            lrs[m + 1] = common + 1;
        }
    }
    std::int32_t find(std::int32_t state, std::int32_t symbol) const {
        for (const auto& [letter, target] : to[static_cast<std::size_t>(state)]) {
            if (letter == symbol) return target;
        }
        return -1;
    }
    std::vector<std::int32_t> link;
    std::vector<std::int32_t> lrs;
    std::vector<std::vector<std::pair<std::int32_t, std::int32_t>>> to;
};

void check_built(const Automaton& automaton, const Naive& naive) {
    for (std::int32_t state = 0; state <= automaton.built(); ++state) {
        REQUIRE(automaton.suffix_link(state) == naive.link[static_cast<std::size_t>(state)]);
        REQUIRE(automaton.lrs(state) == naive.lrs[static_cast<std::size_t>(state)]);
    }
}

}  // namespace

TEST_CASE("links and LRS of random strings are the textbook's") {
    std::mt19937 draw(7117);
    for (int round = 0; round < 300; ++round) {
        const int letters = 1 + static_cast<int>(draw() % 6);
        std::vector<std::int32_t> symbols;
        Automaton automaton;
        const auto length = draw() % 200;
        for (unsigned i = 0; i < length; ++i) {
            symbols.push_back(1 + static_cast<std::int32_t>(draw() % static_cast<unsigned>(letters)));
            automaton.append(symbols.back());
        }
        check_built(automaton, Naive(symbols));
    }
}

TEST_CASE("a long walk is spread over the appends that follow") {
    std::vector<std::int32_t> symbols(5000, 1);
    symbols.push_back(2);
    for (int i = 0; i < 400; ++i) symbols.push_back(1 + i % 3);
    Automaton automaton;
    for (const auto symbol : symbols) {
        const auto before = automaton.steps();
        automaton.append(symbol);
        REQUIRE(automaton.steps() - before <= Automaton::budget);
    }
    CHECK(automaton.built() == automaton.size());
    check_built(automaton, Naive(symbols));
}

TEST_CASE("an alphabet gives each tuple one id and keeps it while it grows") {
    Alphabet alphabet(2);
    for (Value a = 1; a <= 200; ++a) {
        for (Value b = 1; b <= 20; ++b) {
            const Value values[] = {a, b};
            REQUIRE(alphabet.intern(values) == (a - 1) * 20 + b);
        }
    }
    for (Value a = 1; a <= 200; ++a) {
        const Value values[] = {a, 7};
        REQUIRE(alphabet.find(values) == (a - 1) * 20 + 7);
    }
    const Value unknown[] = {201, 1};
    CHECK(alphabet.find(unknown) == 0);
}

TEST_CASE("predictions sum to one along a walk through many streams with breaks") {
    std::mt19937 draw(1);
    Alphabet alphabet(2);
    Oracle oracle(&alphabet);
    OracleModel model(oracle, &alphabet);
    Walk walk(model, model.start());
    Choice choice;
    for (int i = 0; i < 4000; ++i) {
        const Value values[] = {static_cast<Value>(1 + draw() % 7), static_cast<Value>(1 + draw() % 4)};
        oracle.learn(alphabet.intern(values), static_cast<std::int32_t>(draw() % 12));
        if (draw() % 50 == 0) oracle.end(static_cast<std::int32_t>(draw() % 12));
        Wishes wishes;
        wishes.taboo = 3;
        wishes.min_context = static_cast<int>(draw() % 3);
        walk.choose(wishes, 1, 2, static_cast<std::uint64_t>(i), choice);
        REQUIRE(choice.made);
        REQUIRE(choice.values.size() == 2);
        // At first all places of a value may be among those that taboo excludes.
        REQUIRE((choice.position >= 0 || i < 32));
        REQUIRE(choice.position < oracle.size());
        const auto standing = walk.standing().copy();
        standing->ask({}, 0);
        double sum = 0;
        for (const double p : standing->predict(std::span(choice.values).first(1)).p) sum += p;
        REQUIRE(sum == doctest::Approx(1.0).epsilon(1e-12));
    }
}

TEST_CASE("our logarithm and exponential agree with the library's") {
    for (double x = 1e-300; x < 1e300; x *= 1.37) {
        REQUIRE(portable_log(x) == doctest::Approx(std::log(x)).epsilon(1e-14));
    }
    for (double x = -690; x < 690; x += 0.37)
        REQUIRE(portable_exp(x) == doctest::Approx(std::exp(x)).epsilon(1e-13));
}

TEST_CASE("the high half of a product is exact") {
    CHECK(high_product(~0ULL, ~0ULL) == ~0ULL - 1);
    CHECK(high_product(1ULL << 63U, 6) == 3);
    CHECK(high_product(0xFFFFFFFFULL, 0xFFFFFFFFULL) == 0);
}
