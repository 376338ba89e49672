// Keyed chance: a number for each (seed, player, ordinal, purpose), the same on every platform.
//
// There is no stream to be shifted: a draw that is thrown away changes no other. Pure, realtime-safe.
// Source: Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011 (Philox
// 4x32-10).
#pragma once

#include <array>
#include <cstdint>

namespace sideman {

using Block = std::array<std::uint32_t, 4>;

// Philox 4x32 with ten rounds: a counter of four words and a key of two give four words.
constexpr Block philox(Block counter, std::array<std::uint32_t, 2> key) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t a = std::uint64_t{0xD2511F53U} * counter[0];
        const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * counter[2];
        counter = {static_cast<std::uint32_t>(b >> 32U) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
                   static_cast<std::uint32_t>(a >> 32U) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
        key[0] += 0x9E3779B9U;
        key[1] += 0xBB67AE85U;
    }
    return counter;
}

// 64 uniform bits for one purpose of one event of one player in a session.
constexpr std::uint64_t chance(std::uint64_t seed, std::uint32_t player, std::uint64_t ordinal,
                               std::uint32_t purpose) {
    const Block drawn = philox(
        {static_cast<std::uint32_t>(ordinal), static_cast<std::uint32_t>(ordinal >> 32U), player, purpose},
        {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32U)});
    return (static_cast<std::uint64_t>(drawn[0]) << 32U) | drawn[1];
}

}  // namespace sideman
