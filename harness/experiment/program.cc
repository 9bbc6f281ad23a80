#include "harness/experiment/program.h"

#include "harness/experiment/experiment.h"
#include "harness/experiment/reader.h"

namespace ceiling {
namespace {

const Schema& program_schema() {
  static const Schema schema{{{"program"},
                              {"command"},
                              {"user"},
                              {"before"},
                              {"ready"},
                              {"ready_tcp"},
                              {"ready_log"},
                              {"probe"}},
                             "",
                             nullptr};
  return schema;
}

std::vector<std::string> read_command(const MapReader& map) {
  std::vector<std::string> command;
  const Node* list = map.list("command", Presence::required);
  if (list == nullptr) return command;
  if (list->items.empty()) {
    map.refuse(*list, "command", "found nothing, expected a program and its arguments");
  }
  for (const Node& item : list->items) {
    if (item.kind == Node::Kind::scalar) {
      command.push_back(item.text);
    } else if (item.kind != Node::Kind::refused) {
      map.refuse(item, "command", "found " + described(item) + ", expected text");
    }
  }
  return command;
}

KnownProgram read_program(const Node& root, Findings& findings) {
  const MapReader map(root, "", program_schema(), findings);
  KnownProgram program;
  const auto text = [&map](std::string_view key) {
    return map.text(key, Presence::optional).value_or("");
  };
  program.name = map.name("program").value_or("");
  program.command = read_command(map);
  program.user = text("user");
  program.before = text("before");
  program.ready = text("ready");
  program.ready_log = text("ready_log");
  const auto port = map.integer("ready_tcp", {1, 65535}, Presence::optional);
  program.ready_tcp = static_cast<int>(port.value_or(0));
  program.probe = text("probe");
  if (!map.is_map()) return program;
  const int ways = map.has("ready") + map.has("ready_tcp") + map.has("ready_log");
  if (ways > 1) {
    map.refuse(map.node(), "ready",
               "found " + std::to_string(ways) +
                   " of ready, ready_tcp and ready_log, expected at most one");
  }
  return program;
}

}  // namespace

KnownProgram parse_program(std::string_view text, const std::string& file) {
  return read_document(text, file, read_program);
}

}  // namespace ceiling
