#include <fmt/format.h>

#include <algorithm>

#include "harness/report/inject.h"
#include "harness/report/page.h"

namespace ceiling {
namespace {

constexpr std::size_t kShown = 10;

std::string counted(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : what.ends_with('s') ? "es" : "s");
}

}  // namespace

std::string inject_text(const Injection& injection, bool colour) {
  Page page(colour);
  const auto threads = static_cast<std::uint64_t>(
      std::count_if(injection.creations.begin(), injection.creations.end(),
                    [](const Creation& one) { return one.kind == CreationKind::thread; }));
  const std::uint64_t listed = injection.creations.size();
  page.line(0, fmt::format("inject: {}, {} of them refused{}", counted(injection.seen, "creation"),
                           injection.refused,
                           injection.refused == 0 ? "" : " with " + refusal_name(injection.error)));
  page.line(
      2, fmt::format("{}, {}", counted(threads, "thread"), counted(listed - threads, "process")));
  if (injection.unreadable > 0) {
    page.line(2,
              fmt::format("{} whose kind could not be read: let through, not counted",
                          counted(injection.unreadable, "creation")),
              Tone::doubtful);
  }
  std::size_t shown = 0;
  for (std::size_t i = 0; i < injection.creations.size() && shown < kShown; ++i) {
    const Creation& one = injection.creations[i];
    if (!one.refused) continue;
    ++shown;
    page.line(2, fmt::format("number {} at {:.3f} s: a {} of {} (pid {}, tid {})", i + 1, one.t_s,
                             to_string(one.kind), one.name, one.process, one.thread));
  }
  if (injection.refused > shown) {
    page.line(2, fmt::format("and {} more", injection.refused - shown));
  }
  return page.text();
}

}  // namespace ceiling
