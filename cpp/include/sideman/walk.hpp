// A player's way through a model: predict, mask, draw, find the source, go on from there; with the reasons.
//
// One walk belongs to one player. `choose` allocates only while its buffers grow; it does not lock or throw.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "chance.hpp"
#include "model.hpp"
#include "sampler.hpp"

namespace sideman {

// What one asks of a choice.
struct Wishes {
    Sampler sampler;
    Masks masks;
    int continuity = 8;   // after so many consecutive positions the next is excluded; 0: never
    int taboo = 0;        // so many of the last sources are excluded
    int min_context = 0;  // places that agree on fewer events have no say
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
    std::vector<PartWord> parts;  // of a blend: the mean weight of each, and what it gave as a product
    bool made = false;
};

class Walk {
  public:
    static constexpr std::size_t remembered = 64;  // sources kept for taboo
    static constexpr std::uint32_t source_purpose = 1000;

    Walk(const Model& model, std::unique_ptr<Standing> standing)
        : model_(&model), standing_(std::move(standing)) {}
    Walk(const Walk& other)
        : model_(other.model_),
          standing_(other.standing_->copy()),
          last_(other.last_),
          run_(other.run_),
          recent_(other.recent_) {}
    Walk& operator=(const Walk&) = delete;
    Walk(Walk&&) = default;
    Walk& operator=(Walk&&) = default;
    ~Walk() = default;

    const Standing& standing() const { return *standing_; }
    // Words before the next event, for models that heed any.
    void steer(std::span<const Value> tokens) { standing_->steer(tokens); }
    bool word(Value first, Value past, std::vector<double>& p) { return standing_->word(first, past, p); }

    // Choose the next event and go on by it. `choice.made` is false when the masks leave nothing.
    void choose(const Wishes& wishes, std::uint64_t seed, std::uint32_t player, std::uint64_t ordinal,
                Choice& choice) {
        choice = Choice{};
        choice.given_up = ask(wishes);
        const std::size_t components = model_->components();
        for (std::size_t c = 0; c < components; ++c) {
            if (!draw(wishes, c, chance(seed, player, ordinal, static_cast<std::uint32_t>(c)), choice))
                return;
        }
        for (PartWord& part : choice.parts) part.weight /= static_cast<double>(components);
        find_source(choice, chance(seed, player, ordinal, source_purpose));
        choice.made = true;
        go_on(choice);
    }

  private:
    // Ask under as many of the wishes as let memory speak; which were given up. Only what is wished for can
    // be.
    unsigned ask(const Wishes& wishes) {
        static constexpr std::array<unsigned, 4> order{gave_up_taboo, gave_up_continuity, gave_up_min_context,
                                                       gave_up_avoid};
        const bool continues = wishes.continuity > 0 && run_ >= wishes.continuity;
        const std::array<bool, 4> wished{wishes.taboo > 0 && !recent_.empty(), continues,
                                         wishes.min_context > 0, !wishes.avoid.empty()};
        unsigned given_up = 0;
        ask(wishes, given_up);
        for (std::size_t i = 0; i < order.size(); ++i) {
            if (!wished[i]) continue;
            if (standing_->speaks(wishes.masks)) return given_up;
            given_up |= order[i];
            ask(wishes, given_up);
        }
        if (given_up == 0 || standing_->speaks(wishes.masks)) return given_up;
        ask(wishes, 0);  // memory has no word to say in any case: the model's last resort
        return 0;
    }

    void ask(const Wishes& wishes, unsigned given_up) {
        exclude_.clear();
        if ((given_up & gave_up_avoid) == 0) exclude_.assign(wishes.avoid.begin(), wishes.avoid.end());
        if ((given_up & gave_up_continuity) == 0 && wishes.continuity > 0 && run_ >= wishes.continuity) {
            exclude_.push_back({last_ + 1, last_ + 2});
        }
        if ((given_up & gave_up_taboo) == 0) {
            const auto count = std::min<std::size_t>(recent_.size(), static_cast<std::size_t>(wishes.taboo));
            for (std::size_t i = 0; i < count; ++i) {
                const Position at = recent_[recent_.size() - 1 - i];
                exclude_.push_back({at, at + 1});
            }
        }
        standing_->ask(exclude_, (given_up & gave_up_min_context) == 0 ? wishes.min_context : 0);
    }

    bool draw(const Wishes& wishes, std::size_t c, std::uint64_t drawn, Choice& choice) {
        const Distribution& next = standing_->predict(choice.values);
        weighed_ = next.p;
        weighed_[0] = 0.0;  // what was never seen cannot be played
        for (std::size_t i = 1; c < wishes.masks.size() && i < weighed_.size(); ++i) {
            const double weight = mask_weight(wishes.masks, c, next.values[i]);
            if (weight == 0.0 && next.p[i] > 1e-3) choice.bound |= 1U << c;
            weighed_[i] *= weight;
        }
        if (!wishes.sampler.weigh(weighed_, order_)) return false;
        const std::size_t picked = Sampler::pick(weighed_, drawn);
        standing_->tell(next.values[picked], choice.parts);
        choice.values.push_back(next.values[picked]);
        choice.raw *= next.p[picked];
        choice.probability *= weighed_[picked];
        int rank = 0;
        for (const double p : next.p) {
            if (p > next.p[picked]) ++rank;
            if (p > 0.0) choice.entropy_bits -= p * portable_log(p) / 0.69314718055994531;
        }
        choice.rank = std::max(choice.rank, rank);
        return true;
    }

    // The successor of the last source if it is among the sources, else a draw among those with the longest
    // context.
    void find_source(Choice& choice, std::uint64_t drawn) {
        standing_->sources(choice.values, found_);
        if (found_.empty()) standing_->nearly(choice.values, found_);
        if (found_.empty()) return;
        choice.sources.reserve(found_.size());
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
        std::int32_t id = model_->find(choice.values);
        // A tuple that was never learned as a whole is gone on from as if its source had been played.
        if (id == 0 && choice.position >= 0) id = model_->symbol_at(choice.position);
        standing_->advance(choice.values, id, choice.position);
        const Position at = choice.position;
        run_ = at >= 0 && at == last_ + 1 ? run_ + 1 : (at >= 0 ? 1 : 0);
        last_ = at;
        recent_.push_back(at);
        if (recent_.size() > 2 * remembered) {
            recent_.erase(recent_.begin(), recent_.begin() + static_cast<std::ptrdiff_t>(remembered));
        }
    }

    const Model* model_;
    std::unique_ptr<Standing> standing_;
    Position last_ = -1;
    int run_ = 0;
    std::vector<Position> recent_;
    std::vector<Vote> found_;
    std::vector<Interval> exclude_;
    std::vector<double> weighed_;
    std::vector<std::size_t> order_;
};

}  // namespace sideman
