// Where datagrams come from and go to: an IPv4 address and a port, as the system holds them.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace sideman::wire {

struct Endpoint {
    std::uint32_t address = 0;  // in network order
    std::uint16_t port = 0;     // in network order

    friend bool operator==(const Endpoint&, const Endpoint&) = default;

    sockaddr_in system() const noexcept {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = address;
        where.sin_port = port;
        return where;
    }
    static Endpoint of(const sockaddr_in& where) noexcept { return {where.sin_addr.s_addr, where.sin_port}; }

    std::string host() const {
        char text[INET_ADDRSTRLEN] = "";
        inet_ntop(AF_INET, &address, text, sizeof text);
        return text;
    }
    std::uint16_t number() const noexcept { return ntohs(port); }
};

// The address that four numbers with dots name; none for anything else.
inline std::optional<std::uint32_t> numeric(const char* host) noexcept {
    in_addr address{};
    if (inet_pton(AF_INET, host, &address) != 1) {
        return std::nullopt;
    }
    return address.s_addr;
}

struct EndpointHash {
    std::size_t operator()(const Endpoint& endpoint) const noexcept {
        return std::hash<std::uint64_t>{}(std::uint64_t{endpoint.address} << 16 | endpoint.port);
    }
};

}  // namespace sideman::wire
