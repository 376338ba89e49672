// Any bytes as a pattern and an address (parted by the first null): bounded work, and a fault never matches.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sideman/osc_pattern.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const std::string_view pattern = text.substr(0, text.find('\0'));
    const std::string_view address = text.substr(std::min(size, pattern.size() + 1));
    std::size_t steps = 0;
    const bool matched = sideman::osc::match(pattern, address, steps);
    const auto brackets = static_cast<std::size_t>(std::ranges::count(pattern, '['));
    const bool bounded = steps <= 1 + 6 * pattern.size() + address.size() * (1 + brackets);
    const bool sound = sideman::osc::pattern_fault(pattern) == nullptr || !sideman::osc::is_pattern(pattern);
    const bool same = sideman::osc::is_pattern(pattern) || matched == (pattern == address) || size > 255;
    if (!bounded || (matched && !sound) || !same) {
        std::abort();
    }
    return 0;
}
