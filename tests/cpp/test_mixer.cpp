// Distributions mixed by how right each has been: sums, what the weights learn, and what they cost.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <sideman/chance.hpp>
#include <sideman/mixer.hpp>
#include <vector>

using namespace sideman;

namespace {

constexpr std::array<std::size_t, 2> kinds{1, 4};

// Whole numbers below `n`, one after the other.
struct Dice {
    std::uint32_t at = 0;
    std::size_t below(std::size_t n) {
        const auto drawn = philox({at++, 0, 0, 0}, {7, 9});
        return drawn[0] % n;
    }
};

using Row = std::vector<double>;

// A distribution with most of it on one value.
Row peaked(std::size_t values, std::size_t at, double most) {
    Row p(values, (1.0 - most) / static_cast<double>(values - 1));
    p[at] = most;
    return p;
}

void give(MixerScratch& s, const std::vector<Row>& parts, std::uint32_t context = 0) {
    const std::size_t values = parts[0].size();
    s.size(parts.size(), kinds.size(), values);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto row = s.row(i);
        for (std::size_t v = 0; v < row.size(); ++v)
            row[v] = v < values ? quick_log(static_cast<float>(parts[i][v])) : 0.0F;
        s.contexts[i * kinds.size()] = 0;
        s.contexts[i * kinds.size() + 1] = context;
    }
}

double sum(const Row& p) {
    double total = 0.0;
    for (const double value : p) total += value;
    return total;
}

// Bits an event of the mix of two parts and of each part alone; `parts(step, came)` is what the parts say.
template <class Parts>
std::array<double, 3> bits(std::size_t values, int events, Parts&& parts) {
    Mixer mixer(2, kinds);
    MixerScratch s;
    Dice dice;
    std::array<double, 3> total{};
    for (int step = 0; step < events; ++step) {
        const std::size_t came = dice.below(values);
        const std::vector<Row> said = parts(step, came, dice);
        give(s, said, static_cast<std::uint32_t>(step) % 4);
        mixer.mix(s);
        total[0] -= std::log2(s.p[came]);
        total[1] -= std::log2(said[0][came]);
        total[2] -= std::log2(said[1][came]);
        mixer.learn(s, came);
    }
    for (double& t : total) t /= events;
    return total;
}

}  // namespace

TEST_CASE("what is mixed sums to 1, whatever the number of values and the weights") {
    Dice dice;
    for (const std::size_t values : {2U, 3U, 8U, 9U, 101U, 128U}) {
        Mixer mixer(3, kinds);
        MixerScratch s;
        for (int step = 0; step < 200; ++step) {
            give(s, {peaked(values, dice.below(values), 0.999999), peaked(values, dice.below(values), 0.5),
                     peaked(values, dice.below(values), 0.9)});
            s.rises[1].push_back({static_cast<std::uint32_t>(dice.below(values)), 3.0F});
            mixer.mix(s);
            CHECK(sum(s.p) == doctest::Approx(1.0).epsilon(1e-9));
            CHECK(*std::min_element(s.p.begin(), s.p.end()) >= 0.0);
            mixer.learn(s, dice.below(values));
        }
    }
}

TEST_CASE("one part with the exponent 1 is given back as it is") {
    Mixer mixer(1, kinds);
    mixer.state()[1] = 1.0F - 1.2F;
    MixerScratch s;
    const Row said{0.5, 0.25, 0.15, 0.07, 0.03};
    give(s, {said});
    mixer.mix(s);
    for (std::size_t v = 0; v < said.size(); ++v) CHECK(s.p[v] == doctest::Approx(said[v]).epsilon(1e-5));
}

TEST_CASE("the part that is right gains weight, and the one that is not loses it") {
    Mixer mixer(2, kinds);
    MixerScratch s;
    Dice dice;
    const float before = mixer.weight(1);
    for (int step = 0; step < 500; ++step) {
        const std::size_t came = dice.below(10);
        give(s, {peaked(10, came, 0.7), peaked(10, dice.below(10), 0.7)});
        mixer.mix(s);
        mixer.learn(s, came);
    }
    CHECK(mixer.weight(0) > 2.0F * mixer.weight(1));
    CHECK(mixer.weight(1) < before);
    CHECK(mixer.updates() == 500.0F);
}

TEST_CASE("a part is weighed by the context that it is in") {
    Mixer mixer(2, kinds);
    MixerScratch s;
    Dice dice;
    const auto parts = [&](std::size_t came, std::size_t right) {
        std::vector<Row> said{peaked(10, dice.below(10), 0.7), peaked(10, dice.below(10), 0.7)};
        said[right] = peaked(10, came, 0.7);
        return said;
    };
    for (int step = 0; step < 4000; ++step) {
        const std::size_t came = dice.below(10);
        const auto right = static_cast<std::uint32_t>(step % 2);
        give(s, parts(came, right), right);
        mixer.mix(s);
        mixer.learn(s, came);
    }
    for (const std::uint32_t right : {0U, 1U}) {
        std::vector<Row> said{peaked(10, 3, 0.7), peaked(10, 5, 0.7)};
        give(s, said, right);
        mixer.mix(s);
        CHECK(s.p[right == 0 ? 3 : 5] > 2.0 * s.p[right == 0 ? 5 : 3]);
    }
}

TEST_CASE("the mix costs at most 0.02 bits an event more than its best part") {
    SUBCASE("where one part is right and the other is not") {
        const auto b = bits(12, 20000, [](int, std::size_t came, Dice& dice) {
            const bool right = dice.below(10) < 8;
            return std::vector<Row>{peaked(12, right ? came : dice.below(12), 0.8),
                                    peaked(12, dice.below(12), 0.8)};
        });
        CHECK(b[0] < std::min(b[1], b[2]) + 0.02);
    }
    SUBCASE("where both are the same") {
        const auto b = bits(12, 20000, [](int, std::size_t came, Dice& dice) {
            const Row said = peaked(12, dice.below(10) < 8 ? came : dice.below(12), 0.8);
            return std::vector<Row>{said, said};
        });
        CHECK(b[0] < b[1] + 0.02);
    }
    SUBCASE("where nothing can be known") {
        const auto b = bits(12, 20000, [](int, std::size_t, Dice& dice) {
            return std::vector<Row>{Row(12, 1.0 / 12), peaked(12, dice.below(12), 0.8)};
        });
        CHECK(b[0] < std::min(b[1], b[2]) + 0.02);
    }
    SUBCASE("where each is right in its turn, the mix is better than either") {
        const auto b = bits(12, 20000, [](int step, std::size_t came, Dice& dice) {
            return std::vector<Row>{peaked(12, step % 2 == 0 ? came : dice.below(12), 0.8),
                                    peaked(12, step % 2 == 1 ? came : dice.below(12), 0.8)};
        });
        CHECK(b[0] < std::min(b[1], b[2]) - 0.5);
    }
}

TEST_CASE("what a deepest context adds is learned on its own") {
    Mixer mixer(1, kinds);
    MixerScratch s;
    Dice dice;
    double first = 0.0;
    double last = 0.0;
    for (int step = 0; step < 4000; ++step) {
        // The part is right wherever its deepest context speaks, and says so too softly.
        const std::size_t came = dice.below(10);
        give(s, {peaked(10, came, step % 2 == 0 ? 0.3 : 0.1)});
        if (step % 2 == 0) s.rises[0].push_back({static_cast<std::uint32_t>(came), 1.0F});
        mixer.mix(s);
        if (step == 0) first = s.p[came];
        if (step == 3998) last = s.p[came];
        mixer.learn(s, came);
    }
    CHECK(last > 2.0 * first);
}

TEST_CASE("weights that were kept and set again mix as before") {
    Mixer mixer(2, kinds);
    MixerScratch s;
    Dice dice;
    const auto step = [&](Mixer& one) {
        const std::size_t came = dice.below(10);
        give(s, {peaked(10, came, 0.6), peaked(10, dice.below(10), 0.7)});
        one.mix(s);
        one.learn(s, came);
    };
    for (int i = 0; i < 100; ++i) step(mixer);
    const std::vector<float> kept(mixer.state().begin(), mixer.state().end());
    give(s, {peaked(10, 2, 0.6), peaked(10, 4, 0.7)});
    mixer.mix(s);
    const Row before = s.p;
    for (int i = 0; i < 100; ++i) step(mixer);
    Mixer other(2, kinds);
    REQUIRE(other.state().size() == kept.size());
    std::copy(kept.begin(), kept.end(), other.state().begin());
    give(s, {peaked(10, 2, 0.6), peaked(10, 4, 0.7)});
    other.mix(s);
    CHECK(s.p == before);
}

TEST_CASE("powers and logarithms of our own are those of the library, to a millionth") {
    for (float x = 1e-9F; x < 2.0F; x *= 1.01F) {
        CHECK(static_cast<double>(quick_log(x)) ==
              doctest::Approx(std::log(static_cast<double>(x))).epsilon(2e-6));
    }
    for (float x = -86.0F; x <= 0.0F; x += 0.13F) {
        CHECK(static_cast<double>(quick_exp(x)) ==
              doctest::Approx(std::exp(static_cast<double>(x))).epsilon(2e-6));
    }
    CHECK(quick_exp(-200.0F) == quick_exp(-87.0F));
    CHECK(quick_exp(0.0F) == 1.0F);
    std::array<float, 5> few{0.5F, 0.0F, 1e-20F, 1e-3F, 1.0F};
    CHECK(largest(few) == 1.0F);
    quick_logs(few, 1e-9F);
    CHECK(few[1] == quick_log(1e-9F));
    CHECK(few[2] == few[1]);
    CHECK(few[3] == quick_log(1e-3F));
}
