#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/random_limits/random_case.h"
#include "tests/support/spawn/support.h"

namespace ceiling {

/// CEILING_SEED, or one that is picked.
unsigned seed();

/// One experiment by the real program: its exit status, and result.json as it prints it.
class RandomLimits : public testing::TestWithParam<int> {
 protected:
  void SetUp() override;
  void TearDown() override;

  int status() const { return status_; }
  Random random(LimitScope scope) const;

  /// The only arm of the result; null when there is none.
  nlohmann::json run(const RandomCase& one);
  /// Predicted and observed agree, and the kernel was met.
  void expect_confirmed(const RandomCase& one, const nlohmann::json& arm,
                        const char* error = "EAGAIN") const;

 private:
  const TemporaryFolder folder_;
  int status_ = -1;
};

}  // namespace ceiling
