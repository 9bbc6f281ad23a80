#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "harness/experiment/experiment.h"

namespace ceiling {

/// The words of the call are wrong in a way that only the verb can see. Exit status 64.
class Usage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A verb declares its options on its subcommand and returns what is run when it is chosen; that
/// returns the exit status.
using Verb = std::function<int()>;
Verb add_check(CLI::App& app);
Verb add_run(CLI::App& app);
Verb add_serve(CLI::App& app);
Verb add_inject(CLI::App& app);
Verb add_find(CLI::App& app);
Verb add_predict(CLI::App& app);
Verb add_verify(CLI::App& app);
Verb add_report(CLI::App& app);
Verb add_clean(CLI::App& app);
Verb add_doctor(CLI::App& app);

/// Where a verb's result goes, and how. Shared by the verbs that have one.
struct Output {
  std::string format = "text";
  std::filesystem::path file;  ///< empty: stdout

  void add_to(CLI::App& app, const std::vector<std::string>& formats = {"text", "json"});
  bool json() const { return format == "json"; }
  /// Text for a terminal is coloured, unless NO_COLOR is set.
  bool colour() const;
  /// Throws Usage where the folder of the file cannot be written, before any work is done.
  void check() const;
  /// To the file by rename, or to stdout. Throws HostError.
  void write(std::string_view text) const;
};

/// An experiment file and what is laid over it. Shared by `run`, `serve` and `predict`.
struct ExperimentArguments {
  std::filesystem::path file;
  std::vector<std::string> overrides;

  void add_to(CLI::App& app, bool required = true);
  /// `more` is laid over it last; `only_arm` as in parse_experiment(). Throws BadInput, also for a
  /// file that cannot be read or is too large.
  Experiment read(const std::vector<std::string>& more = {}, std::string_view only_arm = {}) const;
};

/// Numbers as options take them: CLI11's own take -1 for a large number, and nan for one in
/// between.
CLI::Validator whole_number(std::uint64_t least);
CLI::Validator decimal(double least, double most);

/// To stderr, for the person who waits. Never fails: what a verb does is worth no less because
/// nobody reads of it.
void tell(std::string_view text) noexcept;

/// Throws Usage, naming `option`, where the folder of `file` cannot be written.
void check_writable(const std::string& option, const std::filesystem::path& file);

/// A whole file of at most `most` bytes. Throws BadInput that names it.
std::string read_bounded(const std::filesystem::path& file, std::size_t most);

}  // namespace ceiling
