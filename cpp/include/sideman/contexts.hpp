// What followed each context: a tree of contexts, the nearest event first, with counts of outcomes.
//
// The counts are those of Kneser & Ney: at a context that reaches as deep as it can, how often a value
// followed; above it, how many different longer contexts it followed. So a sequence learned and unlearned
// leaves the counts as they were. Nodes and outcomes lie in chunks; nothing moves when the tree grows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "buckets.hpp"
#include "chunks.hpp"

namespace sideman {

// One value that followed a context. `value` is the number of a value in its owner's table.
struct Outcome {
    std::int32_t value;
    std::uint32_t count;
    std::int32_t latest;  // position where it followed last
};

class Contexts {
  public:
    static constexpr std::int32_t none = -1;
    static constexpr std::int32_t root = 0;

    struct Node {
        std::int32_t parent;
        std::int32_t feature;
        std::int32_t next;      // in its bucket
        std::int32_t overflow;  // first block of the outcomes behind the first one
        std::uint32_t total;    // of all counts
        std::uint32_t kinds;    // values with a count above 0
        std::uint32_t once;     // values with a count of 1
        std::uint32_t twice;    // values with a count of 2
        std::uint32_t slots;    // outcomes kept, those with a count of 0 too
        Outcome first;
    };

    Contexts() { make(none, 0); }

    std::size_t size() const { return nodes_.size(); }
    const Node& node(std::int32_t at) const { return nodes_[static_cast<std::size_t>(at)]; }

    // The context that goes one event further back than `parent`; none: never met.
    std::int32_t find(std::int32_t parent, std::int32_t feature) const {
        for (std::int32_t at = index_.first(hash(parent, feature)); at != none; at = node(at).next) {
            const Node& here = node(at);
            if (here.parent == parent && here.feature == feature) return at;
        }
        return none;
    }

    std::int32_t find_or_make(std::int32_t parent, std::int32_t feature) {
        const std::int32_t there = find(parent, feature);
        return there == none ? make(parent, feature) : there;
    }

    // The outcome of a value, or null.
    const Outcome* outcome(std::int32_t at, std::int32_t value) const {
        return const_cast<Contexts*>(this)->locate(at, value);
    }

    // What an outcome was before it was counted.
    struct Before {
        std::uint32_t count;
        std::int32_t latest;
    };

    // Count a value once more; a `position` below 0 changes none.
    Before add(std::int32_t at, std::int32_t value, std::int32_t position) {
        Node& here = nodes_[static_cast<std::size_t>(at)];
        Outcome* there = locate(at, value);
        if (there == nullptr) there = extend(at, here, value);
        const Before before{there->count, there->latest};
        if (position >= 0) there->latest = position;
        ++here.total;
        switch (there->count++) {
            case 0:
                ++here.kinds, ++here.once;
                break;
            case 1:
                --here.once, ++here.twice;
                break;
            case 2:
                --here.twice;
                break;
            default:
                break;
        }
        return before;
    }

    // Count a value once less; how often it had been counted.
    std::uint32_t remove(std::int32_t at, std::int32_t value) {
        Node& here = nodes_[static_cast<std::size_t>(at)];
        Outcome* there = locate(at, value);
        --here.total;
        const std::uint32_t before = there->count--;
        switch (before) {
            case 1:
                --here.kinds, --here.once;
                break;
            case 2:
                ++here.once, --here.twice;
                break;
            case 3:
                ++here.twice;
                break;
            default:
                break;
        }
        return before;
    }

    // Where a value followed last, without counting it.
    void touch(std::int32_t at, std::int32_t value, std::int32_t position) {
        Outcome* there = locate(at, value);
        if (there != nullptr) there->latest = position;
    }

    // Every outcome with a count above 0, in order of first appearance.
    template <class Visit>
    void each(std::int32_t at, Visit&& visit) const {
        const Node& here = node(at);
        if (here.slots == 0) return;
        if (here.first.count > 0) visit(here.first);
        std::uint32_t left = here.slots - 1;
        for (std::int32_t b = here.overflow; left > 0; b = block(b).next) {
            const std::uint32_t held = left < width ? left : width;
            const Block& part = block(b);
            for (std::uint32_t i = 0; i < held; ++i) {
                if (part.items[i].count > 0) visit(part.items[i]);
            }
            left -= held;
        }
    }

    std::size_t bytes() const {
        return nodes_.bytes() + blocks_.bytes() + entries_.bytes() + index_.bytes() + entry_index_.bytes();
    }

  private:
    static constexpr std::uint32_t width = 7;
    static constexpr std::uint32_t scanned = 1 + 4 * width;  // outcomes beyond are found by an index

    struct Block {
        std::array<Outcome, width> items;
        std::int32_t next;
        std::int32_t last;  // of the chain, kept in its first block
    };
    struct Entry {
        std::int32_t node;
        std::int32_t value;
        std::int32_t next;
        std::int32_t block;
        std::uint32_t place;
    };

    static std::uint64_t hash(std::int32_t a, std::int32_t b) {
        return spread((static_cast<std::uint64_t>(static_cast<std::uint32_t>(a)) << 32U) |
                      static_cast<std::uint32_t>(b));
    }

    const Block& block(std::int32_t b) const { return blocks_[static_cast<std::size_t>(b)]; }
    Block& block(std::int32_t b) { return blocks_[static_cast<std::size_t>(b)]; }

    std::int32_t make(std::int32_t parent, std::int32_t feature) {
        const auto at = static_cast<std::int32_t>(nodes_.size());
        nodes_.push({parent, feature, none, none, 0, 0, 0, 0, 0, {0, 0, -1}});
        index_.insert(
            at, hash(parent, feature),
            [this](std::int32_t n) -> std::int32_t& { return nodes_[static_cast<std::size_t>(n)].next; },
            [this](std::int32_t n) { return hash(node(n).parent, node(n).feature); });
        return at;
    }

    Outcome* locate(std::int32_t at, std::int32_t value) {
        Node& here = nodes_[static_cast<std::size_t>(at)];
        if (here.slots == 0) return nullptr;
        if (here.first.value == value) return &here.first;
        std::uint32_t left = (here.slots < scanned ? here.slots : scanned) - 1;
        for (std::int32_t b = here.overflow; left > 0; b = block(b).next) {
            const std::uint32_t held = left < width ? left : width;
            Block& part = block(b);
            for (std::uint32_t i = 0; i < held; ++i) {
                if (part.items[i].value == value) return &part.items[i];
            }
            left -= held;
        }
        if (here.slots <= scanned) return nullptr;
        for (std::int32_t e = entry_index_.first(hash(at, value)); e != none; e = entry(e).next) {
            const Entry& there = entry(e);
            if (there.node == at && there.value == value) return &block(there.block).items[there.place];
        }
        return nullptr;
    }

    Outcome* extend(std::int32_t at, Node& here, std::int32_t value) {
        const Outcome fresh{value, 0, -1};
        if (here.slots++ == 0) {
            here.first = fresh;
            return &here.first;
        }
        const std::uint32_t place = (here.slots - 2) % width;
        if (place == 0) {
            const auto made = static_cast<std::int32_t>(blocks_.size());
            blocks_.push(Block{{}, none, made});
            if (here.overflow == none) {
                here.overflow = made;
            } else {
                block(block(here.overflow).last).next = made;
                block(here.overflow).last = made;
            }
        }
        const std::int32_t b = block(here.overflow).last;
        block(b).items[place] = fresh;
        if (here.slots > scanned) {
            const auto e = static_cast<std::int32_t>(entries_.size());
            entries_.push({at, value, none, b, place});
            entry_index_.insert(
                e, hash(at, value),
                [this](std::int32_t n) -> std::int32_t& {
                    return entries_[static_cast<std::size_t>(n)].next;
                },
                [this](std::int32_t n) { return hash(entry(n).node, entry(n).value); });
        }
        return &block(b).items[place];
    }

    const Entry& entry(std::int32_t e) const { return entries_[static_cast<std::size_t>(e)]; }

    Chunks<Node> nodes_;
    Chunks<Block> blocks_;
    Chunks<Entry> entries_;
    Buckets index_;
    Buckets entry_index_;
};

}  // namespace sideman
