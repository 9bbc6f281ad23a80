#include "harness/cli/stored_run.h"

#include <fmt/format.h>

#include "harness/cli/run_host.h"
#include "harness/cli/verb.h"

namespace ceiling {
namespace {

/// A line a finding, without the folder.
void take(std::vector<std::string>& lines, const char* file, const BadInput& wrong) {
  for (const Finding& one : wrong.findings()) {
    const std::string place =
        one.line > 0 ? fmt::format("{}:{}:{}", file, one.line, one.column) : std::string(file);
    lines.push_back(fmt::format("{}: {}", place, one.text));
  }
}

bool is_search(const ParsedHistory& history) {
  const auto* first =
      history.events.empty() ? nullptr : std::get_if<RunEvent>(&history.events.front().what);
  return first != nullptr && first->experiment == "find";
}

}  // namespace

ShownRun StoredRun::shown() const {
  return {.verdict = verdict,
          .experiment = experiment ? &*experiment : nullptr,
          .history = history.events,
          .folder = folder.string(),
          .missing = missing};
}

StoredRun read_stored_run(const std::filesystem::path& folder) {
  StoredRun run{.folder = folder, .experiment = {}, .history = {}, .verdict = {}, .missing = {}};
  std::vector<std::string> damage;
  bool has_history = true;
  try {
    run.experiment =
        ExperimentArguments{.file = folder / "experiment.yaml", .overrides = {}}.read();
  } catch (const BadInput& wrong) {
    take(damage, "experiment.yaml", wrong);
  }
  try {
    run.history = read_history(folder);
  } catch (const BadInput& wrong) {
    take(damage, "history.jsonl", wrong);
    has_history = false;
  }
  if (!run.experiment && !has_history)
    throw Usage(fmt::format("{}: found no run there: {}; {}", folder.string(), damage.front(),
                            damage.back()));
  if (!run.experiment && is_search(run.history)) {
    throw Usage(
        fmt::format("{}: found a search by ceiling find, expected a run: what it came to is in its "
                    "result.json, each trial in its history.jsonl",
                    folder.string()));
  }
  std::error_code none;
  if (!std::filesystem::is_regular_file(folder / "result.json", none))
    run.missing.push_back("result.json: it is not there: the run did not come to its end");
  damage.insert(damage.end(), run.history.damage.begin(), run.history.damage.end());
  run.history.damage = std::move(damage);
  run.verdict = run.experiment ? judge(*run.experiment, run.history) : unjudged(run.history);
  return run;
}

}  // namespace ceiling
