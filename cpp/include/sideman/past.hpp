// The last events of a flow as symbol ids, and how to step back in it.
//
// Fixed in size; nothing allocates.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace sideman {

class Past {
  public:
    static constexpr int window = 64;   // events that one may look back at
    static constexpr int history = 64;  // events that can be taken back

    // Go on by a symbol; 0 is a break, behind which nobody looks.
    void push(std::int32_t id) {
        Moment next = now();
        next.id = id;
        next.length = id == 0 ? 0 : std::min(next.length + 1, window);
        next.index = id == 0 ? 0 : next.index + 1;
        moments_[++count_ % moments_.size()] = next;
        undoable_ = std::min(undoable_ + 1, history);
    }

    // Take back the last `n` pushes; at most `undoable()`.
    void rollback(int n) {
        count_ -= static_cast<std::uint32_t>(n);
        undoable_ -= n;
    }

    // So many events have passed, more than are kept here.
    void count_from(std::int32_t index) { moments_[count_ % moments_.size()].index = index; }

    int undoable() const { return undoable_; }
    // How many events one may look back at.
    int length() const { return now().length; }
    // How many events there were since the last break.
    std::int32_t index() const { return now().index; }
    // The symbol `lag` events ago, 1 the last; 0 where there is none.
    std::int32_t id(int lag) const {
        if (lag > now().length) return 0;
        return moments_[(count_ - static_cast<std::uint32_t>(lag - 1)) % moments_.size()].id;
    }

  private:
    struct Moment {
        std::int32_t id = 0;
        std::int32_t index = 0;
        int length = 0;
    };
    const Moment& now() const { return moments_[count_ % moments_.size()]; }

    std::array<Moment, 128> moments_{};
    std::uint32_t count_ = 0;
    int undoable_ = 0;
};

}  // namespace sideman
