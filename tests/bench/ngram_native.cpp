// The n-gram's predictions timed in C++: `ngram_native ORDER LETTERS...` prints what|nanoseconds of each call.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <sideman/ngram.hpp>
#include <vector>

using namespace sideman;

namespace {

// A sparse order-2 Markov source with three followers a context and 6 % noise.
std::vector<std::int32_t> markov(std::int32_t letters, std::size_t length) {
    std::mt19937 draw(7117);
    std::uniform_int_distribution<std::int32_t> any(1, letters);
    const auto side = static_cast<std::size_t>(letters) + 1;
    std::vector<std::int32_t> table(side * side * 3);
    for (auto& follower : table) follower = any(draw);
    std::vector<std::int32_t> symbols{1, 1};
    while (symbols.size() < length) {
        const auto a = static_cast<std::size_t>(symbols[symbols.size() - 2]);
        const auto b = static_cast<std::size_t>(symbols.back());
        symbols.push_back(draw() % 100 < 6 ? any(draw) : table[(a * side + b) * 3 + draw() % 3]);
    }
    return symbols;
}

template <class Call>
void timed(const char* what, std::int32_t letters, const std::vector<std::int32_t>& symbols, Call&& call) {
    std::printf("%s|%d|", what, letters);
    Past past;
    for (std::size_t i = 0; i < 3000; ++i) {
        past.push(symbols[i]);
        const auto begun = std::chrono::steady_clock::now();
        call(past, symbols[i + 1]);
        const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begun);
        std::printf("%lld ", static_cast<long long>(ns.count()));
    }
    std::printf("\n");
}

}  // namespace

int main(int count, char** arguments) {
    const int order = std::atoi(arguments[1]);
    for (int i = 2; i < count; ++i) {
        const auto letters = static_cast<std::int32_t>(std::atoi(arguments[i]));
        View view;
        for (int lag = 1; lag < order; ++lag) view.features.push_back({Look::symbol, 0, lag});
        NGram ngram(nullptr, 1, {view}, Smoothing::kneser_ney);
        NGramScratch scratch;
        const auto symbols = markov(letters, 200000);
        for (const std::int32_t id : symbols) ngram.learn(id, 0, {}, scratch);
        double sum = 0.0;
        timed("distribution", letters, symbols, [&](const Past& past, std::int32_t) {
            ngram.predict(past, {}, {}, {}, scratch);
            sum += scratch.p[0];
        });
        timed("probability", letters, symbols, [&](const Past& past, std::int32_t next) {
            sum += ngram.probability(past, {}, {&next, 1}, scratch);
        });
        if (sum < 0.0) return 1;
    }
    return 0;
}
