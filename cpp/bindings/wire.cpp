// Python bindings of the wire. A call that only schedules keeps Python's lock; one that would wait for the
// wire's, or sends to many, lets it go meanwhile.
#include "sideman/wire.hpp"

#include <netdb.h>
#include <pybind11/stl.h>

#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "wire.hpp"

namespace sideman {
namespace {

namespace py = pybind11;
using wire::Endpoint;
using wire::Line;
using wire::Nanoseconds;

constexpr std::size_t many = 16;  // a datagram costs about a microsecond: below, Python's lock is kept
constexpr Nanoseconds asked_again_after = 10 * wire::second;

// Addresses of hosts by name, asked for once; of one that is not known, again after 10 s.
class Names {
  public:
    std::optional<std::uint32_t> find(const std::string& host) {
        if (const auto address = wire::numeric(host.c_str())) {
            return address;
        }
        const Nanoseconds now = wire::now_ns();
        const auto known = known_.find(host);
        if (known != known_.end() && (known->second.address || now < known->second.until)) {
            return known->second.address;
        }
        std::optional<std::uint32_t> address;
        {
            const py::gil_scoped_release others_run;
            addrinfo wanted{};
            wanted.ai_family = AF_INET;
            addrinfo* found = nullptr;
            if (getaddrinfo(host.empty() ? "0.0.0.0" : host.c_str(), nullptr, &wanted, &found) == 0) {
                address = Endpoint::of(*reinterpret_cast<const sockaddr_in*>(found->ai_addr)).address;
                freeaddrinfo(found);
            }
        }
        known_[host] = {address, now + asked_again_after};
        return address;
    }

  private:
    struct Known {
        std::optional<std::uint32_t> address;
        Nanoseconds until;
    };
    std::unordered_map<std::string, Known> known_;
};

// The wire's lock, taken without keeping Python from running.
class Holding {
  public:
    Holding(wire::Lock& lock, bool let_others_run) : lock_(lock) {
        if (let_others_run) {
            released_.emplace();
        }
        if (!lock_.try_lock()) {
            if (!released_) {
                released_.emplace();
            }
            lock_.lock();
        }
    }
    ~Holding() { lock_.unlock(); }  // before Python's lock is taken again
    Holding(const Holding&) = delete;
    Holding& operator=(const Holding&) = delete;

  private:
    std::optional<py::gil_scoped_release> released_;
    wire::Lock& lock_;
};

class PyNativeWire {
  public:
    PyNativeWire(const std::string& host, std::uint16_t port) : wire_(resolved(host, port)) {}

    py::tuple endpoint() const {
        const Endpoint here = wire_.place();
        return py::make_tuple(here.host(), here.number());
    }

    void send(Nanoseconds due, const py::bytes& packet, const py::iterable& to, const std::string& player,
              const py::bytes& off, Nanoseconds until) {
        wire::Item item;
        item.due = due;
        item.packet = std::string(packet);
        item.off = std::string(off);
        item.until = until;
        std::size_t unknown = 0;
        for (const py::handle place : to) {
            if (const auto endpoint = endpoint_of(place)) {
                item.to.push_back(*endpoint);
            } else {
                ++unknown;
            }
        }
        const Holding holding(wire_.line().lock, item.to.size() > many);
        unknown_ += unknown;
        item.player = player.empty() ? nullptr : &wire_.line().table.player(player);
        wire_.line().send(std::move(item));
    }

    void cut(const std::string& player, Nanoseconds after) {
        const Holding holding(wire_.line().lock, false);
        wire_.line().cut(player, after);
    }

    void flush() {
        const Holding holding(wire_.line().lock, false);
        wire_.line().leave(wire::now_ns());
    }

    void publish(const std::vector<std::tuple<py::object, std::string>>& seats,
                 const std::vector<std::string>& players) {
        wire::Table::Seats known;
        for (const auto& [place, session] : seats) {
            const auto [host, port] = place.cast<std::pair<std::string, std::uint16_t>>();
            if (const auto address = wire::numeric(host.c_str())) {  // no datagram comes from another
                known.emplace_back(Endpoint{*address, htons(port)}, session);
            }
        }
        const Holding holding(wire_.line().lock, false);
        wire_.line().publish(known, players);
    }

    void lift(std::uint64_t cut) {
        const Holding holding(wire_.line().lock, false);
        wire_.line().table.lift(cut);
    }

    py::list take(std::size_t most) {
        std::vector<wire::Arrival> arrivals;
        std::vector<std::uint8_t> packets;
        std::vector<wire::Cut> cuts;
        {
            const Holding holding(wire_.line().lock, false);
            wire_.take(most, arrivals, packets, cuts);
        }
        py::list taken;
        std::size_t at = 0;
        auto cut = cuts.begin();
        for (const wire::Arrival& arrival : arrivals) {
            const py::bytes packet(reinterpret_cast<const char*>(packets.data()) + at, arrival.size);
            at += arrival.size;
            py::object obeyed = py::none();
            if (arrival.cut != 0) {
                py::list offs;
                for (const std::string& off : cut->offs) {
                    offs.append(py::bytes(off));
                }
                obeyed = py::make_tuple(cut->number, py::tuple(py::cast(cut->players)), py::tuple(offs));
                ++cut;
            }
            taken.append(py::make_tuple(arrival.time,
                                        py::make_tuple(arrival.source.host(), arrival.source.number()),
                                        packet, obeyed));
        }
        return taken;
    }

    std::string start() { return wire_.start(); }

    void close() {
        const py::gil_scoped_release others_run;
        wire_.close();
    }

    int bell() const { return wire_.bell(); }

    py::dict counts() {
        wire::Counts counts;
        {
            const Holding holding(wire_.line().lock, false);
            counts = wire_.line().counts();
        }
        py::dict told;
        told["sent"] = counts.sent;
        told["dropped"] = counts.dropped + unknown_;
        told["stale"] = counts.stale;
        told["voided"] = counts.voided;
        told["lost"] = counts.lost;
        told["obeyed"] = counts.obeyed;
        told["waiting"] = counts.waiting;
        return told;
    }

    py::tuple lateness(const std::vector<double>& shares) {
        wire::Lateness lateness;
        {
            const Holding holding(wire_.line().lock, false);
            lateness = wire_.line().lateness;
        }
        py::list quantiles;
        for (const double share : shares) {
            quantiles.append(lateness.quantile(share));
        }
        return py::make_tuple(lateness.count(), lateness.most(), quantiles);
    }

  private:
    Endpoint resolved(const std::string& host, std::uint16_t port) {
        const auto address = names_.find(host);
        if (!address) {
            errno = EADDRNOTAVAIL;
            wire::fail("bind");
        }
        return {*address, htons(port)};
    }

    // From (host, port); none where the host is not known.
    std::optional<Endpoint> endpoint_of(const py::handle& place) {
        const auto [host, port] = place.cast<std::pair<std::string, std::uint16_t>>();
        const auto address = names_.find(host);
        return address ? std::optional<Endpoint>({*address, htons(port)}) : std::nullopt;
    }

    Names names_;
    std::uint64_t unknown_ = 0;  // datagrams for hosts that nobody knows
    wire::Wire wire_;
};

// Whether a thread may have real-time priority here: empty, or why not.
std::string real_time() {
    std::string why;
    std::thread([&why] { why = wire::make_real_time(pthread_self()); }).join();
    return why;
}

}  // namespace

void bind_wire(py::module_& m) {
    py::register_exception_translator([](std::exception_ptr raised) {
        try {
            if (raised) std::rethrow_exception(raised);
        } catch (const std::system_error& error) {
            errno = error.code().value();
            PyErr_SetFromErrno(PyExc_OSError);
        }
    });
    py::class_<PyNativeWire>(m, "Wire")
        .def(py::init<const std::string&, std::uint16_t>(), py::arg("host"), py::arg("port"))
        .def_property_readonly("endpoint", &PyNativeWire::endpoint)
        .def_property_readonly("bell", &PyNativeWire::bell)
        .def("start", &PyNativeWire::start)
        .def("send", &PyNativeWire::send, py::arg("due_ns"), py::arg("packet"), py::arg("to"),
             py::arg("player") = "", py::arg("off") = py::bytes(), py::arg("until_ns") = 0)
        .def("cut", &PyNativeWire::cut, py::arg("player"), py::arg("after_ns"))
        .def("flush", &PyNativeWire::flush)
        .def("publish", &PyNativeWire::publish, py::arg("seats"), py::arg("players"))
        .def("lift", &PyNativeWire::lift, py::arg("cut"))
        .def("take", &PyNativeWire::take, py::arg("most"))
        .def("close", &PyNativeWire::close)
        .def("counts", &PyNativeWire::counts)
        .def("lateness", &PyNativeWire::lateness, py::arg("shares"));
    m.def("real_time", &real_time);
}

}  // namespace sideman
