// The wire: what leaves when, what a stop voids, and that both threads may do it at once.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#ifdef __linux__
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "sideman/osc_writer.hpp"
#include "sideman/wire.hpp"

namespace {

using namespace sideman::wire;
namespace osc = sideman::osc;

Endpoint loopback(std::uint16_t port = 0) { return {*numeric("127.0.0.1"), htons(port)}; }

// Somebody on loopback who sends and hears.
class Ear {
  public:
    Ear() : socket_(bound(loopback())) {}
    Endpoint place() const { return place_of(socket_); }
    void say(const std::string& packet, const Endpoint& to) {
        Sender sender;
        sender.add(socket_, packet, to);
        sender.flush(socket_);
    }
    // What has come by now.
    std::vector<std::string> heard() {
        std::vector<std::string> packets;
        while (const unsigned came = receiver_.receive(socket_)) {
            for (unsigned at = 0; at < came; ++at) {
                const osc::Bytes packet = receiver_.packet(at);
                packets.emplace_back(packet.begin(), packet.end());
            }
        }
        return packets;
    }
    // What has come once so much has, or after ten seconds.
    std::vector<std::string> hear(std::size_t count) {
        std::vector<std::string> packets;
        pollfd wanted{socket_.number(), POLLIN, 0};
        while (packets.size() < count && poll(&wanted, 1, 10'000) > 0) {
            for (std::string& packet : heard()) packets.push_back(std::move(packet));
        }
        return packets;
    }

  private:
    Handle socket_;
    Receiver receiver_;
};

std::string message(const char* address) {
    std::vector<std::uint8_t> room(512);
    osc::Writer writer{room};
    writer.message(address);
    return {reinterpret_cast<const char*>(room.data()), writer.size()};
}

Item item(Nanoseconds due, std::string packet, const Endpoint& to, Player* player = nullptr,
          std::string off = {}, Nanoseconds until = 0) {
    return {due, std::move(packet), {to}, player, std::move(off), until};
}

// Waits for the arrivals of a wire, as the event loop does.
std::vector<Arrival> taken(Wire& wire, std::size_t count, std::vector<Cut>& cuts) {
    std::vector<Arrival> arrivals;
    std::vector<std::uint8_t> packets;
    pollfd wanted{wire.bell(), POLLIN, 0};
    while (arrivals.size() < count && poll(&wanted, 1, 10'000) > 0) {
        const std::lock_guard holding(wire.line().lock);
        std::vector<Arrival> more;
        wire.take(64, more, packets, cuts);
        arrivals.insert(arrivals.end(), more.begin(), more.end());
    }
    return arrivals;
}

TEST_CASE("items leave in order of due time, and of handing over where that is equal") {
    std::mt19937 draw(1);
    Heap heap;
    std::vector<std::pair<Nanoseconds, int>> given;
    for (int number = 0; number < 500; ++number) {
        const Nanoseconds due = draw() % 50;
        given.emplace_back(due, number);
        heap.push(item(due, std::to_string(number), loopback()));
    }
    std::stable_sort(given.begin(), given.end(), [](auto a, auto b) { return a.first < b.first; });
    for (const auto& [due, number] : given) CHECK(heap.pop().packet == std::to_string(number));
}

TEST_CASE("the ring gives back what was put in, however it wraps, and refuses what does not fit") {
    std::mt19937 draw(1);
    Ring ring(1000, 100);
    std::vector<std::string> kept;
    std::size_t refused = 0;
    for (int turn = 0; turn < 5000; ++turn) {
        const std::string packet(draw() % 200, static_cast<char>('a' + turn % 26));
        if (draw() % 2 == 0) {
            if (ring.fits(packet.size(), false)) {
                ring.push({turn, 0, loopback(), static_cast<std::uint32_t>(packet.size())},
                          reinterpret_cast<const std::uint8_t*>(packet.data()));
                kept.push_back(packet);
            } else {
                ++refused;
            }
        } else if (!ring.empty()) {
            std::vector<std::uint8_t> bytes;
            const Arrival arrival = ring.pop(bytes);
            CHECK(std::string(bytes.begin(), bytes.end()) == kept.front());
            CHECK(arrival.size == kept.front().size());
            kept.erase(kept.begin());
        }
    }
    CHECK(ring.empty() == kept.empty());
    CHECK(refused > 0);
    CHECK(ring.fits(0, true));
}

TEST_CASE("quantiles of lateness lie within an eighth above the true ones") {
    std::mt19937_64 draw(1);
    Lateness lateness;
    std::vector<Nanoseconds> all;
    for (int i = 0; i < 10'000; ++i) {
        const auto late = static_cast<Nanoseconds>(draw() >> (draw() % 40 + 20));
        lateness.add(late);
        all.push_back(late);
    }
    std::sort(all.begin(), all.end());
    for (const double share : {0.0, 0.5, 0.9, 0.99, 1.0}) {
        const auto place = static_cast<std::size_t>(share * static_cast<double>(all.size()));
        const Nanoseconds truth = all[std::min(place, all.size() - 1)];
        CHECK(lateness.quantile(share) >= truth);
        CHECK(lateness.quantile(share) <= truth + truth / 8 + 1);
    }
    CHECK(lateness.most() == all.back());
    CHECK(Lateness{}.quantile(0.5) == 0);
}

TEST_CASE("only a stop that is clear is seen as one") {
    const auto whom = [](const std::string& packet) {
        return stop_in({reinterpret_cast<const std::uint8_t*>(packet.data()), packet.size()}).whom;
    };
    CHECK(whom(message("/panic")) == Stop::Whom::everybody);
    CHECK(whom(message("/stop")) == Stop::Whom::everybody);
    CHECK(whom(message("/player/ann/stop")) == Stop::Whom::named);
    CHECK(whom(message("/player/{ann,b*}/stop")) == Stop::Whom::named);
    for (const char* address : {"/pani?", "/start", "/player//stop", "/player/a/b/stop", "/player/[a/stop",
                                "/player/stop", "/player/ann/stop/", "/*", "/", "/stops"}) {
        CHECK_MESSAGE(whom(message(address)) == Stop::Whom::nobody, address);
    }
    CHECK(whom("") == Stop::Whom::nobody);
    CHECK(whom(std::string("#bundle\0\0\0\0\0\0\0\0\1", 16)) == Stop::Whom::nobody);
    CHECK(whom(std::string("/stop\0\0\0,i\0\0\0\0\0\0", 16)) == Stop::Whom::nobody);  // a button's release
    CHECK(whom(std::string("/stop\0\0\0,i\0\0\0\0\0\1", 16)) == Stop::Whom::everybody);
    CHECK(whom(std::string("/stop\0\0\0,f\0\0\x7f\xc0\0\0", 16)) == Stop::Whom::nobody);  // not a number
    CHECK(whom(std::string("/stop\0\0\0,s\0\0000\0\0\0", 16)) == Stop::Whom::nobody);
    CHECK(whom(std::string("/stop\0\0\0,ii\0\0\0\0\1\0\0\0\1", 20)) == Stop::Whom::nobody);
}

TEST_CASE(
    "what is due leaves at once, what is not leaves when it is, and what is long overdue only as no plan's") {
    Ear ear;
    Wire wire(loopback());
    wire.start();
    const Nanoseconds now = now_ns();
    Line& line = wire.line();
    {
        const std::lock_guard holding(line.lock);
        Player* ann = &line.table.player("main/ann");
        line.send(item(now + 20'000'000, "second", ear.place()));
        line.send(item(now + 10'000'000, "first", ear.place()));
        line.send(item(now, "now", ear.place()));
        line.send(item(now - 2 * stale_after, "stale", ear.place(), ann));
        line.send(item(now - 2 * stale_after, "an answer", ear.place()));
        CHECK(ear.heard() == std::vector<std::string>{"now", "an answer"});
        CHECK(line.counts().stale == 1);
        CHECK(line.counts().waiting == 2);
    }
    CHECK(ear.hear(2) == std::vector<std::string>{"first", "second"});
    CHECK(now_ns() >= now + 20'000'000);
    wire.close();
    CHECK(line.lateness.count() == 2);
}

TEST_CASE("a cut voids what is due after it, of that player alone") {
    Ear ear;
    Wire wire(loopback());
    Line& line = wire.line();
    const std::lock_guard holding(line.lock);
    Player* ann = &line.table.player("main/ann");
    Player* bob = &line.table.player("main/bob");
    const Nanoseconds now = now_ns();
    line.send(item(now + 5 * second, "a", ear.place(), ann));
    line.send(item(now + 6 * second, "b", ear.place(), bob));
    line.send(item(now + 7 * second, "c", ear.place(), ann));
    line.cut("main/ann", now + 5 * second);
    CHECK(ear.heard().empty());
    line.leave(now + 9 * second);
    CHECK(ear.heard() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a stop is obeyed before anybody takes it, and voids what is planned until it is lifted") {
    Ear ear;
    Ear stranger;
    Wire wire(loopback());
    wire.start();
    Line& line = wire.line();
    {
        const std::lock_guard holding(line.lock);
        line.publish({{ear.place(), "main"}}, {});
        Player* ann = &line.table.player("main/ann");
        Player* bob = &line.table.player("main/bob");
        Player* other = &line.table.player("other/ann");
        const Nanoseconds now = now_ns();
        for (Player* player : {ann, bob, other}) {
            line.send(item(now, player->name, ear.place(), player, "off " + player->session + player->name,
                           now + 60 * second));
            line.send(item(now + 3600 * second, "later", ear.place(), player));
        }
        line.send(item(now, "short", ear.place(), ann, "off of what is over", now + 1));
    }
    CHECK(ear.hear(4).size() == 4);
    stranger.say(message("/panic"), wire.place());
    std::vector<Cut> cuts;
    CHECK(taken(wire, 1, cuts).at(0).cut == 0);
    ear.say(message("/player/a*/stop"), wire.place());
    CHECK(ear.hear(1) == std::vector<std::string>{"off mainann"});
    CHECK(taken(wire, 1, cuts).at(0).cut == 1);
    REQUIRE(cuts.size() == 1);
    CHECK(cuts[0].players == std::vector<std::string>{"main/ann"});
    CHECK(cuts[0].offs == std::vector<std::string>{"off mainann"});
    ear.say(message("/panic"), wire.place());
    CHECK(ear.hear(1) == std::vector<std::string>{"off mainbob"});
    CHECK(taken(wire, 1, cuts).at(0).cut == 2);
    CHECK(cuts[1].players == std::vector<std::string>{"main/ann", "main/bob"});
    const std::lock_guard holding(line.lock);
    CHECK(line.counts().waiting == 1);  // the other session's
    const auto sounds = [&](const char* key) {
        line.send(item(now_ns(), "note", ear.place(), &line.table.player(key)));
        return !ear.heard().empty();
    };
    CHECK(!sounds("main/ann"));
    CHECK(!sounds("main/new"));  // of that session, though nobody had heard of it
    CHECK(sounds("other/ann"));
    line.table.lift(1);
    CHECK(!sounds("main/ann"));
    line.table.lift(2);
    CHECK(sounds("main/ann"));
    CHECK(sounds("main/new"));
}

TEST_CASE("players that are gone are forgotten once nothing of theirs waits or sounds") {
    Wire wire(loopback());
    Line& line = wire.line();
    const std::lock_guard holding(line.lock);
    line.send(item(now_ns() + second, "later", loopback(9), &line.table.player("main/ann")));
    line.table.player("main/bob");
    line.publish({}, {"main/cy"});
    CHECK(line.table.players().size() == 1);
    line.cut("main/ann", 0);
    line.publish({}, {"main/cy"});
    CHECK(line.table.players().empty());
}

TEST_CASE("nothing of a plan leaves after the stop that voids it, though it is planned all the while") {
    Ear ear;
    Wire wire(loopback());
    wire.start();
    Line& line = wire.line();
    {
        const std::lock_guard holding(line.lock);
        line.publish({{ear.place(), "main"}}, {});
    }
    std::atomic<bool> over{false};
    std::thread plans([&] {  // eight players, each note due at once or a little later, as Python would
        std::mt19937 draw(1);
        for (int number = 0; !over; ++number) {
            const std::lock_guard holding(line.lock);
            Player* player = &line.table.player("main/p" + std::to_string(number % 8));
            const Nanoseconds now = now_ns();
            line.send(item(now + draw() % 200'000, "note", ear.place(), player,
                           "off" + std::to_string(number), now + 60 * second));
        }
    });
    std::vector<Cut> cuts;
    for (int turn = 1; turn <= 50; ++turn) {
        ear.hear(20);
        ear.say(message(turn % 2 == 0 ? "/panic" : "/player/*/stop"), wire.place());
        REQUIRE(taken(wire, 1, cuts).size() == 1);
        const std::size_t offs = cuts.back().offs.size();
        std::size_t heard = 0;
        bool ended = false;
        for (const std::string& packet : ear.heard()) {  // all of it left before the stop could be taken
            const bool note = packet == "note";
            CHECK(!(note && ended));
            ended = ended || !note;
            heard += note ? 0 : 1;
        }
        CHECK(heard == offs);
        CHECK(ear.heard().empty());
        const std::lock_guard holding(line.lock);
        line.table.lift(cuts.back().number);
    }
    over = true;
    plans.join();
    wire.close();
}

TEST_CASE("a wire that is not closed lets its thread go") {
    Ear ear;
    for (int turn = 0; turn < 20; ++turn) {
        Wire wire(loopback());
        wire.start();
        ear.say("anything", wire.place());
    }
}

}  // namespace
#endif
