#include "harness/report/check.h"

#include <fmt/format.h>

#include <memory>

#include "harness/check/subject.h"
#include "harness/cli/check_targets.h"
#include "harness/cli/exit_status.h"
#include "harness/cli/prove_place.h"
#include "harness/cli/verb.h"

namespace ceiling {
namespace {

constexpr std::size_t kMaxPolicyBytes = 1 << 20;

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
  std::filesystem::path policy;
  std::filesystem::path snapshot;
  std::filesystem::path from;
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

std::string rendered(const Policy& policy, std::span<const Answer> answers,
                     const std::optional<Proof>& proof, const Output& output) {
  const Proof* proved = proof ? &*proof : nullptr;
  const bool one = policy.name.empty();
  if (output.format == "junit") return check_junit(answers, proved);
  if (output.format == "prometheus") return check_prometheus(answers);
  if (output.json()) {
    return one ? check_json(answers.front(), proved) : policy_json(policy, answers);
  }
  if (!one) return policy_text(policy, answers, output.colour());
  return check_text(answers.front(), output.colour()) +
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

/// A policy file, or what the options say as the only requirement of one.
Policy policy_of(const Arguments& arguments) {
  if (!arguments.policy.empty()) {
    return parse_policy(read_bounded(arguments.policy, kMaxPolicyBytes), arguments.policy.string());
  }
  return {.name = "", .requirements = {{selector_of(arguments), need_of(arguments)}}};
}

int check(const Arguments& arguments) {
  arguments.output.check();
  if (!arguments.snapshot.empty()) check_writable("--snapshot", arguments.snapshot);
  std::vector<Change> changes;
  for (const std::string& change : arguments.changes) changes.push_back(parse_change(change));
  Policy policy = policy_of(arguments);
  std::vector<Subject> subjects =
      read_targets(policy.requirements, {.from = arguments.from,
                                         .snapshot = arguments.snapshot,
                                         .policy = arguments.policy,
                                         .probe = arguments.probe,
                                         .count_all = arguments.prove || !changes.empty()});
  apply(changes, subjects, policy.requirements);
  std::vector<Answer> answers;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    answers.push_back(answer(subjects[i], policy.requirements[i].need));
  }
  std::optional<Proof> proof;
  if (arguments.prove) proof = prove_place(answers.front());
  if (!arguments.quiet) {
    arguments.output.write(rendered(policy, answers, proof, arguments.output));
  }
  const int status = exit_status(verdict_of(answers));
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
  constexpr std::int64_t kMost = std::int64_t{1} << 31;  // the product of two fits 64 bits
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

/// Answers for another place or another time than here and now.
void add_elsewhere(CLI::App& app, Arguments& arguments) {
  CLI::Option* policy =
      app.add_option("--policy", arguments.policy,
                     "the room that each of several units and groups has to have (YAML)")
          ->type_name("FILE");
  for (const char* single :
       {"--pid", "--unit", "--cgroup", "--uid", "--stack", "--threads", "--peers", "--prove"}) {
    policy->excludes(app.get_option(single));
  }
  CLI::Option* snapshot =
      app.add_option("--snapshot", arguments.snapshot, "write what was read to this file")
          ->type_name("FILE");
  app.add_option("--from", arguments.from, "answer from a snapshot instead of from this host")
      ->type_name("FILE")
      ->excludes(snapshot)
      ->excludes(app.get_option("--probe"))
      ->excludes(app.get_option("--prove"));
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
  add_elsewhere(app, *arguments);
  arguments->output.add_to(app, {"text", "json", "junit", "prometheus"});
  app.add_flag("--quiet", arguments->quiet, "print nothing, the exit status tells");
  app.footer(
      "Without a target: a process in the place of this one.\n"
      "Exit status: 0 what is needed fits, 1 it does not, 2 unknown, or the target went "
      "meanwhile.\n"
      "Example: ceiling check --pid 4242 --peers 300 --threads-per-peer 2\n"
      "A policy file:\n"
      "  policy: frontends\n"
      "  targets:\n"
      "    - {unit: demo.service, threads: 500}\n"
      "    - {cgroup: /batch, peers: 300, threads_per_peer: 2, stack: 1M, uid: 1000}");
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
