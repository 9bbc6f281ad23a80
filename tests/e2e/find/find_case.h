#pragma once

#include <string>
#include <vector>

#include "tests/support/e2e/ceiling.h"

namespace ceiling {

/// A test of `ceiling find`.
class FindTest : public CeilingTest {
 protected:
  /// `ceiling find --format json OPTIONS... -- COMMAND...`
  Ended find(const std::vector<std::string>& options, const std::vector<std::string>& command,
             const How& how = {}) const;
  /// Likewise of `find_testee MODE NUMBER`, that is ready when it says so.
  Ended find_testee(const std::string& mode, int number,
                    const std::vector<std::string>& options = {}) const;
  /// The result; the test fails where there is none, or it is not as published.
  static nlohmann::json result_of(const Ended& ended);
  /// "60 refused-to-start 1, ...": value, outcome and refusals of all trials, by value.
  static std::string outcomes(const nlohmann::json& result);
};

std::string find_testee();  ///< path of the program

}  // namespace ceiling
