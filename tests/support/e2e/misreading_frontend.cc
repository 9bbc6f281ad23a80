// A frontend that reads the room under its limits wrongly. The build says how: LEFT_BEYOND is added
// to the threads that are left; USED_SHARE is the percent of each limit that it takes for used, -1:
// what is. All else is ceiling-frontend.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "workload/frontend/address_space.h"
#include "workload/frontend/frontend.h"
#include "workload/protocol/process.h"

namespace {

using ceiling::wire::Room;

std::vector<Room> misread(std::vector<Room> rooms) {
  for (Room& room : rooms) {
    const auto left = static_cast<std::int64_t>(room.left()) + LEFT_BEYOND;
    room.set_left(static_cast<std::uint64_t>(std::max<std::int64_t>(0, left)));
    if constexpr (USED_SHARE >= 0) room.set_used(room.value() * USED_SHARE / 100);
  }
  return rooms;
}

}  // namespace

int main(int argc, char** argv) {
  ceiling::frontend::fix_address_space();
  ceiling::frontend::Options options;
  std::vector<std::string> guardrails;
  int alarm_percent = 0;
  CLI::App app;
  app.add_option("--name", options.name)->required();
  app.add_option("--membership", options.membership)->required();
  app.add_option("--status", options.status)->required();
  app.add_option("--guardrail", guardrails);
  app.add_option("--alarm-percent", alarm_percent);
  int thread_budget = 0;  // which it keeps to with admission or an alarm only
  app.add_option("--thread-budget", thread_budget);
  CLI11_PARSE(app, argc, argv);
  options.token = ceiling::wire::token_from_environment();
  const auto has = [&guardrails](const char* name) {
    return std::find(guardrails.begin(), guardrails.end(), name) != guardrails.end();
  };
  options.staged_build = has("staged-build");
  options.admission = has("admission");
  options.alarm_percent = alarm_percent;
  if (has("multiplex") && (options.admission || alarm_percent > 0)) {
    options.thread_budget = static_cast<std::uint32_t>(thread_budget);
  }
  options.read_rooms = [read = ceiling::frontend::own_rooms()](int lent) {
    return misread(read(lent));
  };
  ceiling::frontend::Frontend frontend(std::move(options));
  ::_exit(frontend.run());
}
