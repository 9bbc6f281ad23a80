// Random combinations of limits, each met by a testee that creates threads until it is refused:
// what was predicted for it is what happens, to the last thread, and the limit that was to bind is
// the one that refused.
//
//   limits_property [--count N] [--seed S] [--host-limits] [--skew N] [--case NAME=NUMBER,...]
//
// --skew adds N to what every row predicts, as a wrong rule would: then it has to fail.
// --host-limits lets combinations change kernel.threads-max, kernel.pid_max, vm.max_map_count and
// vm.overcommit_memory: for a throw-away machine. Status 0: all held; 1: not, and the smallest
// combination that fails is printed as the --case that repeats it; 64: bad usage; 77: not root.
#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <random>
#include <stdexcept>
#include <string>

#include "cgroups/error.h"
#include "harness/prove/measure.h"
#include "tests/kernel/property/host_values.h"
#include "tests/kernel/property/trial.h"
#include "tests/support/spawn/support.h"

namespace ceiling {
namespace {

struct Arguments {
  int count = 300;
  std::uint64_t seed = std::random_device{}();
  bool host_limits = false;
  std::int64_t skew = 0;
  std::string one;
};

Arguments parse(int argc, char** argv) {
  Arguments found;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--host-limits") {
      found.host_limits = true;
      continue;
    }
    if (i + 1 == argc) throw std::invalid_argument(word + ": expected a value");
    const std::string value = argv[++i];
    if (word == "--count") {
      found.count = std::stoi(value);
    } else if (word == "--seed") {
      found.seed = std::stoull(value);
    } else if (word == "--skew") {
      found.skew = std::stoll(value);
    } else if (word == "--case") {
      found.one = value;
    } else {
      throw std::invalid_argument(word + ": unknown");
    }
  }
  return found;
}

Trial try_safely(Bench& bench, const Combination& combination) {
  try {
    return try_out(bench, combination);
  } catch (const Error& error) {
    Trial failed;
    failed.wrong = std::string("could not be tried: ") + error.what();
    return failed;
  }
}

/// The smallest one that still fails.
Combination reduce(Bench& bench, Combination failing) {
  for (bool found = true; found;) {
    found = false;
    for (const Combination& candidate : smaller(failing)) {
      const Trial tried = try_safely(bench, candidate);
      // One that cannot be tried is another failure, not a smaller one.
      if (tried.wrong.empty() || tried.wrong.starts_with("could not")) continue;
      failing = candidate;
      found = true;
      break;
    }
  }
  return failing;
}

void report(Bench& bench, const Combination& failing, const Trial& trial) {
  std::printf("FAILED %s\n  %s\n", failing.text().c_str(), trial.wrong.c_str());
  std::fflush(stdout);
  const Combination least = reduce(bench, failing);
  std::printf("  smallest: limits_property --case %s\n  %s\n", least.text().c_str(),
              try_safely(bench, least).wrong.c_str());
  std::fflush(stdout);
}

int run(Bench& bench, const Arguments& arguments) {
  constexpr int kEnough = 5;  // failures
  std::mt19937_64 random(arguments.seed);
  const auto began = std::chrono::steady_clock::now();
  std::map<std::string, int> refused_by;
  int exact = 0;
  int failed = 0;
  int tried = 0;
  for (; tried < arguments.count && failed < kEnough; ++tried) {
    const Combination combination = random_combination(random, arguments.host_limits);
    const Trial found = try_safely(bench, combination);
    ++refused_by[found.limit.empty() ? "none" : found.limit];
    exact += found.exact ? 1 : 0;
    if (found.wrong.empty()) continue;
    ++failed;
    report(bench, combination, found);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("seed %llu: %d combinations in %.1f s, %d of them exact, %d failed; refused by",
              static_cast<unsigned long long>(arguments.seed), tried, took.count(), exact, failed);
  for (const auto& [limit, count] : refused_by) std::printf(" %s %d,", limit.c_str(), count);
  std::printf("\n");
  return failed == 0 ? 0 : 1;
}

int run_one(Bench& bench, const Arguments& arguments) {
  const Trial found = try_safely(bench, parse_combination(arguments.one));
  std::printf("%d threads, %s%s\n", static_cast<int>(found.made),
              found.limit.empty() ? "not refused" : ("refused by " + found.limit).c_str(),
              found.wrong.empty() ? "" : ("\n  " + found.wrong).c_str());
  return found.wrong.empty() ? 0 : 1;
}

int run_all(const Arguments& arguments) {
  const auto values = HostValues::read();
  TestLauncher launcher;
  Bench bench{.hierarchy = Hierarchy::detect(), .launcher = *launcher, .skew = arguments.skew};
  {
    Cgroup group = Cgroup::create(bench.hierarchy, trial_group(0));
    bench.meaning = probe_events_meaning(group, *launcher, testee_spec("probe"));
  }
  std::printf("pids.events counts in %s\n", std::string(to_string(bench.meaning)).c_str());
  const int status = arguments.one.empty() ? run(bench, arguments) : run_one(bench, arguments);
  if (bench.meaning == EventsMeaning::unknown) return 1;
  if (arguments.host_limits && values != HostValues::read()) {
    std::puts("FAILED: a setting of the host is not as it was");
    return 1;
  }
  return launcher.close() == 0 && all_reaped() ? status : 1;
}

}  // namespace
}  // namespace ceiling

int main(int argc, char** argv) {
  try {
    const ceiling::Arguments arguments = ceiling::parse(argc, argv);
    if (::geteuid() != 0) {
      const char* required = std::getenv("CEILING_REQUIRE_PRIVILEGED");
      std::puts("needs root");
      return required != nullptr && std::string(required) == "1" ? 1 : 77;
    }
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    return ceiling::run_all(arguments);
  } catch (const std::logic_error& error) {
    std::fprintf(stderr, "limits_property: %s\n", error.what());
    return 64;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "limits_property: %s\n", error.what());
    return 1;
  }
}
