// The oracle and the n-gram behind the one interface of model.hpp.
//
// Adapters only: what they count stands in oracle.hpp and ngram.hpp.
#pragma once

#include <memory>
#include <utility>

#include "model.hpp"
#include "ngram.hpp"
#include "oracle.hpp"

namespace sideman {

class OracleStanding final : public Standing {
  public:
    OracleStanding(const Oracle& oracle, Oracle::State state) : oracle_(&oracle), state_(state) {}

    const Oracle::State& state() const { return state_; }

    std::unique_ptr<Standing> copy() const override {
        return std::make_unique<OracleStanding>(*oracle_, state_);
    }
    int undoable() const override { return state_.undoable(); }
    void rollback(int n) override { oracle_->rollback(state_, n); }
    void advance(std::int32_t id, Position at) override { oracle_->advance(state_, id, at); }
    void ask(std::span<const Interval> exclude, int min_context) override {
        oracle_->collect(state_, exclude, min_context, votes_);
        exclude_.assign(exclude.begin(), exclude.end());
    }
    bool speaks(Masks masks) override {
        for (const Vote& vote : votes_) {
            bool allowed = true;
            for (std::size_t c = 0; allowed && c < masks.size(); ++c)
                allowed = mask_weight(masks, c, oracle_->component(vote.symbol, c)) > 0.0;
            if (allowed) return true;
        }
        return false;
    }
    int longest() override {
        int longest = 0;
        for (const Vote& vote : votes_) longest = std::max(longest, vote.context);
        return longest;
    }
    const Distribution& predict(std::span<const Value> prefix) override {
        oracle_->predict(votes_, prefix, scratch_);
        return scratch_.next;
    }
    void sources(std::span<const Value> values, std::vector<Vote>& found) override {
        oracle_->sources(votes_, values, found);
        const Position latest = found.empty() ? oracle_->latest(0, values[0]) : -1;
        if (latest >= 0 && !contains(exclude_, latest)) tell_of(latest, values, found);
    }
    void nearly(std::span<const Value> values, std::vector<Vote>& found) override {
        found.clear();
        for (std::size_t agreeing = values.size(); found.empty() && --agreeing > 0;)
            oracle_->sources(votes_, values.first(agreeing), found);
        for (std::size_t c = 0; found.empty() && c < values.size(); ++c) {
            const Position at = oracle_->latest(c, values[c]);
            if (at >= 0 && !contains(exclude_, at)) tell_of(at, {}, found);
        }
    }
    int context_before(Position position) override { return oracle_->context_before(state_, position); }

  private:
    // A position outside the votes, if its symbol agrees.
    void tell_of(Position at, std::span<const Value> values, std::vector<Vote>& found) const {
        const std::int32_t id = oracle_->symbol_at(at);
        if (id != 0 && oracle_->agrees(id, values))
            found.push_back({at, id, oracle_->context_before(state_, at), 1.0});
    }

    const Oracle* oracle_;
    Oracle::State state_;
    std::vector<Interval> exclude_;
    std::vector<Vote> votes_;
    OracleScratch scratch_;
};

class OracleModel final : public Model {
  public:
    OracleModel(Oracle& oracle, const Alphabet* alphabet) : oracle_(&oracle), alphabet_(alphabet) {}

    std::size_t components() const override { return oracle_->components(); }
    const Alphabet* alphabet() const override { return alphabet_; }
    Position size() const override { return oracle_->size(); }
    std::int32_t symbol_at(Position position) const override { return oracle_->symbol_at(position); }
    void learn(std::int32_t id, std::int32_t stream, std::span<const Value>, bool) override {
        oracle_->learn(id, stream);
    }
    void unlearn(Position first, Position past) override { oracle_->unlearn(first, past); }
    void tell_weights(std::vector<double>& all) const override { oracle_->tell_weights(all); }
    const double* set_weights(const double* from) override { return oracle_->set_weights(from); }
    void end(std::int32_t stream) override { oracle_->end(stream); }
    std::unique_ptr<Standing> start() override {
        return std::make_unique<OracleStanding>(*oracle_, oracle_->start());
    }

  private:
    Oracle* oracle_;
    const Alphabet* alphabet_;
};

class NGramStanding final : public Standing {
  public:
    NGramStanding(NGram& ngram, NGramScratch& scratch, const Past& past, std::vector<Value> around)
        : ngram_(&ngram), scratch_(&scratch), past_(past), around_(std::move(around)) {}

    const Past& past() const { return past_; }

    std::unique_ptr<Standing> copy() const override {
        return std::make_unique<NGramStanding>(*ngram_, *scratch_, past_, around_);
    }
    int undoable() const override { return past_.undoable(); }
    void rollback(int n) override { past_.rollback(n); }
    void advance(std::int32_t id, Position) override { past_.push(id); }
    void beside(std::span<const Value> around) override { around_.assign(around.begin(), around.end()); }
    void ask(std::span<const Interval> exclude, int min_context) override {
        exclude_.assign(exclude.begin(), exclude.end());
        min_context_ = min_context;
    }
    // It backs off to the shortest context: with anything left to count it has a word for every value.
    bool speaks(Masks) override {
        const int context = ngram_->longest_vote(past_, around_, exclude_, *scratch_);
        return ngram_->counted() && context >= std::min(min_context_, ngram_->deepest());
    }
    int longest() override { return ngram_->longest_vote(past_, around_, exclude_, *scratch_); }
    const Distribution& predict(std::span<const Value> prefix) override {
        ngram_->predict(past_, around_, prefix, exclude_, *scratch_);
        const Numbers& numbers = ngram_->numbers(prefix.size());
        const auto ascending = numbers.ascending();
        next_.values.resize(ascending.size() + 1);
        next_.p.resize(ascending.size() + 1);
        next_.values[0] = 0;
        next_.p[0] = scratch_->p[numbers.size()];
        for (std::size_t i = 0; i < ascending.size(); ++i) {
            next_.values[i + 1] = numbers.value(ascending[i]);
            next_.p[i + 1] = scratch_->p[static_cast<std::size_t>(ascending[i])];
        }
        return next_;
    }
    void sources(std::span<const Value> values, std::vector<Vote>& found) override {
        ngram_->sources(past_, around_, values, exclude_, found);
    }
    void nearly(std::span<const Value> values, std::vector<Vote>& found) override {
        ngram_->nearly(past_, around_, values, exclude_, found);
    }
    int context_before(Position position) override {
        return ngram_->flows().agreement(position, past_, NGram::most_context);
    }

  private:
    NGram* ngram_;
    NGramScratch* scratch_;
    Past past_;
    std::vector<Value> around_;
    std::vector<Interval> exclude_;
    int min_context_ = 0;
    Distribution next_;
};

class NGramModel final : public Model {
  public:
    NGramModel(NGram& ngram, NGramScratch& scratch, const Alphabet* alphabet)
        : ngram_(&ngram), scratch_(&scratch), alphabet_(alphabet) {}

    std::size_t components() const override { return ngram_->components(); }
    const Alphabet* alphabet() const override { return alphabet_; }
    Position size() const override { return ngram_->size(); }
    std::int32_t symbol_at(Position position) const override { return ngram_->flows().symbol(position); }
    void learn(std::int32_t id, std::int32_t stream, std::span<const Value> around, bool weigh) override {
        ngram_->learn(id, stream, around, *scratch_, weigh);
    }
    void unlearn(Position first, Position past) override { ngram_->unlearn(first, past, *scratch_); }
    void piece() override { ngram_->piece(); }
    void know(std::int32_t id) override { ngram_->know(id); }
    void tell_weights(std::vector<double>& all) const override {
        for (std::size_t c = 0; c < components(); ++c) {
            for (const float weight : std::as_const(*ngram_).mixer(c).state())
                all.push_back(static_cast<double>(weight));
        }
    }
    const double* set_weights(const double* from) override {
        for (std::size_t c = 0; c < components(); ++c) {
            for (float& weight : ngram_->mixer(c).state()) weight = static_cast<float>(*from++);
        }
        return from;
    }
    void end(std::int32_t stream) override { ngram_->end(stream); }
    std::unique_ptr<Standing> start() override {
        return std::make_unique<NGramStanding>(*ngram_, *scratch_, Past{}, std::vector<Value>{});
    }

  private:
    NGram* ngram_;
    NGramScratch* scratch_;
    const Alphabet* alphabet_;
};

}  // namespace sideman
