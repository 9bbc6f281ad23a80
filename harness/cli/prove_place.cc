#include "harness/cli/prove_place.h"

#include <unistd.h>

#include <filesystem>

#include "cgroups/error.h"
#include "harness/cli/exit_status.h"
#include "harness/prove/prove.h"

namespace ceiling {

Proof prove_place(const Answer& answer) {
  const auto testee = std::filesystem::canonical("/proc/self/exe").parent_path() / "ceiling-testee";
  if (::access(testee.c_str(), X_OK) != 0) {
    throw HostError(testee.string() + " is not there", "build the target `programs`");
  }
  const ProofSite site{.hierarchy = Hierarchy::detect(), .registry = Registry(), .testee = testee};
  return prove(site, headroom(answer.subject.facts, {.stack = answer.thread.stack}));
}

int exit_status(const Proof& proof, int otherwise) {
  if (proof.verdict == Verdict::refuted) return kRefuted;
  const bool unproven = proof.verdict == Verdict::unknown && otherwise == kHolds;
  return unproven ? kUnknown : otherwise;
}

}  // namespace ceiling
