// Any bytes as a packet: read or refused, and what was read can be written and is read the same again.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "sideman/osc.hpp"

namespace {

using namespace sideman::osc;

void require(bool truth) {
    if (!truth) {
        std::abort();
    }
}

void rewrite(const Message& message, Writer& writer) {
    writer.begin(message.address(), message.tags());
    for (const Argument& argument : message) {
        switch (width(argument.tag)) {
            case 4:
                writer.uint32(argument.uint32());
                break;
            case 8:
                writer.uint64(argument.uint64());
                break;
            case text_follows:
                writer.string(argument.text());
                break;
            case blob_follows:
                writer.blob(argument.data);
                break;
            default:
                require(argument.data.empty());
        }
    }
}

void equal(const Message& one, const Message& other) {
    require(one.address() == other.address() && one.tags() == other.tags() && one.count() == other.count());
    std::size_t count = 0;
    auto twin = other.begin();
    for (const Argument& argument : one) {
        const Bytes a = argument.data;
        const Bytes b = (*twin).data;
        require(a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0));
        ++twin;
        ++count;
    }
    require(count == one.count() && !(twin != other.end()));
}

void go_through(Bytes packet, std::size_t depth) {
    require(depth <= max_depth);
    if (is_bundle(packet)) {
        std::size_t size = bundle_head;
        for (const Bytes element : Bundle{packet}) {
            go_through(element, depth + 1);
            size += 4 + element.size();
        }
        require(size == packet.size());
        return;
    }
    Message message;
    require(read(packet, message) == Fault::none);
    Writer measure{{}};
    rewrite(message, measure);
    std::vector<std::uint8_t> buffer(measure.size());
    Writer writer{buffer};
    rewrite(message, writer);
    require(writer.fits() && writer.size() == measure.size());
    Message again;
    require(read(writer.bytes(), again) == Fault::none);
    equal(message, again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (check({data, size}) == Fault::none) {
        go_through({data, size}, 0);
    }
    return 0;
}
