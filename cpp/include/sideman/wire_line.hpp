// What the wire's thread and whoever schedules share, under one lock: the heap, the table, what has arrived.
//
// Rule: what may leave is decided and sent while the lock is held, so that nothing of a plan leaves after the
// stop that voids it. No call here runs Python.
#pragma once

#include <sys/timerfd.h>

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "sideman/osc_message.hpp"
#include "sideman/wire_endpoint.hpp"
#include "sideman/wire_heap.hpp"
#include "sideman/wire_lateness.hpp"
#include "sideman/wire_lock.hpp"
#include "sideman/wire_ring.hpp"
#include "sideman/wire_socket.hpp"
#include "sideman/wire_stop.hpp"
#include "sideman/wire_table.hpp"
#include "sideman/wire_time.hpp"

namespace sideman::wire {

// A stop that the wire obeyed by itself: whose plans it voided, and the note-offs that it sent.
struct Cut {
    std::uint64_t number = 0;
    std::vector<std::string> players;
    std::vector<std::string> offs;
};

struct Counts {
    std::uint64_t sent = 0;
    std::uint64_t dropped = 0;  // could not be sent
    std::uint64_t stale = 0;    // of a plan, and overdue by over 250 ms
    std::uint64_t voided = 0;   // of a plan that a stop had voided
    std::uint64_t lost = 0;     // arrived while nobody took what had arrived before
    std::uint64_t obeyed = 0;   // stops
    std::size_t waiting = 0;    // for its time
};

// All but the constructor and `lock` wants the lock held.
class Line {
  public:
    explicit Line(const Endpoint& here)
        : socket(bound(here)), timer(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
        if (!timer.open()) {
            fail("timerfd_create");
        }
        going_.reserve(together);
    }

    // Send an item when it is due, at once if that has come. May allocate.
    void send(Item item) {
        if (item.player != nullptr && item.player->barred != 0) {
            ++voided_;
            return;
        }
        const Nanoseconds now = now_ns();
        if (item.due > now || heap_.next() <= now) {
            heap_.push(std::move(item));
            leave(now);
        } else if (overdue(item, now)) {
            ++stale_;
        } else {
            put(item, now);
            sender_.flush(socket);
        }
    }

    // What of that player's plan is due after then is void; the rest leaves when it is due.
    void cut(const std::string& key, Nanoseconds after) {
        const Player* player = &table.player(key);
        heap_.drop([=](const Item& item) { return item.player == player && item.due > after; });
        leave(now_ns());
    }

    // What is due by then leaves. Does not allocate where few items are due at once.
    void leave(Nanoseconds by) {
        while (heap_.next() <= by) {
            const Nanoseconds now = now_ns();
            while (heap_.next() <= by && going_.size() < together) {
                Item item = heap_.pop();
                if (overdue(item, now)) {
                    ++stale_;
                    continue;
                }
                lateness.add(now - item.due);
                going_.push_back(std::move(item));
            }
            for (const Item& item : going_) {
                put(item, now);
            }
            sender_.flush(socket);
            going_.clear();
        }
        arm();
    }

    // A packet has come: a stop is obeyed, and all is kept until it is taken. False: there was no room.
    bool arrive(osc::Bytes packet, const Endpoint& source, Nanoseconds now) {
        const Stop stop = stop_in(packet);
        const std::string* session = stop.whom == Stop::Whom::nobody ? nullptr : table.session(source);
        // What nobody would hear of may not be obeyed: nobody would lift the cut.
        if (!ring.fits(packet.size(), session != nullptr)) {
            ++lost_;
            return false;
        }
        const std::uint64_t number = session != nullptr ? obey(stop, *session, now) : 0;
        ring.push({now, number, source, static_cast<std::uint32_t>(packet.size())}, packet.data());
        return true;
    }

    void publish(const Table::Seats& seats, const std::vector<std::string>& players) {
        table.publish(seats);
        table.keep(players, [this](const Player& player) {
            for (const Item& item : heap_.items()) {
                if (item.player == &player) {
                    return true;
                }
            }
            return false;
        });
    }

    Counts counts() const noexcept {
        return {sender_.sent, sender_.dropped, stale_, voided_, lost_, cuts_, heap_.size()};
    }

    // Set the timer to when the first item is due.
    void arm() noexcept {
        if (heap_.next() == armed_) {
            return;
        }
        armed_ = heap_.next();
        itimerspec when{};
        if (armed_ != Heap::never) {
            when.it_value = timespec_of(armed_ > 0 ? armed_ : 1);
        }
        timerfd_settime(timer.number(), TFD_TIMER_ABSTIME, &when, nullptr);
    }

    Lock lock;
    Handle socket;
    Handle timer;
    Table table;
    Ring ring;
    std::deque<Cut> made;  // those of the arrivals in the ring, in order
    Lateness lateness;     // of what waited for its time
    bool told = false;     // whoever takes arrivals knows that there are some

  private:
    static constexpr std::size_t together = 64;

    static bool overdue(const Item& item, Nanoseconds now) noexcept {
        // An answer, or the end of a note, is sent however late it is.
        return item.player != nullptr && item.due < now - stale_after && item.off != item.packet;
    }

    void put(const Item& item, Nanoseconds now) {
        for (const Endpoint& to : item.to) {
            sender_.add(socket, item.packet, to);
        }
        if (!item.off.empty()) {
            table.sounds(item.player, item.off, item.to, item.until, now);
        }
    }

    // Void the plans that a stop reaches and end what sounds of them; 0 if it reaches nobody that is known.
    std::uint64_t obey(const Stop& stop, const std::string& session, Nanoseconds now) {
        Cut cut;
        for (auto& [key, player] : table.players()) {
            if (player.session == session && stop.reaches(player.name)) {
                cut.players.push_back(key);
            }
        }
        if (cut.players.empty() && stop.whom == Stop::Whom::named) {
            return 0;
        }
        leave(now);
        cut.number = ++cuts_;
        if (stop.whom == Stop::Whom::everybody) {
            table.bar(session, cut.number);
        }
        for (const std::string& key : cut.players) {
            table.player(key).barred = cut.number;
        }
        const auto reached = [&cut](const Player* player) {
            return player != nullptr && player->barred == cut.number;
        };
        heap_.drop([&](const Item& item) { return reached(item.player); });
        for (const Sounding& held : table.sounding()) {
            if (!reached(held.player) || held.until <= now) {
                continue;
            }
            for (const Endpoint& to : held.to) {
                sender_.add(socket, held.off, to);
            }
            cut.offs.push_back(held.off);
        }
        sender_.flush(socket);
        std::erase_if(table.sounding(), [&](const Sounding& held) { return reached(held.player); });
        arm();
        const std::uint64_t number = cut.number;
        made.push_back(std::move(cut));
        return number;
    }

    Heap heap_;
    Sender sender_;
    std::vector<Item> going_;
    Nanoseconds armed_ = Heap::never;
    std::uint64_t cuts_ = 0;
    std::uint64_t stale_ = 0;
    std::uint64_t voided_ = 0;
    std::uint64_t lost_ = 0;
};

}  // namespace sideman::wire
