#pragma once

#include "harness/check/answer.h"
#include "harness/prove/proof.h"

namespace ceiling {

/// What `check --prove` does: prove() for the place that was answered for, with the ceiling-testee
/// that stands beside this program. Throws HostError where that cannot be done here.
Proof prove_place(const Answer& answer);

/// Refuted, or 2 where the proof is unknown; else what `otherwise` says.
int exit_status(const Proof& proof, int otherwise);

}  // namespace ceiling
