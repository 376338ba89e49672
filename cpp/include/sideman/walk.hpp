// A player's way through an oracle: predict, mask, draw, find the source, go on from there; with the reasons.
//
// One walk belongs to one player. `choose` allocates only while its buffers grow; it does not lock or throw.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "chance.hpp"
#include "oracle.hpp"
#include "sampler.hpp"

namespace sideman {

// What one asks of a choice. Masks are weights by value, one span a component; an empty one leaves all free,
// and what lies behind its end is forbidden.
struct Wishes {
    Sampler sampler;
    std::span<const std::span<const double>> masks;
    int continuity = 8;   // after so many consecutive positions the next is excluded; 0: never
    int taboo = 0;        // so many of the last sources are excluded
    int min_context = 0;  // places that agree on fewer events do not vote
    std::span<const Interval> avoid;
};

// What was given up because nothing was left, in this order.
enum GivenUp : unsigned {
    gave_up_taboo = 1,
    gave_up_continuity = 2,
    gave_up_min_context = 4,
    gave_up_avoid = 8
};

struct Choice {
    std::vector<Value> values;
    std::vector<Position> sources;  // longest context first
    Position position = -1;         // the source; -1: none
    int context = 0;                // of the source
    double raw = 1.0;               // product over the components of what the model gave
    double probability = 1.0;       // the same after masks and sampler
    double entropy_bits = 0.0;
    int rank = 0;        // in the model's own order, the worst over the components
    unsigned bound = 0;  // a bit for each component of which a mask forbade something
    unsigned given_up = 0;
    bool made = false;
};

class Walk {
  public:
    static constexpr std::size_t remembered = 64;  // sources kept for taboo
    static constexpr std::uint32_t source_purpose = 1000;

    Walk(const Oracle& oracle, const Alphabet* alphabet, Oracle::State state)
        : oracle_(&oracle), alphabet_(alphabet), state_(state) {}

    Oracle::State& state() { return state_; }
    const Oracle::State& state() const { return state_; }

    // Choose the next event and go on by it. `choice.made` is false when the masks leave nothing.
    void choose(const Wishes& wishes, std::uint64_t seed, std::uint32_t player, std::uint64_t ordinal,
                Choice& choice) {
        choice = Choice{};
        choice.given_up = gather(wishes);
        const std::size_t components = oracle_->components();
        for (std::size_t c = 0; c < components; ++c) {
            if (!draw(wishes, c, chance(seed, player, ordinal, static_cast<std::uint32_t>(c)), choice))
                return;
        }
        find_source(choice, chance(seed, player, ordinal, source_purpose));
        choice.made = true;
        go_on(choice);
    }

    // What was played, when not chosen here: the state goes on, and the source is where it goes on from.
    void went(std::int32_t id, Position at) {
        oracle_->advance(state_, id, at);
        follow(at);
    }

  private:
    bool allowed(const Wishes& wishes, std::int32_t id) const {
        for (std::size_t c = 0; c < wishes.masks.size(); ++c) {
            const auto mask = wishes.masks[c];
            const auto value = static_cast<std::size_t>(oracle_->component(id, c));
            if (!mask.empty() && (value >= mask.size() || !(mask[value] > 0.0))) return false;
        }
        return true;
    }

    // Votes under as many of the wishes as leave any; which were given up.
    unsigned gather(const Wishes& wishes) {
        static constexpr unsigned levels[] = {
            0, gave_up_taboo, gave_up_taboo | gave_up_continuity,
            gave_up_taboo | gave_up_continuity | gave_up_min_context,
            gave_up_taboo | gave_up_continuity | gave_up_min_context | gave_up_avoid};
        for (const unsigned given_up : levels) {
            exclude_.clear();
            if ((given_up & gave_up_avoid) == 0) exclude_.assign(wishes.avoid.begin(), wishes.avoid.end());
            if ((given_up & gave_up_continuity) == 0 && wishes.continuity > 0 && run_ >= wishes.continuity) {
                exclude_.push_back({last_ + 1, last_ + 2});
            }
            if ((given_up & gave_up_taboo) == 0) {
                const auto count =
                    std::min<std::size_t>(recent_.size(), static_cast<std::size_t>(wishes.taboo));
                for (std::size_t i = 0; i < count; ++i) {
                    const Position at = recent_[recent_.size() - 1 - i];
                    exclude_.push_back({at, at + 1});
                }
            }
            const int least = (given_up & gave_up_min_context) == 0 ? wishes.min_context : 0;
            oracle_->collect(state_, exclude_, least, votes_);
            for (const Vote& vote : votes_) {
                if (allowed(wishes, vote.symbol)) return given_up;
            }
        }
        votes_.clear();  // no place has a word to say: unigrams alone
        return 0;
    }

    bool draw(const Wishes& wishes, std::size_t c, std::uint64_t drawn, Choice& choice) {
        oracle_->predict(votes_, choice.values, scratch_);
        const auto& values = scratch_.values;
        raw_ = scratch_.p;
        weighed_ = scratch_.p;
        weighed_[0] = 0.0;  // what was never seen cannot be played
        const std::span<const double> mask =
            c < wishes.masks.size() ? wishes.masks[c] : std::span<const double>{};
        if (!mask.empty()) {
            for (std::size_t i = 1; i < values.size(); ++i) {
                const auto value = static_cast<std::size_t>(values[i]);
                const double weight = value < mask.size() && mask[value] > 0.0 ? mask[value] : 0.0;
                if (weight == 0.0 && raw_[i] > 1e-3) choice.bound |= 1U << c;
                weighed_[i] *= weight;
            }
        }
        if (!wishes.sampler.weigh(weighed_, order_)) return false;
        const std::size_t picked = Sampler::pick(weighed_, drawn);
        choice.values.push_back(values[picked]);
        choice.raw *= raw_[picked];
        choice.probability *= weighed_[picked];
        int rank = 0;
        for (std::size_t i = 0; i < raw_.size(); ++i) {
            if (raw_[i] > raw_[picked]) ++rank;
            if (raw_[i] > 0.0) choice.entropy_bits -= raw_[i] * portable_log(raw_[i]) / 0.69314718055994531;
        }
        choice.rank = std::max(choice.rank, rank);
        return true;
    }

    // The successor of the last source if it is among the sources, else a draw among those with the longest
    // context.
    void find_source(Choice& choice, std::uint64_t drawn) {
        for (std::size_t agreeing = choice.values.size(); agreeing > 0; --agreeing) {
            oracle_->sources(votes_, std::span(choice.values).first(agreeing), found_);
            if (!found_.empty()) break;
        }
        if (found_.empty()) {
            for (std::size_t c = 0; c < choice.values.size() && choice.position < 0; ++c) {
                choice.position = oracle_->latest(c, choice.values[c]);
            }
            return;
        }
        std::size_t tied = 0;
        std::size_t chosen = found_.size();
        for (std::size_t i = 0; i < found_.size(); ++i) {
            choice.sources.push_back(found_[i].position);
            if (found_[i].context == found_[0].context) ++tied;
            if (last_ >= 0 && found_[i].position == last_ + 1) chosen = i;
        }
        if (chosen == found_.size()) chosen = static_cast<std::size_t>(high_product(drawn, tied));
        choice.position = found_[chosen].position;
        choice.context = found_[chosen].context;
    }

    void go_on(const Choice& choice) {
        std::int32_t id = alphabet_ ? alphabet_->find(choice.values) : choice.values[0];
        // A tuple that was never learned as a whole is gone on from as if its source had been played.
        if (id == 0 && choice.position >= 0) id = oracle_->symbol_at(choice.position);
        went(id, choice.position);
    }

    void follow(Position at) {
        run_ = at >= 0 && at == last_ + 1 ? run_ + 1 : (at >= 0 ? 1 : 0);
        last_ = at;
        recent_.push_back(at);
        if (recent_.size() > 2 * remembered) {
            recent_.erase(recent_.begin(), recent_.begin() + static_cast<std::ptrdiff_t>(remembered));
        }
    }

    const Oracle* oracle_;
    const Alphabet* alphabet_;
    Oracle::State state_;
    Position last_ = -1;
    int run_ = 0;
    std::vector<Position> recent_;
    std::vector<Vote> votes_;
    std::vector<Vote> found_;
    std::vector<Interval> exclude_;
    OracleScratch scratch_;
    std::vector<double> raw_;
    std::vector<double> weighed_;
    std::vector<std::size_t> order_;
};

}  // namespace sideman
