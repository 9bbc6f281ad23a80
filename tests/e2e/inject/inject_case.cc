#include "tests/e2e/inject/inject_case.h"

#include <filesystem>

namespace ceiling {
namespace {

std::vector<std::string> arguments(const std::vector<std::string>& options,
                                   const std::vector<std::string>& command) {
  std::vector<std::string> all{"inject"};
  all.insert(all.end(), options.begin(), options.end());
  all.emplace_back("--");
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

}  // namespace

Ended InjectTest::inject(const std::vector<std::string>& options,
                         const std::vector<std::string>& command, const How& how) const {
  return Running(arguments(options, command), folder(), how).wait();
}

Running InjectTest::start(const std::vector<std::string>& options,
                          const std::vector<std::string>& command) const {
  return Running(arguments(options, command), folder(), {});
}

std::vector<std::string> InjectTest::with_summary(std::vector<std::string> options) const {
  options.insert(options.end(), {"--summary", folder() / "summary.json"});
  return options;
}

nlohmann::json InjectTest::summary() const {
  return nlohmann::json::parse(read_text(folder() / "summary.json"));
}

std::string tree_testee(bool is_static) {
  const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return here / (is_static ? "tree_testee_static" : "tree_testee");
}

}  // namespace ceiling
