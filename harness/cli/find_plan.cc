#include "harness/cli/find_plan.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <charconv>
#include <regex>
#include <utility>

#include "harness/cli/find_subject.h"
#include "harness/cli/verb.h"
#include "harness/experiment/program.h"
#include "harness/experiment/tree.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

/// A number, of bytes also with K, M, G or T behind it.
std::optional<std::int64_t> number_from(std::string_view text, bool bytes) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || number < 1) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  if (text.empty()) return number;
  const auto power = std::string_view("KMGT").find(text);
  if (!bytes || text.size() != 1 || power == std::string_view::npos) return std::nullopt;
  const std::int64_t unit = std::int64_t{1} << (10 * (power + 1));
  return number > (std::int64_t{1} << 50) / unit ? std::nullopt : std::optional(number * unit);
}

SearchRange range_from(const std::string& text, const SearchedLimit& limit) {
  const bool bytes = limit.unit == "bytes";
  const auto colon = text.find(':');
  const auto first = number_from(std::string_view(text).substr(0, colon), bytes);
  const auto last = colon == std::string::npos
                        ? std::nullopt
                        : number_from(std::string_view(text).substr(colon + 1), bytes);
  if (!first || !last || *last - *first < limit.step) {
    throw Usage(fmt::format("--range: found \"{}\", expected A:B, {} from 1, B at least {} above A",
                            text, bytes ? "bytes (or 64M)" : "whole numbers", limit.step));
  }
  return {.first = *first, .last = *last, .step = limit.step};
}

SearchedLimit limit_for(const std::string& name) {
  if (const auto limit = searched_limit(name)) return *limit;
  std::string known;
  for (const SearchedLimit& one : searched_limits()) {
    known += fmt::format("{}{}", known.empty() ? "" : ", ", one.name);
  }
  throw Usage(fmt::format("--limit: found \"{}\", expected one of: {}", name, known));
}

/// What a program's file says, where the options say nothing.
FindOptions with_program(FindOptions options) {
  if (options.program.empty()) return options;
  const KnownProgram program =
      parse_program(read_bounded(options.program, kMaxTextBytes), options.program.string());
  const auto fill = [](std::string& option, const std::string& said) {
    if (option.empty()) option = said;
  };
  if (options.command.empty()) options.command = program.command;
  const bool chosen = !options.ready.empty() || !options.ready_log.empty();
  if (!chosen && options.ready_tcp == 0) {
    options.ready = program.ready;
    options.ready_log = program.ready_log;
    options.ready_tcp = program.ready_tcp;
  }
  fill(options.before, program.before);
  fill(options.probe, program.probe);
  const bool own_uid = limit_for(options.limit).counts_a_user();
  if (!own_uid && !user_for("").identity.uid) fill(options.user, program.user);
  return options;
}

Readiness readiness(const FindOptions& options) {
  if (!options.ready.empty()) return {Readiness::Kind::command, options.ready, 0};
  if (options.ready_tcp != 0) return {Readiness::Kind::tcp, "", options.ready_tcp};
  if (options.ready_log.empty()) return {};
  try {
    const std::regex readable(options.ready_log);
  } catch (const std::regex_error& error) {
    throw Usage(fmt::format("--ready-log: found \"{}\", expected a regular expression: {}",
                            options.ready_log, error.what()));
  }
  return {Readiness::Kind::log, options.ready_log, 0};
}

/// Above the hard limit only CAP_SYS_RESOURCE goes, which not every root has.
std::optional<std::int64_t> most_of(const SearchedLimit& limit) {
  if (limit.kind != SearchedLimit::Kind::rlimit) return std::nullopt;
  rlimit here{};
  ::getrlimit(limit.resource, &here);
  if (here.rlim_max == RLIM_INFINITY) return std::nullopt;
  return static_cast<std::int64_t>(here.rlim_max);
}

}  // namespace

PlannedFind plan_find(FindOptions said) {
  const FindOptions options = with_program(std::move(said));
  if (options.command.empty()) {
    throw Usage("find: expected a COMMAND after --, or --program");
  }
  FindPlan plan;
  plan.limit = limit_for(options.limit);
  const bool of_host = plan.limit.kind == SearchedLimit::Kind::host_setting;
  if (of_host && !options.host_limits) {
    throw Usage(
        fmt::format("--limit {}: found a limit of the whole host: it needs --host-limits, which is "
                    "meant for a throw-away VM",
                    plan.limit.name));
  }
  const bool own_uid = plan.limit.counts_a_user();
  if (own_uid && !options.user.empty()) {
    throw Usage("--user: RLIMIT_NPROC counts a user's tasks, so the command gets a uid of its own");
  }
  if (!options.range.empty()) plan.range = range_from(options.range, plan.limit);
  User user = user_for(options.user);
  TrialSubject& subject = plan.subject;
  subject.command = resolved(options.command);
  subject.environment = environment_with(std::move(user.environment));
  subject.folder = fs::current_path();
  subject.umask = ::umask(022);
  ::umask(subject.umask);
  subject.user = user.identity;
  subject.ready = readiness(options);
  subject.before = options.before;
  subject.probe = options.probe;
  plan.most = most_of(plan.limit);
  plan.repeat = options.repeat;
  if (options.timeout_s > 0) {
    plan.time_limit =
        std::chrono::ceil<milliseconds>(std::chrono::duration<double>(options.timeout_s));
  }
  return {std::move(plan), own_uid ? "a uid of its own" : user.name};
}

}  // namespace ceiling
