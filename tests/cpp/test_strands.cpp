// Strands: models of several threads are of those threads alone, and one that is handed on plays as if one
// thread had made it. For ThreadSanitizer, and for the assertions of strand.hpp.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#ifdef __linux__
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#endif

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <random>
#include <sideman/blend.hpp>
#include <sideman/standings.hpp>
#include <sideman/strand.hpp>
#include <sideman/walk.hpp>
#include <thread>
#include <utility>
#include <vector>

using namespace sideman;

namespace {

constexpr std::size_t components = 2;

std::vector<View> views() {
    const std::vector<Feature> two{{Look::symbol, 0, 1}, {Look::symbol, 0, 2}};
    const std::vector<Feature> chosen{{Look::chosen, 0}, {Look::symbol, 0, 1}};
    return {{0, 0, 0, false, two},
            {0, 1, 0, false, {{Look::step, 0, 1}, {Look::step, 0, 2}}},
            {0, 0, 0, true, two},
            {1, 0, 0, false, chosen}};
}

// What one player plays from: an oracle and an n-gram over one alphabet, blended.
class Learned {
  public:
    explicit Learned(BlendSettings settings)
        : alphabet_(components),
          oracle_(&alphabet_),
          ngram_(&alphabet_, components, views(), Smoothing::kneser_ney),
          oracle_model_(oracle_, &alphabet_),
          ngram_model_(ngram_, scratch_, &alphabet_),
          blend_({&oracle_model_, &ngram_model_}, std::move(settings)) {}
    Learned(const Learned&) = delete;
    Learned& operator=(const Learned&) = delete;

    Model& blend() { return blend_; }

    // Learns so many events of a melody by chance, in four streams with breaks, and forgets some.
    void learn(std::uint32_t seed, int events) {
        std::mt19937 draw(seed);
        for (int i = 0; i < events; ++i) {
            const std::array<Value, components> values{static_cast<Value>(1 + draw() % 7),
                                                       static_cast<Value>(1 + draw() % 4)};
            const auto stream = static_cast<std::int32_t>(draw() % 4);
            blend_.learn(alphabet_.intern(values), stream, {}, draw() % 8 != 0);
            if (draw() % 40 == 0) blend_.end(stream);
            if (draw() % 150 == 0 && blend_.size() > 8) blend_.unlearn(blend_.size() - 8, blend_.size() - 4);
        }
    }

  private:
    Alphabet alphabet_;
    Oracle oracle_;
    NGram ngram_;
    NGramScratch scratch_;
    OracleModel oracle_model_;
    NGramModel ngram_model_;
    Blend blend_;
};

// What was played: values, where they came from and how probable they were.
struct Played {
    std::vector<Value> values;
    std::vector<Position> positions;
    std::vector<double> probabilities;
    bool operator==(const Played&) const = default;
};

// Plays on and learns in between, as a player that hears others does.
void play(Learned& learned, Walk& walk, std::uint32_t seed, int events, Played& played) {
    Wishes wishes;
    wishes.taboo = 3;
    wishes.min_context = 1;
    Choice choice;
    for (int i = 0; i < events; ++i) {
        walk.choose(wishes, seed, 1, static_cast<std::uint64_t>(i), choice);
        played.values.insert(played.values.end(), choice.values.begin(), choice.values.end());
        played.positions.push_back(choice.position);
        played.probabilities.push_back(choice.probability);
        learned.learn(seed + static_cast<std::uint32_t>(i), 2);
    }
}

Played strand(const BlendSettings& settings, std::uint32_t seed) {
    Learned learned(settings);
    learned.learn(seed, 200);
    Walk walk(learned.blend(), learned.blend().start());
    Played played;
    play(learned, walk, seed, 60, played);
    return played;
}

std::vector<BlendSettings> blends() {
    std::vector<BlendSettings> all;
    for (const How how : {How::mixture, How::product}) {
        for (const Weights weights : {Weights::fixed, Weights::entropy, Weights::success})
            all.push_back({how, weights, {2.0, 1.0}});
    }
    return all;
}

// What a thread hands another, in order, as the loop's `call_soon_threadsafe` does.
template <typename T>
class Handover {
  public:
    void give(T item) {
        const std::lock_guard holding(lock_);
        items_.push_back(std::move(item));
        there_.notify_one();
    }
    T take() {
        std::unique_lock holding(lock_);
        there_.wait(holding, [this] { return !items_.empty(); });
        T item = std::move(items_.front());
        items_.pop_front();
        return item;
    }

  private:
    std::mutex lock_;
    std::condition_variable there_;
    std::deque<T> items_;
};

}  // namespace

TEST_CASE("two strands that learn and predict at once through blends, on every pair, play as each alone") {
    const auto all = blends();
    std::vector<std::array<Played, 2>> alone;
    for (const BlendSettings& settings : all) alone.push_back({strand(settings, 1), strand(settings, 2)});
    CHECK(alone[0][0] != alone[0][1]);
    for (std::size_t one = 0; one < all.size(); ++one) {
        for (std::size_t other = 0; other < all.size(); ++other) {
            Played first;
            Played second;
            std::thread builder([&] { first = strand(all[one], 1); });
            std::thread player([&] { second = strand(all[other], 2); });
            builder.join();
            player.join();
            CHECK((first == alone[one][0]));
            CHECK((second == alone[other][1]));
        }
    }
}

TEST_CASE(
    "a model that a builder has learned is switched in while another plays, and goes on as if made here") {
    using Job = std::unique_ptr<Learned>;
    for (const BlendSettings& settings : blends()) {
        constexpr std::uint32_t turns = 6;
        Handover<Job> jobs;
        Handover<Job> built;
        std::thread builder([&] {
            for (std::uint32_t turn = 0; turn < turns; ++turn) {
                Job job = jobs.take();
                job->learn(turn, 200);
                built.give(std::move(job));
            }
        });
        Learned before(settings);
        before.learn(99, 100);
        Walk walk(before.blend(), before.blend().start());
        Played meanwhile;
        for (std::uint32_t turn = 0; turn < turns; ++turn) {
            jobs.give(std::make_unique<Learned>(settings));
            play(before, walk, turn, 20, meanwhile);
            const Job job = built.take();
            Walk from_here(job->blend(), job->blend().start());
            Played handed;
            play(*job, from_here, turn, 20, handed);
            Learned here(settings);
            here.learn(turn, 200);
            Walk twin(here.blend(), here.blend().start());
            Played expected;
            play(here, twin, turn, 20, expected);
            CHECK((handed == expected));
        }
        builder.join();
        Learned again(settings);
        again.learn(99, 100);
        Walk quiet(again.blend(), again.blend().start());
        Played undisturbed;
        for (std::uint32_t turn = 0; turn < turns; ++turn) play(again, quiet, turn, 20, undisturbed);
        CHECK((meanwhile == undisturbed));
    }
}

#if defined(__linux__) && !defined(NDEBUG)
TEST_CASE("where two threads meet in one model, the process ends and says so") {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // the end is what is asked for, not a failure of the test
        Strand one;
        const Strand::Turn held(one);
        const Strand::Turn again(one);  // the same thread may
        std::thread([&] { const Strand::Turn met(one); }).join();
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGABRT);
}
#endif
