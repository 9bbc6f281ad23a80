#include <memory>

#include "harness/cli/exit_status.h"
#include "harness/cli/run_host.h"
#include "harness/cli/verb.h"
#include "harness/report/report.h"

namespace ceiling {

Verb add_verify(CLI::App& app) {
  struct Arguments {
    std::filesystem::path folder;
    Output output;
  };
  const auto arguments = std::make_shared<Arguments>();
  app.add_option("DIR", arguments->folder, "a run's folder: experiment.yaml and history.jsonl")
      ->required();
  arguments->output.add_to(app);
  app.footer("Example: ceiling verify ceiling-results/kinesis-2020-20261124T090000Z-1a2b3c4d");

  return [arguments] {
    arguments->output.check();
    const ExperimentArguments stored{.file = arguments->folder / "experiment.yaml",
                                     .overrides = {}};
    const RunVerdict verdict = judge(stored.read(), read_history(arguments->folder));
    arguments->output.write(arguments->output.json()
                                ? result_json(verdict)
                                : result_text(verdict, arguments->output.colour()));
    return exit_status(verdict.verdict);
  };
}

}  // namespace ceiling
