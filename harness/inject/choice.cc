#include "harness/inject/choice.h"

namespace ceiling {

std::string_view to_string(CreationKind kind) {
  return kind == CreationKind::thread ? "thread" : "process";
}

bool Chooser::refuses(CreationKind kind) {
  if (choice_.kind && *choice_.kind != kind) return false;
  ++counted_;
  if (!chosen() || (choice_.times && refused_ >= *choice_.times)) return false;
  ++refused_;
  return true;
}

bool Chooser::chosen() {
  if (choice_.at) return counted_ == *choice_.at;
  if (choice_.after) return counted_ > *choice_.after;
  if (choice_.every) return counted_ % *choice_.every == 0;
  // Of the 53 bits that a double holds: the same draws on every machine.
  if (choice_.probability) {
    return static_cast<double>(random_() >> 11) * 0x1p-53 < *choice_.probability;
  }
  return false;
}

}  // namespace ceiling
