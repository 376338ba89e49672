// The factor oracle of one stream, built while it is played.
//
// State i stands behind symbol i; state 0 is the root. Each state has a suffix link, the length of the
// repeated suffix (LRS) and its reverse links; the transition to the next state is implicit, all others lie
// in one hash index. An append does at most `budget` steps of building: what a long walk leaves over is done
// by the appends that follow, so `built()` may lag behind `size()`, and what is built is exactly the
// textbook's automaton. Sources: Allauzen, Crochemore & Raffinot, "Factor oracle: a new structure for pattern
// matching", SOFSEM 1999; Lefebvre & Lecroq, "Computing repeated factors with a factor oracle", 2000 (LRS);
// Assayag & Dubnov, "Using factor oracles for machine improvisation", Soft Computing 8, 2004.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "buckets.hpp"
#include "chunks.hpp"

namespace sideman {

class Automaton {
  public:
    static constexpr std::int32_t none = -1;
    static constexpr int budget = 32;
    static constexpr std::int32_t break_symbol = 0;

    Automaton() { nodes_.push({break_symbol, none, 0, none, none}); }

    // States behind the root: symbols and breaks.
    std::int32_t size() const { return static_cast<std::int32_t>(nodes_.size()) - 1; }
    std::int32_t built() const { return built_; }
    std::uint64_t steps() const { return steps_; }

    // Append a symbol (from 1) or a break (0). Allocates in chunks; at most `budget` steps of building.
    void append(std::int32_t symbol) {
        nodes_.push({symbol, 0, 0, none, none});
        int left = budget;
        while (left > 0 && built_ < size()) build(left);
    }

    // Make a state a break; what is built says otherwise until `rebuild`.
    void erase(std::int32_t state) { at(state).symbol = break_symbol; }

    // Build all anew. Work in proportion to the size.
    void rebuild() {
        Automaton fresh;
        for (std::int32_t state = 1; state <= size(); ++state) fresh.append(symbol(state));
        fresh.steps_ += steps_;
        *this = std::move(fresh);
    }

    // The symbol behind which a state stands.
    std::int32_t symbol(std::int32_t state) const { return at(state).symbol; }
    // -1 for the root; 0 also for a state that is not built yet.
    std::int32_t suffix_link(std::int32_t state) const { return at(state).link; }
    std::int32_t lrs(std::int32_t state) const { return at(state).lrs; }
    // The states whose suffix link leads here: the newest, and from each the one before it.
    std::int32_t first_reverse(std::int32_t state) const { return at(state).reverse; }
    std::int32_t next_reverse(std::int32_t state) const { return at(state).sibling; }

    // A state will be looked at soon: have it brought near.
    void expect(std::int32_t state) const {
#if defined(__GNUC__)
        if (state > 0) __builtin_prefetch(&at(state));
#endif
        (void)state;
    }

    // Where a symbol leads from a state; -1: nowhere.
    std::int32_t transition(std::int32_t state, std::int32_t symbol) const {
        if (state < size() && at(state + 1).symbol == symbol && symbol != break_symbol) return state + 1;
        return external(state, symbol);
    }

    std::size_t bytes() const { return nodes_.bytes() + edges_.bytes() + index_.bytes(); }

  private:
    struct Node {
        std::int32_t symbol;
        std::int32_t link;
        std::int32_t lrs;
        std::int32_t reverse;
        std::int32_t sibling;
    };
    struct Edge {
        std::int32_t from;
        std::int32_t symbol;
        std::int32_t to;
        std::int32_t next;
    };

    const Node& at(std::int32_t state) const { return nodes_[static_cast<std::size_t>(state)]; }
    Node& at(std::int32_t state) { return nodes_[static_cast<std::size_t>(state)]; }
    const Edge& edge(std::int32_t number) const { return edges_[static_cast<std::size_t>(number)]; }
    Edge& edge(std::int32_t number) { return edges_[static_cast<std::size_t>(number)]; }

    static std::uint64_t hash(std::int32_t from, std::int32_t symbol) {
        return spread((static_cast<std::uint64_t>(static_cast<std::uint32_t>(from)) << 32U) |
                      static_cast<std::uint32_t>(symbol));
    }

    std::int32_t external(std::int32_t state, std::int32_t symbol) const {
        for (std::int32_t e = index_.first(hash(state, symbol)); e != Buckets::none; e = edge(e).next) {
            if (edge(e).from == state && edge(e).symbol == symbol) return edge(e).to;
        }
        return none;
    }

    void connect(std::int32_t from, std::int32_t symbol, std::int32_t to) {
        edges_.push({from, symbol, to, Buckets::none});
        index_.insert(
            static_cast<std::int32_t>(edges_.size() - 1), hash(from, symbol),
            [this](std::int32_t e) -> std::int32_t& { return edge(e).next; },
            [this](std::int32_t e) { return hash(edge(e).from, edge(e).symbol); });
    }

    // Go on with the state behind `built_`: walk the suffix links, then find the common suffix's length.
    void build(int& left) {
        const std::int32_t state = built_ + 1;
        const std::int32_t wanted = at(state).symbol;
        if (wanted == break_symbol) {  // a context ends here: nothing leads to it, and from it to the root
            finish(state, 0, 0);
            --left;
            return;
        }
        if (phase_ == Phase::fresh) {
            walk_ = at(built_).link;
            last_ = built_;
            phase_ = Phase::walking;
        }
        if (phase_ == Phase::walking) {
            std::int32_t target = none;
            while (walk_ != none) {
                if (left-- <= 0) return;
                ++steps_;
                // A transition to what is not built yet is the one that stands next in the stream.
                target = walk_ < built_ ? transition(walk_, wanted) : none;
                if (target != none) break;
                connect(walk_, wanted, state);
                last_ = walk_;
                walk_ = at(walk_).link;
            }
            link_ = walk_ == none ? 0 : target;
            other_ = link_ - 1;
            agreed_ = 0;
            phase_ = Phase::measuring;
        }
        if (link_ == 0) {
            finish(state, 0, 0);
            return;
        }
        // The length of the common suffix of `last_` and the state before the link, sought in two ways by
        // turns: up the suffix links, which is slow after a long run of one symbol, and symbol by symbol,
        // which is slow where the suffix is long. Both find the same; the quicker ends it.
        const std::int32_t before = link_ - 1;
        const std::int32_t most = std::min(at(last_).lrs, before);
        while (other_ != at(last_).link && at(other_).link != at(last_).link) {
            if (agreed_ >= most || at(last_ - agreed_).symbol != at(before - agreed_).symbol) {
                finish(state, link_, agreed_ + 1);
                --left;
                return;
            }
            if (left-- <= 0) return;
            ++steps_;
            ++agreed_;
            other_ = at(other_).link;
        }
        const std::int32_t common =
            other_ == at(last_).link ? at(last_).lrs : std::min(at(last_).lrs, at(other_).lrs);
        finish(state, link_, common + 1);
        --left;
    }

    void finish(std::int32_t state, std::int32_t link, std::int32_t lrs) {
        Node& node = at(state);
        node.link = link;
        node.lrs = lrs;
        node.sibling = at(link).reverse;
        at(link).reverse = state;
        built_ = state;
        phase_ = Phase::fresh;
    }

    enum class Phase : std::uint8_t { fresh, walking, measuring };

    Chunks<Node> nodes_;
    Chunks<Edge> edges_;
    Buckets index_;
    std::int32_t built_ = 0;
    std::int32_t walk_ = none;
    std::int32_t last_ = 0;
    std::int32_t link_ = 0;
    std::int32_t other_ = 0;
    std::int32_t agreed_ = 0;
    Phase phase_ = Phase::fresh;
    std::uint64_t steps_ = 0;
};

}  // namespace sideman
