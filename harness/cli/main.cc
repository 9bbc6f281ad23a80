#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cgroups/error.h"
#include "harness/cli/exit_status.h"
#include "harness/cli/verb.h"
#include "harness/fleet/event_loop.h"

namespace {

using namespace ceiling;

/// Every failure of a verb becomes a line for a person and an exit status, here and nowhere else.
int call(const Verb& verb) {
  try {
    return verb();
  } catch (const BadInput& wrong) {
    tell(fmt::format("{}\n", wrong.what()));
    return kUsage;
  } catch (const Usage& wrong) {
    tell(fmt::format("ceiling: {}\n", wrong.what()));
    return kUsage;
  } catch (const Interrupted& interrupted) {
    tell(fmt::format("ceiling: ended by signal {}, nothing is left running\n", interrupted.signal));
    return 128 + interrupted.signal;
  } catch (const HostError& cannot) {
    tell(fmt::format("ceiling: {}\n  to do: {}\n", cannot.what(), cannot.remedy()));
    return kHostCannot;
  } catch (const std::exception& failure) {
    tell(fmt::format("ceiling: {}\n", failure.what()));
    return kDefect;
  }
}

/// Where the caller closed some of them, the next file opened would take their place: progress
/// would be written into the history. Not for writing, so that a closed stdout is still an error.
void fill_standard_streams() {
  for (int opened = 0; opened >= 0 && opened <= STDERR_FILENO;) {
    opened = ::open("/dev/null", O_RDONLY);
    if (opened > STDERR_FILENO) ::close(opened);
  }
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that goes away, or a file that may not grow, is an error of write(2), not the end of a
  // run that has to clean up.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  fill_standard_streams();

  CLI::App app("Finds the kernel limit that a growing fleet of threads runs into, before it does.",
               "ceiling");
  app.set_version_flag("--version", CEILING_VERSION);
  app.require_subcommand(1);
  std::optional<int> skip_status;
  app.add_option("--skip-exit-code", skip_status,
                 "end with this status instead of 69 when this host cannot do it (77: skipped)")
      ->check(CLI::Range(0, 255));
  app.fallthrough();  // --skip-exit-code may follow the verb
  app.footer(
      "Exit status: 0 it holds or is confirmed, 1 it does not, 2 unknown, 64 bad usage or file,\n"
      "69 this host cannot do it, 70 a defect of ceiling, 128+N ended by signal N.");

  std::vector<std::string> names;
  std::vector<std::pair<CLI::App*, Verb>> verbs;
  const auto add = [&](const char* name, const char* job, Verb (*declare)(CLI::App&)) {
    names.emplace_back(name);
    CLI::App* verb = app.add_subcommand(name, job);
    verbs.emplace_back(verb, declare(*verb));
  };
  add("check", "say which limit refuses the next thread, and whether what is needed fits",
      add_check);
  add("predict", "say what `run` is going to see, and why", add_predict);
  add("run", "grow the fleet on the real kernel, compare with the prediction, judge (root)",
      add_run);
  add("serve", "keep the same fleet up for your own clients, and grow it by hand (root)",
      add_serve);
  add("inject", "refuse chosen thread or process creations to any program", add_inject);
  add("find",
      "find the smallest limit at which any program is healthy, and how it fails below (root)",
      add_find);
  add("verify", "judge a stored run again", add_verify);
  add("report", "render a stored run as a page, or compare two", add_report);
  add("doctor", "say what this host lets us do, and what to type where it does not", add_doctor);
  add("clean", "end and remove what a dead run left (root)", add_clean);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (app.get_subcommands().empty() && !app.remaining().empty()) {  // CLI11: "is required"
      tell(fmt::format("ceiling: there is no verb \"{}\", expected one of: {}\n",
                       app.remaining().front(), fmt::join(names, ", ")));
      return kUsage;
    }
    return app.exit(error) == 0 ? kHolds : kUsage;
  }
  for (const auto& [parsed, verb] : verbs) {
    if (!parsed->parsed()) continue;
    const int status = call(verb);
    return status == kHostCannot && skip_status ? *skip_status : status;
  }
  return kUsage;
}
