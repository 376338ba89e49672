// A transformer as a model like the others: it reads a stream's symbols as tokens, one a component, and
// predicts the next component; an oracle beside it remembers the performer.
//
// What it predicts is its own word mixed with that of the places in memory that agree with what was played,
// the more the longer they agree: an LLM that was trained on others becomes this performer's. (After the
// kNN-LM of Khandelwal et al., "Generalization through memorization", ICLR 2020; contexts in place of hidden
// states.) Sources and contexts are the memory's. Only this mixture belongs here. One strand only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "logs.hpp"
#include "reader.hpp"
#include "standings.hpp"

namespace sideman {

// The tokens of a component's values: `first` is value 0, the unknown, which is read and never drawn.
struct TokenSpan {
    std::int32_t first, past;
};

// How symbols are told to a transformer.
struct Telling {
    std::vector<std::int32_t> header;  // how each stream begins
    std::vector<TokenSpan> spans;      // one a component
    std::int32_t end = -1;             // told where a context breaks; -1: nothing is
    // The weight of memory where the longest of its contexts that agree has c events: share * c / (c + half).
    double memory_share = 0.5;
    double memory_half = 4.0;
};

class LLMStanding final : public Standing {
  public:
    LLMStanding(Reader& reader, const Telling& telling, const Alphabet* alphabet, OracleStanding memory)
        : reader_(&reader),
          telling_(&telling),
          alphabet_(alphabet),
          memory_(std::move(memory)),
          context_(telling.header, reader.window()) {}

    std::unique_ptr<Standing> copy() const override { return std::make_unique<LLMStanding>(*this); }
    int undoable() const override { return std::min(memory_.undoable(), context_.undoable()); }
    void rollback(int n) override {
        memory_.rollback(n);
        context_.rollback(n);
    }
    void advance(std::int32_t id, Position at) override {
        memory_.advance(id, at);
        if (id == 0) {
            if (telling_->end >= 0) context_.add(telling_->end);
        } else {
            for (std::size_t c = 0; c < telling_->spans.size(); ++c)
                context_.add(token(c, alphabet_ != nullptr ? alphabet_->value(id, c) : id));
        }
        context_.close();
    }
    void advance(std::span<const Value> values, std::int32_t id, Position at) override {
        memory_.advance(id, at);
        for (std::size_t c = 0; c < telling_->spans.size(); ++c) context_.add(token(c, values[c]));
        context_.close();
    }
    void steer(std::span<const Value> tokens) override {
        for (const Value token : tokens) {
            if (known(token)) context_.add(token);
        }
    }
    void ask(std::span<const Interval> exclude, int min_context) override {
        memory_.ask(exclude, min_context);
        const double agreeing = memory_.longest();
        share_ = telling_->memory_share * agreeing / (agreeing + telling_->memory_half);
    }
    // It has a word to say about every value that has a token.
    bool speaks(Masks masks) override {
        for (std::size_t c = 0; c < telling_->spans.size(); ++c) {
            bool any = false;
            const auto [first, past] = telling_->spans[c];
            for (Value value = 1; !any && value < past - first; ++value)
                any = mask_weight(masks, c, value) > 0.0;
            if (!any) return false;
        }
        return true;
    }
    bool word(Value first, Value past, std::vector<double>& p) override {
        if (!known(first) || !known(past - 1) || past <= first) return false;
        logits_.resize(static_cast<std::size_t>(past - first));
        if (!reader_->read(context_, {}, static_cast<std::size_t>(first), logits_)) return false;
        p.resize(logits_.size());
        const double sum = powers(logits_, p);
        for (double& one : p) one /= sum;
        return true;
    }
    int longest() override { return memory_.longest(); }
    const Distribution& predict(std::span<const Value> prefix) override {
        const std::size_t c = prefix.size();
        const auto [first, past] = telling_->spans[c];
        more_.clear();
        for (std::size_t i = 0; i < c; ++i) more_.push_back(token(i, prefix[i]));
        const auto count = static_cast<std::size_t>(past - first);
        logits_.resize(count);
        if (!reader_->read(context_, more_, static_cast<std::size_t>(first), logits_))
            std::fill(logits_.begin(), logits_.end(), 0.0F);
        next_.values.resize(count);
        next_.p.resize(count);
        for (std::size_t v = 1; v < count; ++v) next_.values[v] = static_cast<Value>(v);
        const double sum = powers(std::span(logits_).subspan(1), std::span(next_.p).subspan(1));
        next_.values[0] = 0;
        next_.p[0] = 0.0;
        remember(prefix, sum);
        return next_;
    }
    void sources(std::span<const Value> values, std::vector<Vote>& found) override {
        memory_.sources(values, found);
    }
    void nearly(std::span<const Value> values, std::vector<Vote>& found) override {
        memory_.nearly(values, found);
    }
    int context_before(Position position) override { return memory_.context_before(position); }

  private:
    // e to each logit, less the largest; their sum.
    static double powers(std::span<const float> logits, std::span<double> to) {
        const float most = *std::max_element(logits.begin(), logits.end());
        double sum = 0.0;
        for (std::size_t i = 0; i < logits.size(); ++i)
            sum += to[i] = static_cast<double>(quick_exp(std::max(logits[i] - most, -80.0F)));
        return sum;
    }
    bool known(std::int32_t token) const {
        return token >= 0 && static_cast<std::size_t>(token) < reader_->engine().config().vocab_size;
    }
    std::int32_t token(std::size_t c, Value value) const {
        const auto [first, past] = telling_->spans[c];
        return value > 0 && value < past - first ? first + value : first;
    }
    // Mix in memory's word. What memory leaves to the unseen, and to values without a token, is the LLM's.
    void remember(std::span<const Value> prefix, double sum) {
        double kept = 1.0;
        if (share_ > 0.0) {
            const Distribution& said = memory_.predict(prefix);
            const auto count = static_cast<Value>(next_.p.size());
            double known = 0.0;
            for (std::size_t i = 1; i < said.values.size(); ++i) {
                if (said.values[i] < count) known += said.p[i];
            }
            kept = 1.0 - share_ * known;
            for (double& p : next_.p) p *= kept / sum;
            for (std::size_t i = 1; i < said.values.size(); ++i) {
                if (said.values[i] < count)
                    next_.p[static_cast<std::size_t>(said.values[i])] += share_ * said.p[i];
            }
            return;
        }
        for (double& p : next_.p) p /= sum;
    }

    Reader* reader_;
    const Telling* telling_;
    const Alphabet* alphabet_;
    OracleStanding memory_;
    Context context_;
    double share_ = 0.0;
    std::vector<std::int32_t> more_;
    std::vector<float> logits_;
    Distribution next_;
};

class LLM final : public Model {
  public:
    // `alphabet` null: ids are values. The reader must outlive it.
    LLM(Reader& reader, Telling telling, Alphabet* alphabet)
        : reader_(&reader), telling_(std::move(telling)), alphabet_(alphabet), oracle_(alphabet) {}
    LLM(const LLM&) = delete;
    LLM& operator=(const LLM&) = delete;

    std::size_t components() const override { return telling_.spans.size(); }
    const Alphabet* alphabet() const override { return alphabet_; }
    Position size() const override { return oracle_.size(); }
    std::int32_t symbol_at(Position position) const override { return oracle_.symbol_at(position); }
    void learn(std::int32_t id, std::int32_t stream, std::span<const Value>, bool) override {
        oracle_.learn(id, stream);
    }
    void end(std::int32_t stream) override { oracle_.end(stream); }
    void unlearn(Position first, Position past) override { oracle_.unlearn(first, past); }
    void tell_weights(std::vector<double>& all) const override { oracle_.tell_weights(all); }
    const double* set_weights(const double* from) override { return oracle_.set_weights(from); }
    std::unique_ptr<Standing> start() override {
        return std::make_unique<LLMStanding>(*reader_, telling_, alphabet_,
                                             OracleStanding(oracle_, oracle_.start()));
    }

    std::size_t bytes() const { return oracle_.bytes(); }

  private:
    Reader* reader_;
    Telling telling_;
    const Alphabet* alphabet_;
    Oracle oracle_;
};

}  // namespace sideman
