#include <memory>

#include "harness/cli/exit_status.h"
#include "harness/cli/result_format.h"
#include "harness/cli/stored_run.h"
#include "harness/cli/verb.h"

namespace ceiling {

Verb add_verify(CLI::App& app) {
  struct Arguments {
    std::filesystem::path folder;
    Output output;
  };
  const auto arguments = std::make_shared<Arguments>();
  app.add_option("DIR", arguments->folder, "a run's folder: experiment.yaml and history.jsonl")
      ->required();
  arguments->output.add_to(app, result_formats());
  app.footer("Example: ceiling verify ceiling-results/kinesis-2020-20261124T090000Z-1a2b3c4d");

  return [arguments] {
    arguments->output.check();
    const RunVerdict verdict = read_stored_run(arguments->folder).verdict;
    arguments->output.write(formatted(verdict, arguments->output));
    return exit_status(verdict.verdict);
  };
}

}  // namespace ceiling
