// What a model has learned, in order, a flow each: which symbol stands at a position, and what came before
// it.
//
// Positions count over all flows from 0 and never change; what was forgotten is a break. Grows in chunks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "chunks.hpp"
#include "past.hpp"

namespace sideman {

class Flows {
  public:
    using Position = std::int64_t;

    // The number of a flow, made if it is new.
    std::size_t number(std::int32_t name) {
        const auto [there, fresh] = numbers_.try_emplace(name, flows_.size());
        if (fresh) flows_.emplace_back();
        return there->second;
    }

    // Keep a symbol (an id from 1); its position.
    Position push(std::size_t flow, std::int32_t id) {
        places_.push({static_cast<std::int32_t>(flow), static_cast<std::int32_t>(flows_[flow].items.size())});
        const std::int32_t index = flows_[flow].past.index();
        flows_[flow].items.push({id, static_cast<std::int32_t>(places_.size() - 1), index});
        flows_[flow].past.push(id);
        return static_cast<Position>(places_.size() - 1);
    }

    // A break: nothing looks back behind it.
    void end(std::size_t flow) {
        if (flows_[flow].past.length() == 0) return;
        flows_[flow].items.push({0, -1, flows_[flow].past.index()});
        flows_[flow].past.push(0);
    }

    Position size() const { return static_cast<Position>(places_.size()); }
    // What a flow has behind it.
    const Past& past(std::size_t flow) const { return flows_[flow].past; }
    // The symbol at a position; 0: forgotten.
    std::int32_t symbol(Position position) const {
        const Place& place = places_[static_cast<std::size_t>(position)];
        return flows_[static_cast<std::size_t>(place.flow)].items[static_cast<std::size_t>(place.index)].id;
    }
    std::size_t flow_of(Position position) const {
        return static_cast<std::size_t>(places_[static_cast<std::size_t>(position)].flow);
    }

    // What lies behind a position.
    Past before(Position position) const {
        const Place& place = places_[static_cast<std::size_t>(position)];
        const auto& items = flows_[static_cast<std::size_t>(place.flow)].items;
        std::int32_t first = place.index;
        while (first > 0 && place.index - first < Past::window &&
               items[static_cast<std::size_t>(first - 1)].id != 0)
            --first;
        Past past;
        for (std::int32_t i = first; i < place.index; ++i) past.push(items[static_cast<std::size_t>(i)].id);
        past.count_from(items[static_cast<std::size_t>(place.index)].index);
        return past;
    }

    // Positions of the same flow behind a position, until a break, at most `most`.
    void following(Position position, int most, std::vector<Position>& found) const {
        const Place& place = places_[static_cast<std::size_t>(position)];
        const auto& items = flows_[static_cast<std::size_t>(place.flow)].items;
        for (auto i = static_cast<std::size_t>(place.index) + 1; i < items.size() && most > 0; ++i, --most) {
            if (items[i].id == 0) return;
            found.push_back(items[i].position);
        }
    }

    // How many events before a position agree with a past, at most `most`.
    int agreement(Position position, const Past& past, int most) const {
        const Place& place = places_[static_cast<std::size_t>(position)];
        const auto& items = flows_[static_cast<std::size_t>(place.flow)].items;
        int n = 0;
        while (n < most && n < past.length() && place.index - n > 0) {
            const std::int32_t id = items[static_cast<std::size_t>(place.index - n - 1)].id;
            if (id == 0 || id != past.id(n + 1)) break;
            ++n;
        }
        return n;
    }

    // Forget a position: it becomes a break.
    void erase(Position position) {
        const Place& place = places_[static_cast<std::size_t>(position)];
        Flow& flow = flows_[static_cast<std::size_t>(place.flow)];
        flow.items[static_cast<std::size_t>(place.index)].id = 0;
        // What the flow has behind it may end here now.
        const auto last = static_cast<std::int32_t>(flow.items.size());
        if (last - place.index > Past::window) return;
        std::int32_t first = last;
        while (first > 0 && last - first < Past::window &&
               flow.items[static_cast<std::size_t>(first - 1)].id != 0)
            --first;
        Past past;
        for (std::int32_t i = first; i < last; ++i) past.push(flow.items[static_cast<std::size_t>(i)].id);
        past.count_from(flow.past.index());
        flow.past = past;
    }

    std::size_t bytes() const {
        std::size_t total =
            places_.bytes() + numbers_.bucket_count() * sizeof(void*) +
            numbers_.size() * (sizeof(std::pair<std::int32_t, std::size_t>) + 2 * sizeof(void*));
        for (const Flow& flow : flows_) total += flow.items.bytes() + sizeof(Flow);
        return total;
    }

  private:
    struct Place {
        std::int32_t flow;
        std::int32_t index;
    };
    struct Item {
        std::int32_t id;
        std::int32_t position;
        std::int32_t
            index;  // how many events of the flow came before since it ended last, forgotten ones too
    };
    struct Flow {
        Chunks<Item> items{};
        Past past{};
    };

    std::unordered_map<std::int32_t, std::size_t> numbers_;
    std::deque<Flow> flows_;
    Chunks<Place> places_;
};

}  // namespace sideman
