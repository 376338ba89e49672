// What is to leave, in order of due time and of handing over where that is equal. Whoever uses it holds the
// wire's lock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sideman/wire_endpoint.hpp"
#include "sideman/wire_table.hpp"
#include "sideman/wire_time.hpp"

namespace sideman::wire {

// A datagram to send. With a player it belongs to that player's plan. With an `off` it begins or ends a note
// that sounds `until` then, and that the packet `off` would end; what ends one is that packet itself.
struct Item {
    Nanoseconds due = 0;
    std::string packet;
    std::vector<Endpoint> to;
    Player* player = nullptr;
    std::string off{};
    Nanoseconds until = 0;
    std::uint64_t order = 0;
};

class Heap {
  public:
    static constexpr Nanoseconds never = INT64_MAX;

    bool empty() const noexcept { return items_.empty(); }
    std::size_t size() const noexcept { return items_.size(); }
    Nanoseconds next() const noexcept { return items_.empty() ? never : items_.front().due; }
    const std::vector<Item>& items() const noexcept { return items_; }

    void push(Item item) {
        item.order = ++orders_;
        items_.push_back(std::move(item));
        std::push_heap(items_.begin(), items_.end(), later);
    }

    // The first; there must be one.
    Item pop() {
        std::pop_heap(items_.begin(), items_.end(), later);
        Item first = std::move(items_.back());
        items_.pop_back();
        return first;
    }

    // Forget the items of which that holds; how many there were.
    template <class Gone>
    std::size_t drop(Gone gone) {
        const std::size_t dropped = std::erase_if(items_, gone);
        if (dropped > 0) {
            std::make_heap(items_.begin(), items_.end(), later);
        }
        return dropped;
    }

  private:
    static bool later(const Item& a, const Item& b) noexcept {
        return a.due != b.due ? a.due > b.due : a.order > b.order;
    }

    std::vector<Item> items_;
    std::uint64_t orders_ = 0;
};

}  // namespace sideman::wire
