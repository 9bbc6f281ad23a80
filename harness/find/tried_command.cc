#include "harness/find/tried_command.h"

#include <fmt/format.h>

namespace ceiling {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kTick{10};
constexpr milliseconds kBeforePatience{60'000};
constexpr milliseconds kEndPatience{5000};

}  // namespace

TriedCommand::TriedCommand(const TrialSubject& subject, const SearchedLimit& limit,
                           const TrialSite& site, Waiter& waiter, int number,
                           std::optional<std::int64_t> value, int log)
    : subject_(subject),
      launcher_(site.launcher),
      waiter_(waiter),
      value_(value),
      place_(subject, limit, site, number),
      output_(log, place_.identity().uid),
      listening_(waiter, output_),
      use_(limit, place_.group()),
      kept_(limit, use_, value) {
  if (subject.ready.kind == Readiness::Kind::log) output_.watch(subject.ready.text);
}

void TriedCommand::prepare() {
  if (subject_.before.empty()) return;
  const ShellEnd end = run_shell(subject_.before, place_.preparing(), place_.beside(), launcher_,
                                 waiter_, kBeforePatience, [] {});
  if (end.ok()) return;
  throw NotSearchable("what is to be done before a trial " + end.how());
}

void TriedCommand::start() {
  main_ = launcher_.start(place_.command(value_, output_.writing())).pid();
}

void TriedCommand::wait(milliseconds patience) {
  waiter_.wait(patience);
  look();
}

void TriedCommand::look() {
  use_.sample();
  kept_.check(main_, status().has_value());
}

ShellEnd TriedCommand::ask(const std::string& command, milliseconds patience) {
  return run_shell(command, place_.probing(), place_.beside(), launcher_, waiter_, patience,
                   [this] { look(); });
}

std::optional<int> TriedCommand::status() const {
  return waiter_.status_of(main_);
}

bool TriedCommand::empty() {
  return place_.group().pids().current == 0;
}

bool TriedCommand::has_ended() {
  const auto status = waiter_.status_of(main_);
  return status && (*status != 0 || empty());
}

bool TriedCommand::has_said_line() {
  if (status()) output_.take_all();
  return output_.matched();
}

void TriedCommand::end() {
  place_.end(kEndPatience);
  for (const auto until = Clock::now() + kEndPatience;
       main_ > 0 && !status() && Clock::now() < until;) {
    waiter_.wait(kTick);
  }
  waiter_.forget(main_);
  output_.finish();
}

}  // namespace ceiling
