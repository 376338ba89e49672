// Times OSC building and parsing without Python: our codec, and liblo where its headers are, in turns.
// Prints one line for each: name, what it does, then the mean nanoseconds a call of every round.
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "sideman/osc.hpp"

#ifdef WITH_LIBLO
#include <lo/lo.h>
#endif

// Visible to other translation units, so that no compiler may take them for constants and encode beforehand.
struct Note {
    std::string address = "/sideman/note";
    std::int32_t pitch = 60;
    float beats = 0.5F;
    std::string name = "piano";
    std::int32_t velocity = 100;
} note;

namespace {

constexpr int rounds = 100;
constexpr int repeats = 5000;

volatile std::uint64_t kept;  // what keeps the compiler from leaving the work out

struct Series {
    const char* name;
    const char* what;
    void (*call)();
    std::vector<double> ns;
};

std::array<std::uint8_t, 256> packet;
std::size_t packet_size;

void build() {
    std::array<std::uint8_t, 256> buffer;
    sideman::osc::Writer writer{buffer};
    writer.message(note.address, note.pitch, note.beats, std::string_view{note.name}, note.velocity);
    kept = kept + writer.bytes()[43];
}

void parse() {
    sideman::osc::Message message;
    if (sideman::osc::read({packet.data(), packet_size}, message) != sideman::osc::Fault::none) {
        std::abort();
    }
    std::uint64_t sum = message.address().size();
    for (const sideman::osc::Argument& argument : message) {
        sum += argument.tag == 's' ? argument.text().size() : argument.uint32();
    }
    kept = kept + sum;
}

#ifdef WITH_LIBLO
void build_liblo() {
    lo_message message = lo_message_new();
    lo_message_add_int32(message, note.pitch);
    lo_message_add_float(message, note.beats);
    lo_message_add_string(message, note.name.c_str());
    lo_message_add_int32(message, note.velocity);
    std::array<char, 256> buffer;
    std::size_t size = buffer.size();
    lo_message_serialise(message, note.address.c_str(), buffer.data(), &size);
    kept = kept + static_cast<std::uint8_t>(buffer[43]);
    lo_message_free(message);
}

void parse_liblo() {
    int result = 0;
    lo_message message = lo_message_deserialise(packet.data(), packet_size, &result);
    if (message == nullptr) {
        std::abort();
    }
    lo_arg** arguments = lo_message_get_argv(message);
    kept = kept + static_cast<std::uint64_t>(arguments[0]->i + arguments[3]->i);
    lo_message_free(message);
}
#endif

}  // namespace

int main() {
    sideman::osc::Writer writer{packet};
    writer.message(note.address, note.pitch, note.beats, std::string_view{note.name}, note.velocity);
    packet_size = writer.size();
    std::vector<Series> all = {{"sideman, C++", "build", build, {}}, {"sideman, C++", "parse", parse, {}}};
#ifdef WITH_LIBLO
    all.push_back({"liblo, C", "build", build_liblo, {}});
    all.push_back({"liblo, C", "parse", parse_liblo, {}});
#endif
    for (int round = 0; round < rounds; ++round) {
        for (Series& series : all) {
            const auto begin = std::chrono::steady_clock::now();
            for (int i = 0; i < repeats; ++i) {
                series.call();
            }
            const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - begin;
            series.ns.push_back(spent.count() / repeats);
        }
    }
    for (const Series& series : all) {
        std::printf("%s|%s|", series.name, series.what);
        for (const double ns : series.ns) {
            std::printf("%.3f ", ns);
        }
        std::printf("\n");
    }
}
