// What the wire must know to obey a stop by itself: which ports may stop which session, the players, and what
// of theirs sounds where. Whoever uses it holds the wire's lock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sideman/wire_endpoint.hpp"
#include "sideman/wire_time.hpp"

namespace sideman::wire {

struct Player {
    std::string session;
    std::string name;
    std::uint64_t barred = 0;  // nothing of its plan leaves until the cut of this number is lifted; 0: it may
};

// A note that has left, and the packet that would end it at those who got it.
struct Sounding {
    Player* player;
    std::size_t hash;
    std::string off;
    std::vector<Endpoint> to;
    Nanoseconds until;
};

class Table {
  public:
    using Seats = std::vector<std::pair<Endpoint, std::string>>;

    // Who may stop which session, all of it.
    void publish(const Seats& seats) {
        seats_.clear();
        for (const auto& [source, session] : seats) {
            seats_.emplace(source, session);
        }
    }

    // The session that a port may stop; null: none.
    const std::string* session(const Endpoint& source) const {
        const auto found = seats_.find(source);
        return found == seats_.end() ? nullptr : &found->second;
    }

    // The player of a key, `session/name`; it is new where the key is.
    Player& player(std::string_view key) {
        const auto found = players_.find(key);
        if (found != players_.end()) {
            return found->second;
        }
        const std::size_t slash = std::min(key.find('/'), key.size());
        Player made{std::string(key.substr(0, slash)),
                    std::string(key.substr(std::min(slash + 1, key.size()))), 0};
        const auto barred = barred_.find(made.session);
        made.barred = barred == barred_.end() ? 0 : barred->second;
        return players_.emplace(std::string(key), std::move(made)).first->second;
    }

    auto& players() noexcept { return players_; }

    // Forget players that are not among `keys` and not `used` any more.
    void keep(const std::vector<std::string>& keys, const std::function<bool(const Player&)>& used) {
        std::erase_if(players_, [&](const auto& entry) {
            const Player& player = entry.second;
            return std::find(keys.begin(), keys.end(), entry.first) == keys.end() && player.barred == 0 &&
                   !used(player) && std::none_of(sounding_.begin(), sounding_.end(), [&](const auto& held) {
                       return held.player == &player;
                   });
        });
    }

    // All players of a session, those yet to come too, are barred until that cut is lifted.
    void bar(const std::string& session, std::uint64_t cut) { barred_[session] = cut; }

    // That cut is known to whoever plans: what is planned from now on may leave.
    void lift(std::uint64_t cut) {
        std::erase_if(barred_, [&](const auto& entry) { return entry.second <= cut; });
        for (auto& [key, player] : players_) {
            if (player.barred <= cut) {
                player.barred = 0;
            }
        }
    }

    // A note has left, or what ends it: it sounds until then.
    void sounds(Player* player, const std::string& off, const std::vector<Endpoint>& to, Nanoseconds until,
                Nanoseconds now) {
        const std::size_t hash = std::hash<std::string>{}(off);
        for (Sounding& held : sounding_) {
            if (held.hash == hash && held.off == off && held.to == to) {
                held.until = until;
                return;
            }
        }
        if (player == nullptr || until <= now) {
            return;
        }
        if (sounding_.size() >= crowded_) {
            std::erase_if(sounding_, [now](const Sounding& held) { return held.until <= now; });
            crowded_ = std::max<std::size_t>(64, 2 * sounding_.size());
        }
        sounding_.push_back({player, hash, off, to, until});
    }

    std::vector<Sounding>& sounding() noexcept { return sounding_; }

  private:
    std::unordered_map<Endpoint, std::string, EndpointHash> seats_;
    std::map<std::string, Player, std::less<>> players_;  // its nodes stay where they are
    std::map<std::string, std::uint64_t> barred_;         // sessions
    std::vector<Sounding> sounding_;
    std::size_t crowded_ = 64;
};

}  // namespace sideman::wire
