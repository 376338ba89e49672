// Open Sound Control 1.0 (opensoundcontrol.org): packets read in place, written, and address patterns.
//
// Rules for all of it: data never raise an exception and are never read beyond their end; nothing allocates,
// locks or recurses, so that it may be called on a realtime thread. A packet passes `check` (or a message
// `read`) before it is looked into.
#pragma once

#include "sideman/osc_bundle.hpp"
#include "sideman/osc_fault.hpp"
#include "sideman/osc_message.hpp"
#include "sideman/osc_pattern.hpp"
#include "sideman/osc_writer.hpp"
