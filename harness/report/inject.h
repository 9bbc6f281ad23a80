#pragma once

#include <string>

#include "harness/find/sweep_result.h"
#include "harness/inject/injection.h"

namespace ceiling {

/// What became of a command under injection: for a person, a few lines with the first refusals;
/// `ceiling.inject/1` (schemas/inject.json) with every creation.
std::string inject_text(const Injection& injection, bool colour);
std::string inject_json(const Injection& injection);

/// What became of a sweep: a line a trial, the worst first; `ceiling.sweep/1` (schemas/sweep.json).
std::string sweep_text(const Sweep& sweep, bool colour);
std::string sweep_json(const Sweep& sweep);

/// Errno by its name ("EAGAIN"), or "none" for 0.
std::string refusal_name(int error);

}  // namespace ceiling
