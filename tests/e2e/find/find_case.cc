#include "tests/e2e/find/find_case.h"

#include <fmt/format.h>

#include <map>

namespace ceiling {

Ended FindTest::find(const std::vector<std::string>& options,
                     const std::vector<std::string>& command, const How& how) const {
  std::vector<std::string> arguments{"find", "--format", "json"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  arguments.emplace_back("--");
  arguments.insert(arguments.end(), command.begin(), command.end());
  return run_ceiling(arguments, how);
}

Ended FindTest::find_testee(const std::string& mode, int number,
                            const std::vector<std::string>& options) const {
  std::vector<std::string> all = options;
  all.insert(all.end(), {"--ready-log", "^ready"});
  return find(all, {ceiling::find_testee(), mode, std::to_string(number)});
}

nlohmann::json FindTest::result_of(const Ended& ended) {
  EXPECT_EQ(schema_problems("find", ended.out), "") << ended.err;
  return nlohmann::json::parse(ended.out, nullptr, false);
}

std::string FindTest::outcomes(const nlohmann::json& result) {
  std::map<std::int64_t, std::string> by_value;
  for (const auto& trial : result.at("trials")) {
    by_value[trial.at("value").get<std::int64_t>()] += fmt::format(
        "{} {} {}, ", trial.at("value").get<std::int64_t>(), trial.at("outcome").get<std::string>(),
        trial.at("refusals").is_null() ? "-"
                                       : std::to_string(trial.at("refusals").get<std::int64_t>()));
  }
  std::string text;
  for (const auto& [value, line] : by_value) text += line;
  return text;
}

std::string find_testee() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "find_testee";
}

}  // namespace ceiling
