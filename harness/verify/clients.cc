#include "harness/verify/clients.h"

#include <fmt/format.h>

#include <map>

namespace ceiling {

std::vector<ClientCount> count_clients(const ArmLog& log) {
  std::map<std::string, ClientCount> counts;
  for (const ClientEvent* taken : log.clients) counts[taken->client];
  for (const OpLog& entry : log.ops) {
    const OpEvent& op = *entry.op;
    if (op.client.empty()) continue;
    ClientCount& count = counts[op.client];
    if (op.kind == "get" && op.phase == OpPhase::ok) ++count.records_read;
    if (op.kind != "put") continue;
    if (op.phase == OpPhase::invoke) ++count.puts_unknown;
    if (op.phase == OpPhase::ok || op.phase == OpPhase::fail) {
      ++(op.phase == OpPhase::ok ? count.puts_acknowledged : count.puts_failed);
      if (count.puts_unknown > 0) --count.puts_unknown;  // its invoke may be missing
    }
  }
  std::vector<ClientCount> all;
  for (auto& [name, count] : counts) {
    count.name = name;
    all.push_back(count);
  }
  return all;
}

std::map<std::string, std::vector<std::string>> client_damage(const ArmLog& log) {
  std::map<std::string, std::int64_t> there;
  for (const OpLog& entry : log.ops)
    if (!entry.op->client.empty()) ++there[entry.op->client];
  std::map<std::string, std::vector<std::string>> found;
  for (const ClientEvent* taken : log.clients) {
    for (const std::string& line : taken->damage) found[taken->client].push_back(line);
    if (there[taken->client] != taken->operations)
      found[taken->client].push_back(fmt::format("{} were taken in, the history has {}",
                                                 taken->operations, there[taken->client]));
    there.erase(taken->client);
  }
  for (const auto& [client, operations] : there)
    found[client].push_back("the history does not say how many were taken in");
  return found;
}

}  // namespace ceiling
