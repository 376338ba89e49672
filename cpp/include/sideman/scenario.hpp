// A memory of labelled beats, asked for the places that go on longest as a chart asks.
//
// Scenario and memory are Nika, Chemillier & Assayag's ("ImproteK: introducing scenarios into human-computer
// music improvisation", ACM Computers in Entertainment 14(2), 2017): of all places the longest prefix of what
// the chart still asks for, modulo transposition. Theirs is found by a pass over the memory; here an index
// grows with each beat: places by the labels of their next 1, 2, 4 and 8 beats, roots counted from one beat
// to the next, so that all transpositions are one entry. A question looks at one list, longest windows first.
//
// Bounded: a question compares at most `most_work` beats, however alike the memory is; beyond that, some
// places of the list have not been seen. `append` allocates, `longest` only for what it finds; nothing locks.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "buckets.hpp"
#include "chunks.hpp"
#include "model.hpp"

namespace sideman {

// What one beat is labelled with, or what is asked for one. Roots are pitch classes, -1 for labels that have
// none.
struct BeatLabel {
    std::int32_t family = 0;  // from 1; asked for: 0 is the wildcard
    std::int32_t kind = 0;    // from 1; asked for: 0 is any of the family
    std::int8_t root = -1;
};

// A place whose beats agree with the first `length` that are asked for, if they are moved up by `moved` (0 to
// 11) semitones; -1: they have no roots, so that any move will do.
struct BeatMatch {
    std::int32_t position = -1;
    std::int32_t moved = -1;
    std::int32_t length = 0;
};

class Scenario {
  public:
    static constexpr std::int32_t none = -1;
    static constexpr std::array<std::size_t, 4> windows{8, 4, 2, 1};
    static constexpr std::int64_t most_work = 32'768;
    static constexpr std::int32_t most_names = 0xFFFFFF;  // of families and of kinds

    // What is wished for of an answer.
    struct Wishes {
        std::uint32_t moves = 0xFFF;          // a bit for each semitone, 0 to 11, by which beats may be moved
        std::span<const Interval> exclude{};  // ascending, apart; no answer begins there
        std::int32_t most = 16;               // more beats of agreement need not be told apart
        std::size_t enough = 32;              // so many places that agree on `most` beats will do
        std::uint64_t salt = 0;               // of the order in which places are looked at
    };

    // The next beat of a stream; its position. Unless it `follows` the stream's last one, it begins a run.
    std::int32_t append(std::int32_t stream, const BeatLabel& label, bool follows) {
        const std::int32_t position = size();
        auto& tail = tails_[stream];
        const std::int32_t before = follows && !tail.empty() ? tail.back() : none;
        if (before == none) tail.clear();
        codes_.push(code(label));
        links_.push({none, before});
        if (before != none) {
            links_[index(before)].next = position;
            if (before == position - 1) codes_[index(before)] |= adjacent;
        }
        if (tail.size() == windows[0]) tail.erase(tail.begin());
        tail.push_back(position);
        std::array<BeatLabel, windows[0]> labels;
        for (std::size_t i = 0; i < tail.size(); ++i) labels[i] = this->label(tail[i]);
        for (const std::size_t window : windows) {
            if (window > tail.size()) continue;
            const std::size_t first = tail.size() - window;
            enter(key({labels.data() + first, window}), tail[first]);
        }
        return position;
    }

    // Beats [first, past) are gone: they agree with nothing.
    void drop(std::int32_t first, std::int32_t past) {
        for (std::int32_t i = std::max(first, 0); i < std::min(past, size()); ++i)
            codes_[index(i)] |= gone_bit;
    }

    std::int32_t size() const { return static_cast<std::int32_t>(codes_.size()); }
    std::int32_t next(std::int32_t position) const { return links_[index(position)].next; }
    std::int32_t before(std::int32_t position) const { return links_[index(position)].before; }
    bool gone(std::int32_t position) const { return (codes_[index(position)] & gone_bit) != 0; }
    BeatLabel label(std::int32_t position) const {
        const std::uint64_t code = codes_[index(position)];
        const auto root = static_cast<std::int8_t>(code & 15U);
        return {static_cast<std::int32_t>(code >> 40U), static_cast<std::int32_t>((code >> 16U) & 0xFFFFFFU),
                root == rootless ? std::int8_t{-1} : root};
    }
    // How many beats the last question has compared.
    std::int64_t work() const { return work_; }

    // How a place agrees with what is asked for, moved by `moved`, or (-1) by any of `moves`.
    BeatMatch agreement(std::int32_t position, std::span<const BeatLabel> asked, std::uint32_t moves,
                        std::int32_t moved) {
        prepare(asked);
        return agreement(position, asked.size(), moves, moved);
    }

    // The places that agree longest with what is asked for, in no order; none where not even the first label
    // is there. Where many do, a sample of `enough` that `salt` chooses.
    void longest(std::span<const BeatLabel> asked, const Wishes& wishes, std::vector<BeatMatch>& found) {
        work_ = 0;
        const auto most = std::min(asked.size(), static_cast<std::size_t>(std::max(wishes.most, 0)));
        asked = asked.first(most);
        prepare(asked);
        found.clear();
        std::size_t wild = 0;
        while (wild < most && asked[wild].family == 0) ++wild;
        std::size_t told = wild;
        while (told < most && asked[told].family != 0) ++told;
        for (const std::size_t window : windows) {
            if (window > told - wild) continue;
            const std::vector<std::int32_t>* places = list(key(asked.subspan(wild, window)));
            if (places == nullptr) continue;
            found.clear();
            look(
                places->size(),
                [&](std::size_t i) { return back((*places)[i], static_cast<std::int32_t>(wild)); }, most,
                wishes, found);
            // Whatever agrees on more than that is in this list.
            if (!found.empty() && found[0].length >= static_cast<std::int32_t>(wild + window)) return;
        }
        found.clear();
        if (wild == 0) return;
        look(
            codes_.size(), [](std::size_t i) { return static_cast<std::int32_t>(i); }, wild, wishes, found);
    }

    std::size_t bytes() const {
        return codes_.bytes() + links_.bytes() + lists_.bytes() + index_.bytes() +
               places_ * sizeof(std::int32_t) * 3 / 2;
    }

  private:
    // A beat as one word: family (24 bits), kind (24), flags, root (4 bits).
    static constexpr std::uint64_t gone_bit = 1U << 4U;
    static constexpr std::uint64_t adjacent = 1U << 5U;  // its next beat stands right behind it
    static constexpr std::uint64_t rootless = 15;
    static constexpr std::uint64_t family_bits = 0xFFFFFFULL << 40U;
    static constexpr std::uint64_t kind_bits = 0xFFFFFFULL << 16U;

    struct Links {
        std::int32_t next;
        std::int32_t before;
    };
    struct List {
        std::uint64_t key;
        std::int32_t next;  // in its bucket
        std::vector<std::int32_t> places;
    };
    struct Wanted {
        std::uint64_t mask;
        std::uint64_t value;
        std::int32_t root;  // -1: none, or any
    };

    static std::size_t index(std::int32_t position) { return static_cast<std::size_t>(position); }

    static std::uint64_t code(const BeatLabel& label) {
        const std::uint64_t root = label.root < 0 ? rootless : static_cast<std::uint64_t>(label.root);
        return static_cast<std::uint64_t>(label.family) << 40U |
               static_cast<std::uint64_t>(label.kind) << 16U | root;
    }

    void prepare(std::span<const BeatLabel> asked) {
        wanted_.clear();
        for (const BeatLabel& label : asked) {
            if (label.family == 0) {
                wanted_.push_back({gone_bit, 0, -1});
                continue;
            }
            const std::uint64_t root = label.root < 0 ? std::uint64_t{15} : std::uint64_t{0};
            const std::uint64_t mask = gone_bit | family_bits | (label.kind != 0 ? kind_bits : 0) | root;
            wanted_.push_back({mask, code(label) & mask, label.root});
        }
    }

    BeatMatch agreement(std::int32_t position, std::size_t most, std::uint32_t moves,
                        std::int32_t moved) const {
        BeatMatch match{position, moved, 0};
        for (std::size_t i = 0; i < most && position != none; ++i) {
            const Wanted& wanted = wanted_[i];
            const std::uint64_t code = codes_[index(position)];
            if ((code & wanted.mask) != wanted.value) break;
            if (wanted.root >= 0) {
                const auto root = static_cast<std::int32_t>(code & 15U);
                const std::int32_t by = wanted.root - root + (wanted.root < root ? 12 : 0);
                if (root == static_cast<std::int32_t>(rootless)) break;
                if (match.moved < 0 && ((moves >> static_cast<unsigned>(by)) & 1U) != 0) match.moved = by;
                if (match.moved != by) break;
            }
            ++match.length;
            position = (code & adjacent) != 0 ? position + 1 : next(position);
        }
        return match;
    }

    // The same for windows that are one another's transpositions. It may be the same for others too, where
    // labels have no roots: what is found by it is compared.
    static std::uint64_t key(std::span<const BeatLabel> labels) {
        std::uint64_t made = labels.size();
        std::int32_t root = none;
        for (const BeatLabel& label : labels) {
            const std::int32_t step = label.root < 0 ? 13 : (root < 0 ? 12 : (label.root - root + 12) % 12);
            root = label.root;
            made = spread(made * 0x9E3779B97F4A7C15ULL + static_cast<std::uint64_t>(label.family) * 16 +
                          static_cast<std::uint64_t>(step));
        }
        return made;
    }

    void enter(std::uint64_t key, std::int32_t position) {
        std::int32_t entry = find(key);
        if (entry == Buckets::none) {
            entry = static_cast<std::int32_t>(lists_.size());
            lists_.push({key, Buckets::none, {}});
            index_.insert(
                entry, key, [this](std::int32_t e) -> std::int32_t& { return lists_[index(e)].next; },
                [this](std::int32_t e) { return lists_[index(e)].key; });
        }
        lists_[index(entry)].places.push_back(position);
        ++places_;
    }

    std::int32_t find(std::uint64_t key) const {
        std::int32_t entry = index_.first(key);
        while (entry != Buckets::none && lists_[index(entry)].key != key) entry = lists_[index(entry)].next;
        return entry;
    }

    const std::vector<std::int32_t>* list(std::uint64_t key) const {
        const std::int32_t entry = find(key);
        return entry == Buckets::none ? nullptr : &lists_[index(entry)].places;
    }

    std::int32_t back(std::int32_t position, std::int32_t beats) const {
        while (beats-- > 0 && position != none) position = before(position);
        return position;
    }

    static bool excluded(std::span<const Interval> exclude, std::int32_t position) {
        const auto after =
            std::upper_bound(exclude.begin(), exclude.end(), position,
                             [](std::int32_t p, const Interval& interval) { return p < interval.first; });
        return after != exclude.begin() && position < (after - 1)->past;
    }

    // Keeps those of `count` places that agree longest, each looked at once: blocks of neighbours, in an
    // order that `salt` chooses.
    template <class Place>
    void look(std::size_t count, Place&& place, std::size_t asked, const Wishes& wishes,
              std::vector<BeatMatch>& found) {
        if (count == 0) return;
        const std::size_t blocks = (count + block - 1) / block;
        // About a golden section, so that blocks looked at one after another lie far apart.
        std::size_t step =
            std::max<std::size_t>(1, static_cast<std::size_t>(0.6180339887 * static_cast<double>(blocks)));
        while (common(step, blocks) != 1) ++step;
        std::size_t at = static_cast<std::size_t>(spread(wishes.salt) % blocks);
        for (std::size_t seen = 0; seen < blocks && work_ < most_work; ++seen, at = (at + step) % blocks) {
            const std::size_t past = std::min(count, (at + 1) * block);
            for (std::size_t i = at * block; i < past; ++i) {
                ++work_;
                const std::int32_t position = place(i);
                if (position == none || excluded(wishes.exclude, position)) continue;
                const BeatMatch match = agreement(position, asked, wishes.moves, -1);
                work_ += match.length;
                const std::int32_t best = found.empty() ? 1 : found[0].length;
                if (match.length < best) continue;
                if (match.length > best) found.clear();
                if (found.size() < wishes.enough) found.push_back(match);
                if (found.size() == wishes.enough && match.length == static_cast<std::int32_t>(asked)) return;
            }
        }
    }

    static std::size_t common(std::size_t a, std::size_t b) {
        while (b != 0) {
            const std::size_t rest = a % b;
            a = b;
            b = rest;
        }
        return a;
    }

    static constexpr std::size_t block = 16;

    Chunks<std::uint64_t> codes_;
    Chunks<Links> links_;
    Chunks<List> lists_;
    Buckets index_;
    std::unordered_map<std::int32_t, std::vector<std::int32_t>>
        tails_;  // the last beats of each stream's run
    std::vector<Wanted> wanted_;
    std::size_t places_ = 0;
    std::int64_t work_ = 0;
};

}  // namespace sideman
