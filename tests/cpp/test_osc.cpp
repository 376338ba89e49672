// The OSC reader and writer: what is accepted, what is refused and why, and that neither allocates.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "sideman/osc.hpp"

namespace {

std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size)) {
        return memory;
    }
    throw std::bad_alloc();
}
// Never inlined: gcc would hold `free` against the built-in `operator new` that it believes to be in use.
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace sideman::osc;
using namespace std::literals;

// A text with nulls as a packet of its own size on the heap, so that ASan sees one byte too far.
struct Packet {
    explicit Packet(std::string_view text) : size(text.size()), data(new std::uint8_t[text.size()]) {
        std::copy(text.begin(), text.end(), data.get());
    }
    operator Bytes() const { return {data.get(), size}; }

    std::size_t size;
    std::unique_ptr<std::uint8_t[]> data;
};

Fault fault_of(std::string_view text) { return check(Packet(text)); }

std::string word(std::uint32_t value) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        text += static_cast<char>(value >> shift & 0xff);
    }
    return text;
}

std::string padded_text(std::string text) {
    text += '\0';
    text.resize(padded(text.size()));
    return text;
}

std::string bundle_of(const std::vector<std::string>& elements) {
    std::string text = "#bundle\0\0\0\0\0\0\0\0\1"s;
    for (const std::string& element : elements) {
        text += word(static_cast<std::uint32_t>(element.size())) + element;
    }
    return text;
}

std::array<bool, reasons.size()> caused{};

// The same fault, whether the message stands alone or in a bundle.
void refuses(std::string_view text, Fault fault) {
    caused[static_cast<std::size_t>(fault)] = true;
    CHECK(std::string(reason(fault_of(text))) == reason(fault));
    if (!text.empty() && text.size() % 4 == 0) {
        CHECK(std::string(reason(fault_of(bundle_of({std::string(text)})))) == reason(fault));
    }
}

TEST_CASE("a message of every type is read as it was meant") {
    const Packet packet(
        "/all\0\0\0\0,ihfdsSbtcrmTFNI\0\0\0\0"
        "\xff\xff\xff\xfe"
        "\xff\xff\xff\xff\xff\xff\xff\xfd"
        "\x3f\0\0\0"
        "\x3f\xe0\0\0\0\0\0\0"
        "str\0"
        "four\0\0\0\0"
        "\0\0\0\5bytes\0\0\0"
        "\x80\0\0\0\0\0\0\1"
        "\0\0\0A"
        "\1\2\3\4"
        "\0\x90\x3c\x64"sv);
    Message message;
    REQUIRE(read(packet, message) == Fault::none);
    CHECK(message.address() == "/all");
    CHECK(message.tags() == "ihfdsSbtcrmTFNI");
    CHECK(message.count() == 15);
    std::vector<Argument> found;
    for (const Argument& argument : message) {
        found.push_back(argument);
    }
    REQUIRE(found.size() == 15);
    CHECK(found[0].int32() == -2);
    CHECK(found[1].int64() == -3);
    CHECK(found[2].float32() == 0.5F);
    CHECK(found[3].float64() == 0.5);
    CHECK(found[4].text() == "str");
    CHECK(found[5].text() == "four");
    CHECK(std::string(found[6].data.begin(), found[6].data.end()) == "bytes");
    CHECK(found[7].uint64() == 0x8000'0000'0000'0001);
    CHECK(found[8].uint32() == 'A');
    CHECK(found[9].uint32() == 0x01020304);
    CHECK(found[10].data[1] == 0x90);
    CHECK(found[14].tag == 'I');
}

TEST_CASE("arguments in arrays stand among the others") {
    const Packet packet("/a\0\0,[]i[s[i]]\0\0\0\0\0\1two\0\0\0\0\3"sv);
    Message message;
    REQUIRE(read(packet, message) == Fault::none);
    std::string tags;
    for (const Argument& argument : message) {
        tags += argument.tag;
    }
    CHECK(tags == "isi");
    CHECK(message.count() == 3);
}

TEST_CASE("a message without a type tag string has no arguments") {
    Message message;
    const Packet packet("/old\0\0\0\0"sv);
    REQUIRE(read(packet, message) == Fault::none);
    CHECK(message.count() == 0);
    for (const Argument& argument : message) {
        CAPTURE(argument.tag);
        FAIL("there is none");
    }
}

TEST_CASE("padding may hold anything") {
    CHECK(fault_of("/a\0\xff,s\0\7x\0\1\2"sv) == Fault::none);
    CHECK(fault_of("/a\0\0,b\0\0\0\0\0\1\1\2\3\4"sv) == Fault::none);
}

TEST_CASE("numbers that are not finite are passed on") {
    Message message;
    const Packet packet("/a\0\0,ff\0\x7f\xc0\0\0\x7f\x80\0\0"sv);
    REQUIRE(read(packet, message) == Fault::none);
    CHECK(std::isnan((*message.begin()).float32()));
    CHECK(std::isinf((*++message.begin()).float32()));
}

TEST_CASE("every fault has a packet that is refused for it") {
    refuses(""sv, Fault::empty);
    for (const auto& text : {"\0"sv, "/a\0"sv, "/a\0\0,"sv, "#bundle\0\0\0\0\0\0\0\0\1\0"sv}) {
        refuses(text, Fault::ragged);
    }
    refuses("a/b\0"sv, Fault::no_packet);
    refuses(",i\0\0"sv, Fault::no_packet);
    refuses("#bundles"sv, Fault::no_packet);
    refuses("#bun"sv, Fault::no_packet);
    refuses("\0\0\0\0"sv, Fault::no_packet);
    refuses("/abc"sv, Fault::address_open);
    refuses(padded_text("/" + std::string(255, 'a')), Fault::address_long);
    refuses("/" + std::string(1023, 'a'), Fault::address_long);
    refuses("/\xe7\xe1o\0\0\0\0"sv, Fault::address_text);
    refuses("/a\0\0\0\0\0\1"sv, Fault::tags_missing);
    refuses("/a\0\0i\0\0\0"sv, Fault::tags_missing);
    refuses("/a\0\0,iii"sv, Fault::tags_open);
    refuses("/a\0\0"s + padded_text("," + std::string(4096, 'T')), Fault::tags_long);
    refuses("/a\0\0,Q\0\0"sv, Fault::tag_unknown);
    refuses("/a\0\0,iQ\0\0\0\0\1"sv, Fault::tag_unknown);
    refuses("/a\0\0,\xff\xfe\0"sv, Fault::tag_unknown);
    refuses("/a\0\0,[i\0\0\0\0\1"sv, Fault::array_unbalanced);
    refuses("/a\0\0,]\0\0"sv, Fault::array_unbalanced);
    refuses("/a\0\0,][\0"sv, Fault::array_unbalanced);
    refuses("/a\0\0"s + padded_text("," + std::string(4000, '[')), Fault::array_unbalanced);
    refuses("/a\0\0"s + padded_text("," + std::string(65, 'T')), Fault::arguments_many);
    refuses("/a\0\0"s + padded_text("," + std::string(1024, 'T') + "s") + "w\0\0\0"s, Fault::arguments_many);
    refuses("/a\0\0"s + padded_text("," + std::string(65, 'T') + "[]"), Fault::arguments_many);
    refuses("/a\0\0,i\0\0"sv, Fault::argument_cut);
    refuses("/a\0\0,b\0\0"sv, Fault::argument_cut);
    refuses("/a\0\0,d\0\0\0\0\0\0"sv, Fault::argument_cut);
    refuses("/a\0\0,s\0\0"sv, Fault::string_open);
    refuses("/a\0\0,s\0\0long"sv, Fault::string_open);
    refuses("/a\0\0,s\0\0"s + padded_text(std::string(4097, 'x')), Fault::string_long);
    refuses("/a\0\0,S\0\0"s + std::string(8000, 'x'), Fault::string_long);
    refuses("/a\0\0,s\0\0\xe7\xe1o\0"sv, Fault::string_text);
    refuses("/a\0\0,b\0\0\xff\xff\xff\xfc"sv, Fault::blob_size);
    refuses("/a\0\0,b\0\0\x7f\xff\xff\xff"sv, Fault::blob_size);
    refuses("/a\0\0,b\0\0\0\0\0\5\1\2\3\4"sv, Fault::blob_size);
    refuses("/a\0\0,c\0\0\0\x11\0\0"sv, Fault::char_value);
    refuses("/a\0\0,c\0\0\0\0\xd8\0"sv, Fault::char_value);
    refuses("/a\0\0,\0\0\0\0\0\0\0"sv, Fault::surplus);
    refuses("#bundle\0"sv, Fault::bundle_cut);
    refuses("#bundle\0\0\0\0\0"sv, Fault::bundle_cut);
    const std::string head = bundle_of({});
    const std::string four = "/a\0\0"s;
    refuses(head + word(0), Fault::element_size);
    refuses(head + word(0xffff'fffc) + four, Fault::element_size);
    refuses(head + word(0x8000'0000) + four, Fault::element_size);
    refuses(head + word(3) + four, Fault::element_size);
    refuses(head + word(8) + four, Fault::element_past);
    refuses(head + word(4), Fault::element_past);
    refuses(head + word(0x7fff'fffc) + four, Fault::element_past);
    refuses(bundle_of(std::vector<std::string>(257, four)), Fault::elements_many);
    refuses(head + word(20) + head + word(0) + word(4) + four, Fault::element_size);
    std::string nested = four;
    for (std::size_t depth = 0; depth <= max_depth; ++depth) {
        nested = bundle_of({nested});
    }
    refuses(nested, Fault::too_deep);
    CHECK(std::count(caused.begin() + 1, caused.end(), false) == 0);
}

TEST_CASE("the limits themselves are allowed") {
    CHECK(fault_of(padded_text("/" + std::string(254, 'a'))) == Fault::none);
    CHECK(fault_of("/a\0\0,s\0\0"s + padded_text(std::string(4096, 'x'))) == Fault::none);
    CHECK(fault_of("/a\0\0"s + padded_text("," + std::string(64, 'T'))) == Fault::none);
    CHECK(fault_of("/a\0\0"s + padded_text("," + std::string(1023, 'T') + "s") + "w\0\0\0"s) == Fault::none);
    CHECK(fault_of("/a\0\0"s + padded_text("," + std::string(1022, 'T') + "[s]") + "w\0\0\0"s) ==
          Fault::none);
    CHECK(fault_of("/a\0\0"s + padded_text("," + std::string(2000, '[') + std::string(2000, ']'))) ==
          Fault::none);
    CHECK(fault_of(bundle_of(std::vector<std::string>(256, "/a\0\0"s))) == Fault::none);
    CHECK(fault_of(bundle_of({})) == Fault::none);
}

TEST_CASE("bundles are nested eight deep and no deeper") {
    std::string nested = "/a\0\0"s;
    for (std::size_t depth = 1; depth <= 12; ++depth) {
        nested = bundle_of({nested, "/b\0\0"s});
        CHECK(fault_of(nested) == (depth <= max_depth ? Fault::none : Fault::too_deep));
    }
    std::string empty = bundle_of({});
    for (std::size_t depth = 2; depth <= 900; ++depth) {
        empty = bundle_of({empty});
        CHECK(fault_of(empty) == (depth <= max_depth ? Fault::none : Fault::too_deep));
    }
}

TEST_CASE("a bundle gives its elements in order") {
    const Packet packet(bundle_of({"/a\0\0"s, bundle_of({"/b\0\0"s}), "/c\0\0"s}));
    REQUIRE(check(packet) == Fault::none);
    const Bundle bundle{packet};
    CHECK(bundle.time_tag() == immediately);
    std::string seen;
    for (const Bytes element : bundle) {
        seen += is_bundle(element) ? 'B' : static_cast<char>(element[1]);
    }
    CHECK(seen == "aBc");
}

TEST_CASE("every cut of a valid packet is read without looking past it") {
    const std::string whole = bundle_of(
        {"/note\0\0\0,ifsb\0\0\0\0\0\0<?\0\0\0piano\0\0\0\0\0\0\2ab\0\0"s, bundle_of({"/x\0\0,d\0\0\0\0\0\0"
                                                                                      "\0\0\0\1"s})});
    CHECK(fault_of(whole) == Fault::none);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        CHECK((fault_of(whole.substr(0, size)) != Fault::none) == (size != 16 && size != 60));
    }
}

TEST_CASE("a text is UTF-8 exactly if it is made of characters in their shortest form") {
    for (const auto& good : {""sv, "a"sv, "\xc2\x80"sv, "\xed\x9f\xbf"sv, "\xee\x80\x80"sv,
                             "\xf4\x8f\xbf\xbf"sv, "caf\xc3\xa9 \xe2\x99\xaa \xf0\x9d\x84\x9e"sv}) {
        CHECK(sideman::is_utf8(good));
    }
    for (const auto& bad :
         {"\x80"sv, "\xc0\x80"sv, "\xc1\xbf"sv, "\xe0\x9f\xbf"sv, "\xed\xa0\x80"sv, "\xf0\x8f\xbf\xbf"sv,
          "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv, "\xff"sv, "\xc3"sv, "\xe2\x99"sv, "\xc3\x28"sv}) {
        CHECK_FALSE(sideman::is_utf8(bad));
    }
}

TEST_CASE("what is written is read again") {
    std::array<std::uint8_t, 512> buffer;
    const std::array<std::uint8_t, 3> blob = {1, 2, 3};
    Writer writer{buffer};
    writer.bundle(immediately);
    const std::size_t opened = writer.open();
    writer.message("/all", std::int32_t{-2}, std::int64_t{-3}, 0.5F, 0.25, "four"sv, Bytes{blob}, true, false,
                   nullptr);
    writer.close(opened);
    writer.element(Packet("/b\0\0"sv));
    REQUIRE(writer.fits());
    REQUIRE(check(writer.bytes()) == Fault::none);
    const Bundle bundle{writer.bytes()};
    Message message;
    REQUIRE(read(*bundle.begin(), message) == Fault::none);
    CHECK(message.tags() == "ihfdsbTFN");
    auto argument = message.begin();
    CHECK((*argument).int32() == -2);
    CHECK((*++argument).int64() == -3);
    CHECK((*++argument).float32() == 0.5F);
    CHECK((*++argument).float64() == 0.25);
    CHECK((*++argument).text() == "four");
    CHECK((*++argument).data.size() == 3);
    CHECK((*++argument).tag == 'T');
}

TEST_CASE("padding is written as nulls, for every length") {
    for (std::size_t length = 0; length < 9; ++length) {
        const std::string text(length, 'x');
        std::array<std::uint8_t, 128> buffer;
        buffer.fill(0xee);
        Writer writer{buffer};
        writer.begin("/" + text, "sb");
        writer.string(text);
        writer.blob(Packet(text));
        const std::string expected = padded_text("/" + text) + ",sb\0"s + padded_text(text) +
                                     word(static_cast<std::uint32_t>(length)) + text +
                                     std::string(padded(length) - length, '\0');
        CHECK(std::string(writer.bytes().begin(), writer.bytes().end()) == expected);
    }
}

TEST_CASE("what does not fit is counted and not written") {
    const auto write = [](std::span<std::uint8_t> into) {
        Writer writer{into};
        writer.bundle(immediately);
        const std::size_t opened = writer.open();
        writer.message("/note", std::int32_t{60}, "piano"sv);
        writer.close(opened);
        return writer;
    };
    const std::size_t needed = write({}).size();
    CHECK(needed == 16 + 4 + 8 + 4 + 4 + 8);
    for (std::size_t size = 0; size < needed; ++size) {
        std::vector<std::uint8_t> buffer(size);  // ASan sees a write beyond it
        const Writer writer = write(buffer);
        CHECK_FALSE(writer.fits());
        CHECK(writer.size() == needed);
        CHECK(writer.bytes().empty());
    }
}

TEST_CASE("mutated packets are read or refused, and nothing is allocated") {
    const std::string whole =
        bundle_of({"/note\0\0\0,ifsb\0\0\0\0\0\0<?\0\0\0piano\0\0\0\0\0\0\2ab\0\0"s, bundle_of({"/x\0\0"s})});
    std::mt19937 random(20);
    std::size_t kept = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string text = whole;
        for (std::size_t i = 0; i <= random() % 3; ++i) {
            text[random() % text.size()] = static_cast<char>(random() % 4 == 0 ? random() : random() % 8);
        }
        const Packet packet(text);
        const std::size_t before = allocations;
        if (check(packet) == Fault::none && is_bundle(packet)) {
            ++kept;
            std::array<std::uint8_t, 256> buffer;
            Writer writer{buffer};
            writer.bundle(Bundle{packet}.time_tag());
            for (const Bytes element : Bundle{packet}) {
                writer.element(element);
                Message message;
                if (read(element, message) == Fault::none) {
                    for (const Argument& argument : message) {
                        CHECK_UNARY(argument.data.size() <= element.size());
                    }
                }
            }
            CHECK_UNARY(writer.bytes().size() == packet.size);
        }
        CHECK_UNARY(allocations == before);
    }
    CHECK(kept > 1000);
    CHECK(kept < 19'000);
}

}  // namespace
