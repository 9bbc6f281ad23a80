#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/e2e/ceiling.h"

namespace ceiling {

/// A test of `ceiling inject`: without root, groups or registry.
class InjectTest : public testing::Test {
 protected:
  /// `ceiling inject OPTIONS... -- COMMAND...`
  Ended inject(const std::vector<std::string>& options, const std::vector<std::string>& command,
               const How& how = {}) const;
  Running start(const std::vector<std::string>& options,
                const std::vector<std::string>& command) const;
  /// The summary of the last inject(), which was asked for it by summary_options().
  nlohmann::json summary() const;
  std::vector<std::string> with_summary(std::vector<std::string> options) const;

  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

std::string tree_testee(bool is_static = false);  ///< path of the program

}  // namespace ceiling
