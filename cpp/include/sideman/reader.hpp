// What a player has behind it as tokens, and one transformer that reads for many players.
//
// The logits are a function of the context alone, whoever was read before: a context that has grown too long
// drops its older half at once and is read again from there, so nothing hangs on what a cache still holds.
// Tokens are numbers here; what they mean, and what may be drawn, is llm.hpp's.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "buckets.hpp"
#include "transformer.hpp"

namespace sideman {

// Tokens told one after another, event by event, behind a header that always stands first. `add` allocates
// while its buffers grow.
class Context {
  public:
    static constexpr std::size_t undo = 64;    // events that can be taken back
    static constexpr std::size_t spare = 64;   // tokens kept free for the next event as one ends
    static constexpr std::size_t keep = 4096;  // tokens told that are kept for taking back
    static constexpr std::size_t least_most = 4 * spare;

    // `most` tokens are read at once, header included.
    Context(std::span<const std::int32_t> header, std::size_t most)
        : header_(header.begin(), header.end()), most_(std::max(most, least_most)) {
        hash_again();
    }

    std::size_t size() const { return hashes_.size(); }
    std::int32_t token(std::size_t i) const {
        return i < header_.size() ? header_[i] : told_[begin_ + i - header_.size()];
    }
    // Of the tokens up to the i-th, itself included.
    std::uint64_t hash(std::size_t i) const { return hashes_[i]; }
    static std::uint64_t hash(std::uint64_t before, std::int32_t token) {
        return spread(before + 0x9E3779B97F4A7C15ULL + static_cast<std::uint32_t>(token));
    }

    void add(std::int32_t token) {
        if (size() >= most_) slide();
        told_.push_back(token);
        hashes_.push_back(hash(hashes_.empty() ? 0 : hashes_.back(), token));
    }
    // An event is whole: it and what was said before it can be taken back together.
    void close() {
        if (size() + spare > most_) slide();
        marks_.push_back({told_.size(), begin_});
        if (marks_.size() > undo + 1) marks_.erase(marks_.begin());
        if (told_.size() > keep) forget();
    }
    int undoable() const { return static_cast<int>(marks_.size()) - 1; }
    void rollback(int n) {
        marks_.resize(marks_.size() - static_cast<std::size_t>(n));
        const Mark mark = marks_.back();
        told_.resize(mark.told);
        if (begin_ == mark.begin) {
            hashes_.resize(header_.size() + told_.size() - begin_);
        } else {
            begin_ = mark.begin;
            hash_again();
        }
    }

  private:
    struct Mark {
        std::size_t told, begin;
    };

    // The older half goes, at an event's beginning where one is near.
    void slide() {
        const std::size_t wanted = told_.size() - std::min(told_.size(), most_ / 2);
        begin_ = wanted;
        for (const Mark& mark : marks_) {
            if (mark.told >= wanted) {
                begin_ = mark.told;
                break;
            }
        }
        hash_again();
    }
    void forget() {
        const std::size_t gone = std::min(keep / 2, marks_.front().begin);
        told_.erase(told_.begin(), told_.begin() + static_cast<std::ptrdiff_t>(gone));
        begin_ -= gone;
        for (Mark& mark : marks_) mark = {mark.told - gone, mark.begin - gone};
    }
    void hash_again() {
        hashes_.clear();
        std::uint64_t last = 0;
        for (const std::int32_t token : header_) hashes_.push_back(last = hash(last, token));
        for (std::size_t i = begin_; i < told_.size(); ++i) hashes_.push_back(last = hash(last, told_[i]));
    }

    std::vector<std::int32_t> header_, told_;
    std::size_t begin_ = 0;  // the first of `told_` that is read
    std::size_t most_;
    std::vector<std::uint64_t> hashes_;
    std::vector<Mark> marks_{{0, 0}};
};

// One engine, its sequences lent to whoever asks: who goes on from what a sequence holds already, or from
// what it held a few tokens ago, costs only what is new. Threads take turns.
class Reader {
  public:
    // Rather than taking back more than so many tokens of another's, a sequence is read from the beginning.
    static constexpr std::size_t near = 48;
    static constexpr std::size_t most_more = 16;  // tokens behind a context

    explicit Reader(std::unique_ptr<Transformer> engine)
        : engine_(std::move(engine)), held_(engine_->running().sequences) {
        for (Held& held : held_) held.logits.resize(engine_->config().vocab_size);
    }

    const Transformer& engine() const { return *engine_; }
    Transformer& engine() { return *engine_; }
    // The most tokens of a context.
    std::size_t window() const {
        const Config& config = engine_->config();
        const std::size_t window = engine_->running().window;
        if (config.blocks == Blocks::llama) return window;
        return std::min(window, std::max(config.max_position_embeddings, most_more) - most_more);
    }
    // Tokens that were run through the engine so far.
    std::uint64_t work() const { return work_; }

    // The logits of the tokens first to past - 1, after a context and some more tokens; false where the
    // model gives none that are finite.
    bool read(const Context& context, std::span<const std::int32_t> more, std::size_t first,
              std::span<float> logits) {
        const std::scoped_lock turn(turn_);
        const std::size_t n = context.size() + more.size();
        extra_.clear();
        std::uint64_t last = context.size() > 0 ? context.hash(context.size() - 1) : 0;
        for (const std::int32_t token : more) extra_.push_back(last = Context::hash(last, token));
        Held& held = fit(context, n);
        held.used = ++clock_;
        if (!bring(held, context, more, n)) return false;
        std::copy_n(held.logits.begin() + static_cast<std::ptrdiff_t>(first), logits.size(), logits.begin());
        return true;
    }

  private:
    // What a sequence of the engine holds.
    struct Held {
        std::vector<std::uint64_t> hashes{};
        std::vector<float> logits{};
        std::size_t logits_after = 0;  // so many tokens
        std::uint64_t used = 0;
    };

    std::uint64_t hash_of(const Context& context, std::size_t i) const {
        return i < context.size() ? context.hash(i) : extra_[i - context.size()];
    }
    // How many tokens a sequence and what is asked for begin with alike.
    std::size_t alike(const Held& held, const Context& context, std::size_t n) const {
        std::size_t low = 0;
        std::size_t high = std::min(n, held.hashes.size());
        while (low < high) {
            const std::size_t middle = (low + high + 1) / 2;
            if (held.hashes[middle - 1] == hash_of(context, middle - 1)) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }
    // The sequence that holds most of it, if little is missing; else the one that was not used for longest.
    Held& fit(const Context& context, std::size_t n) {
        Held* best = &held_[0];
        Held* oldest = &held_[0];
        std::size_t most = 0;
        for (Held& held : held_) {
            const std::size_t common = alike(held, context, n);
            // Of several that hold as much, the one of which least must be taken back.
            if (common > most || (common == most && held.hashes.size() < best->hashes.size())) {
                most = common;
                best = &held;
            }
            if (held.used < oldest->used) oldest = &held;
        }
        return most + near >= n ? *best : *oldest;
    }
    // Let a sequence hold just what is asked for, and have its logits.
    bool bring(Held& held, const Context& context, std::span<const std::int32_t> more, std::size_t n) {
        const auto which = static_cast<std::int32_t>(&held - held_.data());
        std::size_t common = alike(held, context, n);
        if (common == n && held.logits_after == n && held.hashes.size() == n) return true;
        common = std::min(common, n - 1);
        const auto sequence = static_cast<std::size_t>(which);
        if (common == 0 ||
            static_cast<std::int64_t>(held.hashes.size() - common) > engine_->reach(sequence)) {
            engine_->reset(sequence);
            common = 0;
        } else {
            engine_->rollback(sequence, static_cast<std::int64_t>(held.hashes.size() - common));
        }
        held.hashes.resize(common);
        tokens_.clear();
        for (std::size_t i = common; i < n; ++i) {
            tokens_.push_back(i < context.size() ? context.token(i) : more[i - context.size()]);
            held.hashes.push_back(hash_of(context, i));
        }
        held.logits_after = 0;
        work_ += tokens_.size();
        if (engine_->read(which, tokens_) != StepFault::sound) {
            engine_->reset(sequence);
            held.hashes.clear();
            return false;
        }
        std::ranges::copy(engine_->logits_of(0), held.logits.begin());
        held.logits_after = n;
        return true;
    }

    std::mutex turn_;
    std::unique_ptr<Transformer> engine_;
    std::vector<Held> held_;
    std::vector<std::uint64_t> extra_;
    std::vector<std::int32_t> tokens_;
    std::uint64_t clock_ = 0, work_ = 0;
};

}  // namespace sideman
