#pragma once

#include <span>
#include <string>

#include "harness/check/answer.h"
#include "harness/check/policy.h"
#include "harness/prove/proof.h"

namespace ceiling {

/// What `check` found, in each of its formats. All end in a newline.

/// For a person: what a new thread meets first, a row a limit with the binding one first, what
/// could not be seen, the verdict last. At most 80 columns; colour only where `colour`.
std::string check_text(const Answer& answer, bool colour);
/// What --prove found, after the text.
std::string proof_text(const Proof& proof, bool colour);
/// What became of a policy: a line a target, all of each that does not hold, the verdict last.
std::string policy_text(const Policy& policy, std::span<const Answer> answers, bool colour);
/// `ceiling.policy/1` (schemas/policy.json): the checks of all targets.
std::string policy_json(const Policy& policy, std::span<const Answer> answers);
/// `ceiling.check/1` (schemas/check.json beside this file), with `proof` where there is one.
std::string check_json(const Answer& answer, const Proof* proof = nullptr);
/// A test suite a target, a test case a limit, and one for the proof: failed where what is needed
/// is refused, an error where that is unknown, skipped where the limit cannot refuse the target.
/// For CI, where a skipped test passes, what is unknown must not.
std::string check_junit(std::span<const Answer> answers, const Proof* proof = nullptr);
/// The text exposition format of Prometheus, gauges only. Unlimited is +Inf; what is unknown or
/// does not apply is left out.
std::string check_prometheus(std::span<const Answer> answers);

}  // namespace ceiling
