#include "harness/report/check.h"

#include <fmt/format.h>

#include <memory>

#include "cgroups/error.h"
#include "harness/check/answer.h"
#include "harness/check/ask_systemd.h"
#include "harness/check/subject.h"
#include "harness/check/what_if.h"
#include "harness/cli/exit_status.h"
#include "harness/cli/prove_place.h"
#include "harness/cli/verb.h"

namespace ceiling {
namespace {

struct Arguments {
  std::optional<std::int64_t> pid;
  std::optional<std::string> unit;
  std::optional<std::string> cgroup;
  std::optional<std::int64_t> uid;
  std::optional<std::string> stack;
  std::optional<std::int64_t> threads;
  std::optional<std::int64_t> peers;
  std::optional<std::int64_t> threads_per_peer;
  bool probe = false;
  bool prove = false;
  bool quiet = false;
  std::vector<std::string> changes;
  Output output;
};

Selector selector_of(const Arguments& arguments) {
  Selector selector;
  if (arguments.pid) selector = pid_selector(*arguments.pid);
  if (arguments.unit) selector = unit_selector(*arguments.unit);
  if (arguments.cgroup) selector = cgroup_selector(*arguments.cgroup);
  if (arguments.uid) check_uid(*arguments.uid);
  selector.uid = arguments.uid;
  return selector;
}

Need need_of(const Arguments& arguments) {
  Need need{.threads = arguments.threads, .peers = arguments.peers};
  need.threads_per_peer = arguments.threads_per_peer.value_or(0);
  if (arguments.stack) {
    need.stack = bytes_of(*arguments.stack);
    if (!need.stack) {
      throw Usage(
          fmt::format("--stack: found \"{}\", expected a number of bytes, also as 64K or 1M",
                      *arguments.stack));
    }
    check_stack(*need.stack);
  }
  return need;
}

/// Limits can be asked for without control groups, too: then there are none to see.
Hierarchy hierarchy_here() {
  try {
    return Hierarchy::detect();
  } catch (const HostError&) {
    return Hierarchy::none();
  }
}

Subject read_here(const Arguments& arguments, const Need& need) {
  const ReadHow how{.probe = arguments.probe,
                    .count_all = !arguments.changes.empty(),
                    .threads_per_peer = need.threads_per_peer,
                    .stack = need.stack};
  try {
    return read_subject(hierarchy_here(), selector_of(arguments), how, ask_systemd);
  } catch (const NoSuchTarget& wrong) {
    throw Usage(wrong.what());
  }
}

std::string rendered(const Answer& answer, const std::optional<Proof>& proof,
                     const Output& output) {
  if (output.format == "json") return check_json(answer, proof ? &*proof : nullptr);
  return check_text(answer, output.colour()) +
         (proof ? proof_text(*proof, output.colour()) : std::string());
}

int exit_status(Fit verdict) {
  switch (verdict) {
    case Fit::holds:
      return kHolds;
    case Fit::exceeded:
      return kRefuted;
    case Fit::unknown:
      break;
  }
  return kUnknown;
}

int check(const Arguments& arguments) {
  arguments.output.check();
  std::vector<Change> changes;
  for (const std::string& change : arguments.changes) changes.push_back(parse_change(change));
  Need need = need_of(arguments);
  Subject subject = read_here(arguments, need);
  for (const Change& change : changes) apply(change, subject, need);
  const Answer given = answer(subject, need);
  std::optional<Proof> proof;
  if (arguments.prove) proof = prove_place(given);
  if (!arguments.quiet) arguments.output.write(rendered(given, proof, arguments.output));
  const int status = exit_status(given.verdict);
  return proof ? exit_status(*proof, status) : status;
}

void add_target(CLI::App& app, Arguments& arguments) {
  CLI::Option* pid = app.add_option("--pid", arguments.pid, "this process");
  CLI::Option* unit = app.add_option("--unit", arguments.unit, "this unit of systemd");
  app.add_option("--cgroup", arguments.cgroup,
                 "a process like the caller in this group, as in /proc/PID/cgroup")
      ->excludes(pid)
      ->excludes(unit);
  unit->excludes(pid);
  app.add_option("--uid", arguments.uid, "as if the target had this uid");
}

void add_need(CLI::App& app, Arguments& arguments) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  const auto count = CLI::Range(std::int64_t{1}, kMost);
  app.add_option("--stack", arguments.stack, "stack of each thread (default: of RLIMIT_STACK)")
      ->type_name("BYTES");
  CLI::Option* threads =
      app.add_option("--threads", arguments.threads, "so many more threads are needed")
          ->check(count);
  CLI::Option* peers =
      app.add_option("--peers", arguments.peers,
                     "a fleet of so many members, each with threads for all of the others;\n"
                     "counts for a process that has none of them yet")
          ->check(count)
          ->excludes(threads);
  CLI::Option* each =
      app.add_option("--threads-per-peer", arguments.threads_per_peer, "for --peers")->check(count);
  peers->needs(each);
  each->needs(peers);
}

}  // namespace

Verb add_check(CLI::App& app) {
  const auto arguments = std::make_shared<Arguments>();
  add_target(app, *arguments);
  add_need(app, *arguments);
  app.add_flag("--probe", arguments->probe,
               "count the tasks of the uid by forking until refused (root, or that uid)");
  app.add_flag(
      "--prove", arguments->prove,
      "have a testee make threads in a copy of the place until it is refused, and compare\n"
      "(root; start it outside of the group that limits); exit status 1 also where that\n"
      "refutes the answer, 2 where it does not get that far");
  app.add_option("--set", arguments->changes,
                 "what if a limit had this value: --set pids.max=50, --set pids.max:/a=max,\n"
                 "--set RLIMIT_AS=4G, --set stack=1M")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  arguments->output.add_to(app);
  app.add_flag("--quiet", arguments->quiet, "print nothing, the exit status tells");
  app.footer(
      "Without a target: a process in the place of this one.\n"
      "Exit status: 0 what is needed fits, 1 it does not, 2 unknown, or the target went "
      "meanwhile.\n"
      "Example: ceiling check --pid 4242 --peers 300 --threads-per-peer 2");
  return [arguments] {
    try {
      return check(*arguments);
    } catch (const Vanished& gone) {
      tell(fmt::format("ceiling: {}\n", gone.what()));
      return static_cast<int>(kUnknown);
    }
  };
}

}  // namespace ceiling
