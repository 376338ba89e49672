// Address patterns: what matches, what is malformed, and that the work is bounded; a naive twin beside it.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "sideman/osc_pattern.hpp"

namespace {

using namespace sideman::osc;

// The definition, by trying everything: exponential, for short patterns only. The pattern has no fault.
bool naive(std::string_view pattern, std::string_view address) {
    if (pattern.empty()) {
        return address.empty();
    }
    const char sign = pattern[0];
    const std::string_view rest = pattern.substr(1);
    if (sign == '{') {
        const std::size_t close = rest.find('}');
        std::string_view inside = rest.substr(0, close);
        for (;;) {
            // A comma in brackets does not part alternatives.
            std::size_t comma = 0;
            for (bool bracket = false; comma < inside.size() && (bracket || inside[comma] != ','); ++comma) {
                bracket = inside[comma] == '[' || (bracket && inside[comma] != ']');
            }
            if (naive(std::string(inside.substr(0, comma)) + std::string(rest.substr(close + 1)), address)) {
                return true;
            }
            if (comma >= inside.size()) {
                return false;
            }
            inside.remove_prefix(comma + 1);
        }
    }
    if (sign == '*') {
        return naive(rest, address) ||
               (!address.empty() && address[0] != '/' && naive(pattern, address.substr(1)));
    }
    if (address.empty()) {
        return false;
    }
    if (sign == '?') {
        return address[0] != '/' && naive(rest, address.substr(1));
    }
    if (sign == '[') {
        const std::size_t close = rest.find(']');
        std::string_view inside = rest.substr(0, close);
        const bool negated = inside.starts_with('!');
        inside.remove_prefix(negated ? 1 : 0);
        bool found = false;
        for (std::size_t i = 0; i < inside.size(); ++i) {
            if (i + 2 < inside.size() && inside[i + 1] == '-') {
                const auto [low, high] = std::minmax(inside[i], inside[i + 2]);
                found = found || (low <= address[0] && address[0] <= high);
                i += 2;
            } else {
                found = found || inside[i] == address[0];
            }
        }
        return found != negated && address[0] != '/' && naive(rest.substr(close + 1), address.substr(1));
    }
    return sign == address[0] && naive(rest, address.substr(1));
}

TEST_CASE("patterns match what OSC 1.0 says") {
    CHECK(match("/player/*/stop", "/player/sideman/stop"));
    CHECK_FALSE(match("/player/*/stop", "/player/sideman/stops"));
    CHECK_FALSE(match("/player/*/stop", "/player/a/b/stop"));
    CHECK(match("/player/*/stop", "/player//stop"));
    CHECK(match("/*", "/tempo"));
    CHECK_FALSE(match("/*", "/tempo/x"));
    CHECK(match("/t?mpo", "/tempo"));
    CHECK_FALSE(match("/t?empo", "/tempo"));
    CHECK_FALSE(match("/a?b", "/a/b"));
    CHECK(match("/voice[1-3]", "/voice2"));
    CHECK(match("/voice[3-1]", "/voice2"));
    CHECK_FALSE(match("/voice[1-3]", "/voice4"));
    CHECK(match("/voice[!1-3]", "/voice4"));
    CHECK_FALSE(match("/voice[!1-3]", "/voice"));
    CHECK_FALSE(match("/a[!b]c", "/a/c"));
    CHECK(match("/[a-]", "/-"));
    CHECK(match("/[-a]", "/-"));
    CHECK(match("/[a!]", "/!"));
    CHECK(match("/[!]", "/x"));
    CHECK_FALSE(match("/[]", "/x"));
    CHECK(match("/{stop,start}", "/start"));
    CHECK_FALSE(match("/{stop,start}", "/stopstart"));
    CHECK(match("/{a,ab}bc", "/abbc"));
    CHECK(match("/x{,y}", "/x"));
    CHECK(match("/{a*,[b-c],?z}/x", "/qz/x"));
    CHECK(match("/a,b", "/a,b"));
    CHECK(match("/*{a,ab}c*", "/xxabcxx"));
}

TEST_CASE("an address is a pattern if it holds a sign of one") {
    CHECK_FALSE(is_pattern("/player/sideman/stop"));
    for (const char sign : std::string_view("*?[]{}")) {
        CHECK(is_pattern(std::string("/a") + sign));
    }
}

TEST_CASE("a malformed pattern is named and matches nothing") {
    for (const char* pattern :
         {"/[a", "/a]", "/{a", "/a}", "/{a,{b}}", "/[a/b]", "/{a/b,c}", "/{[a}", "/{[a]", "/*["}) {
        CAPTURE(pattern);
        CHECK(pattern_fault(pattern) != nullptr);
        CHECK_FALSE(match(pattern, pattern));
        CHECK_FALSE(match(pattern, "/a"));
    }
    CHECK(pattern_fault(std::string(256, '*')) != nullptr);
    CHECK(pattern_fault("/{a,[{]}*?") == nullptr);
}

TEST_CASE("the fast matcher agrees with the definition") {
    std::mt19937 random(4);
    const std::string_view signs = "aab/*?[]{},-!";
    int matched = 0;
    int sound = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::string pattern = "/";
        for (std::size_t i = random() % 9; i > 0; --i) {
            pattern += signs[random() % signs.size()];
        }
        // Long addresses take the same way through more words.
        std::string address = round % 3 == 0 ? "/" + std::string(70, 'a') : "/";
        pattern.insert(
            1, round % 3 == 0 ? std::string(random() % 2 == 0 ? "*" : "") + std::string(70, 'a') : "");
        for (std::size_t i = random() % 5; i > 0; --i) {
            address += "ab/"[random() % 3];
        }
        if (pattern_fault(pattern) != nullptr) {
            CHECK_UNARY_FALSE(is_pattern(pattern) && match(pattern, address));
            continue;
        }
        ++sound;
        const bool expected = naive(pattern, address);
        matched += expected ? 1 : 0;
        if (match(pattern, address) != expected) {
            FAIL_CHECK(pattern, " ", address, " should ", expected ? "" : "not ", "match");
        }
    }
    CHECK(sound > 50'000);
    CHECK(matched > 2'000);
}

TEST_CASE("hostile patterns cost no more than their length times the address's") {
    const std::string address = "/" + std::string(37, 'a');
    const auto steps_of = [](std::string_view pattern, std::string_view where) {
        std::size_t steps = 0;
        match(pattern, where, steps);
        return steps;
    };
    std::string stars = "/";
    for (int i = 0; i < 32; ++i) {
        stars += "*a";
    }
    CHECK(match(stars, address));
    CHECK_FALSE(match(stars + "b", address));
    CHECK(steps_of(stars + "b", address) <= 2 * stars.size() + address.size() + 3);

    std::string braces = "/";
    for (int i = 0; i < 60; ++i) {
        braces += "{,a}";
    }
    CHECK(match(braces, address));
    CHECK(steps_of(braces, address) <= 2 * braces.size() + address.size() + 1);
    CHECK(steps_of("/" + std::string(250, '{'), address) <= 252);

    std::mt19937 random(5);
    const std::string_view signs = "aaa***[]!-{},?";
    for (int round = 0; round < 20'000; ++round) {
        std::string pattern = "/";
        while (pattern.size() < 255) {
            pattern += signs[random() % signs.size()];
        }
        const std::string where = "/" + std::string(random() % 255, 'a');
        const auto brackets = static_cast<std::size_t>(std::ranges::count(pattern, '['));
        CHECK_UNARY(steps_of(pattern, where) <= 1 + 6 * pattern.size() + where.size() * (1 + brackets));
    }
}

TEST_CASE("what is longer than an address may be matches nothing") {
    const std::string address = "/" + std::string(300, 'a');
    CHECK_FALSE(match("/*", address));
    CHECK_FALSE(match(address, address));
    CHECK(match("/*", address.substr(0, 255)));
}

}  // namespace
