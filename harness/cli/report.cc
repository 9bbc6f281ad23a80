#include <fmt/format.h>

#include <memory>
#include <vector>

#include "harness/cli/exit_status.h"
#include "harness/cli/stored_run.h"
#include "harness/cli/verb.h"
#include "harness/observe/results_folder.h"

namespace ceiling {
namespace {

struct Arguments {
  std::vector<std::filesystem::path> folders;
  std::filesystem::path file;
};

int report(const Arguments& arguments) {
  std::filesystem::path file = arguments.file;
  if (file.empty())
    file = arguments.folders.size() == 1 ? arguments.folders.front() / "report.html"
                                         : "comparison.html";
  std::vector<StoredRun> runs;
  for (const auto& folder : arguments.folders) runs.push_back(read_stored_run(folder));
  check_writable("--output", file);
  std::vector<ShownRun> shown;
  bool damaged = false;
  for (const StoredRun& run : runs) {
    shown.push_back(run.shown());
    for (const auto* lines : {&run.missing, &run.verdict.damage}) {
      for (const std::string& line : *lines)
        tell(fmt::format("ceiling: {}: {}\n", run.folder.string(), line));
      damaged = damaged || !lines->empty();
    }
  }
  write_user_file(file, report_html(shown));
  Output().write(fmt::format("report: {}\n", file.string()));
  return damaged ? kUnknown : kHolds;
}

}  // namespace

Verb add_report(CLI::App& app) {
  const auto arguments = std::make_shared<Arguments>();
  app.add_option("DIR", arguments->folders, "a run's folder; two are compared in one page")
      ->required()
      ->expected(1, 2);
  app.add_option("--output", arguments->file,
                 "the page (default: report.html in DIR; of two, comparison.html here)");
  app.footer(
      "Example: ceiling report ceiling-results/kinesis-2020-20261124T090000Z-1a2b3c4d\n"
      "The page is one file that loads nothing from anywhere. Ends with 0 when it is written, with "
      "2\n"
      "when something is missing in the folder: the page and stderr say what.");
  return [arguments] { return report(*arguments); };
}

}  // namespace ceiling
