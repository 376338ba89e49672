// Several models that learn the same symbols and predict as one, each with its part in it.
//
// What becomes of their distributions is in blending.hpp; here is who is asked, and who learns, when.
// `learn` predicts first where the weights go by success. One strand only, as its parts.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "blending.hpp"
#include "model.hpp"

namespace sideman {

class BlendStanding final : public Standing {
  public:
    BlendStanding(const Blending& blending, std::vector<std::unique_ptr<Standing>> parts)
        : blending_(&blending), parts_(std::move(parts)), evidence_(parts_.size(), 1.0) {
        said_.resize(parts_.size());
    }

    BlendScratch& scratch() { return scratch_; }

    std::unique_ptr<Standing> copy() const override {
        std::vector<std::unique_ptr<Standing>> parts;
        for (const auto& part : parts_) parts.push_back(part->copy());
        return std::make_unique<BlendStanding>(*blending_, std::move(parts));
    }
    int undoable() const override {
        int least = parts_[0]->undoable();
        for (const auto& part : parts_) least = std::min(least, part->undoable());
        return least;
    }
    void rollback(int n) override {
        for (const auto& part : parts_) part->rollback(n);
    }
    void advance(std::int32_t id, Position at) override {
        for (const auto& part : parts_) part->advance(id, at);
    }
    void advance(std::span<const Value> values, std::int32_t id, Position at) override {
        for (const auto& part : parts_) part->advance(values, id, at);
    }
    void beside(std::span<const Value> around) override {
        for (const auto& part : parts_) part->beside(around);
    }
    void steer(std::span<const Value> tokens) override {
        for (const auto& part : parts_) part->steer(tokens);
    }
    bool word(Value first, Value past, std::vector<double>& p) override {
        return std::any_of(parts_.begin(), parts_.end(),
                           [&](const auto& part) { return part->word(first, past, p); });
    }
    void ask(std::span<const Interval> exclude, int min_context) override {
        for (const auto& part : parts_) part->ask(exclude, min_context);
        asked_ = 0;
    }
    bool speaks(Masks masks) override {
        bool any = false;
        for (const auto& part : parts_) any = part->speaks(masks) || any;
        return any;
    }
    int longest() override {
        int longest = 0;
        for (const auto& part : parts_) longest = std::max(longest, part->longest());
        return longest;
    }
    const Distribution& predict(std::span<const Value> prefix) override {
        if (blending_->weighs_prefixes()) weigh(prefix);
        gather(prefix);
        asked_ = prefix.size() + 1;
        return scratch_.next;
    }
    void sources(std::span<const Value> values, std::vector<Vote>& found) override {
        all_.clear();
        for (const auto& part : parts_) {
            part->sources(values, found);
            all_.insert(all_.end(), found.begin(), found.end());
        }
        std::sort(all_.begin(), all_.end(), [](const Vote& a, const Vote& b) {
            return a.context != b.context ? a.context > b.context : a.position > b.position;
        });
        all_.erase(std::unique(all_.begin(), all_.end(),
                               [](const Vote& a, const Vote& b) { return a.position == b.position; }),
                   all_.end());
        if (all_.size() > 16) all_.resize(16);
        found = all_;
    }
    void nearly(std::span<const Value> values, std::vector<Vote>& found) override {
        for (const auto& part : parts_) {
            part->nearly(values, found);
            if (!found.empty()) return;
        }
    }
    int context_before(Position position) override {
        int longest = 0;
        for (const auto& part : parts_) longest = std::max(longest, part->context_before(position));
        return longest;
    }
    void tell(Value value, std::vector<PartWord>& words) const override {
        words.resize(parts_.size(), {0.0, 1.0});
        for (std::size_t i = 0; i < parts_.size(); ++i) {
            words[i].weight += scratch_.weights[i];
            words[i].probability *= Blending::said(scratch_, i, value);
        }
    }

  private:
    void gather(std::span<const Value> prefix) {
        for (std::size_t i = 0; i < parts_.size(); ++i) said_[i] = &parts_[i]->predict(prefix);
        const bool weighs = blending_->weighs_prefixes() && !prefix.empty();
        blending_->mix(prefix.size(), said_,
                       weighs ? std::span<const double>(evidence_) : std::span<const double>{}, scratch_);
    }

    // Each part's likelihood of the prefix; what was asked just before is known.
    void weigh(std::span<const Value> prefix) {
        const bool goes_on = asked_ > 0 && prefix.size() == asked_ &&
                             std::equal(chosen_.begin(), chosen_.end(), prefix.begin(), prefix.end() - 1);
        if (!goes_on) {
            std::fill(evidence_.begin(), evidence_.end(), 1.0);
            for (std::size_t c = 0; c < prefix.size(); ++c) {
                gather(prefix.first(c));
                count(prefix[c]);
            }
        } else {
            count(prefix.back());
        }
        chosen_.assign(prefix.begin(), prefix.end());
    }

    void count(Value value) {
        for (std::size_t i = 0; i < evidence_.size(); ++i) evidence_[i] *= Blending::said(scratch_, i, value);
    }

    const Blending* blending_;
    std::vector<std::unique_ptr<Standing>> parts_;
    std::vector<double> evidence_;  // each part's likelihood of `chosen_`
    std::vector<Value> chosen_;
    std::size_t asked_ = 0;  // components predicted in a row; 0: none since the question was put
    std::vector<const Distribution*> said_;
    std::vector<Vote> all_;
    BlendScratch scratch_;
};

class Blend final : public Model {
  public:
    // Parts with the same components and alphabet that have learned the same; they must outlive the blend.
    Blend(std::vector<Model*> parts, BlendSettings settings)
        : parts_(std::move(parts)), blending_(parts_[0]->components(), std::move(settings)) {}

    const Blending& blending() const { return blending_; }
    Blending& blending() { return blending_; }

    std::size_t components() const override { return parts_[0]->components(); }
    const Alphabet* alphabet() const override { return parts_[0]->alphabet(); }
    Position size() const override { return parts_[0]->size(); }
    std::int32_t symbol_at(Position position) const override { return parts_[0]->symbol_at(position); }

    void learn(std::int32_t id, std::int32_t stream, std::span<const Value> around, bool weigh) override {
        BlendStanding* ear = blending_.learns() ? &ear_of(stream) : nullptr;
        if (ear != nullptr && weigh) {
            ear->beside(around);
            ear->ask({}, 0);
            values_.clear();
            for (std::size_t c = 0; c < components(); ++c) {
                ear->predict(values_);
                const Value value = component(id, c);
                blending_.learn(c, value, ear->scratch());
                values_.push_back(value);
            }
        }
        const Position position = size();
        for (Model* part : parts_) part->learn(id, stream, around, weigh);
        if (ear != nullptr) ear->advance(id, position);
    }
    void end(std::int32_t stream) override {
        for (Model* part : parts_) part->end(stream);
        if (blending_.learns()) ear_of(stream).advance(0, -1);
    }
    void unlearn(Position first, Position past) override {
        for (Model* part : parts_) part->unlearn(first, past);
    }
    void piece() override {
        for (Model* part : parts_) part->piece();
    }
    void know(std::int32_t id) override {
        for (Model* part : parts_) part->know(id);
    }
    void tell_weights(std::vector<double>& all) const override {
        blending_.tell_weights(all);
        for (const Model* part : parts_) part->tell_weights(all);
    }
    const double* set_weights(const double* from) override {
        from = blending_.set_weights(from);
        for (Model* part : parts_) from = part->set_weights(from);
        return from;
    }
    std::unique_ptr<Standing> start() override { return fresh(); }

    std::unique_ptr<BlendStanding> standing(std::vector<std::unique_ptr<Standing>> parts) const {
        return std::make_unique<BlendStanding>(blending_, std::move(parts));
    }

  private:
    std::unique_ptr<BlendStanding> fresh() {
        std::vector<std::unique_ptr<Standing>> parts;
        for (Model* part : parts_) parts.push_back(part->start());
        return standing(std::move(parts));
    }

    // Where a stream stands, for the weights to learn from what comes in it.
    BlendStanding& ear_of(std::int32_t stream) {
        auto& ear = ears_[stream];
        if (!ear) ear = fresh();
        return *ear;
    }

    std::vector<Model*> parts_;
    Blending blending_;
    std::unordered_map<std::int32_t, std::unique_ptr<BlendStanding>> ears_;
    std::vector<Value> values_;
};

}  // namespace sideman
