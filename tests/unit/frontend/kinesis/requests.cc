// The API for model_test.py.
// usage: kinesis_requests --table | --parse | --serve
// --table prints the operations and their members. The others read a JSON object a line,
// {operation, format, body (base64)}: --parse answers what parse_request() makes of it, {ok:
// request} or {type, message}; --serve what the Service of a FakeFleet answers, {status, body
// (base64)}.

#include <iostream>
#include <string>

#include "tests/unit/frontend/kinesis/fake_fleet.h"
#include "workload/frontend/kinesis/operations.h"
#include "workload/protocol/base64.h"

namespace {

using namespace ceiling::frontend::kinesis;

Document table_of(std::span<const Member> members) {
  Document table = Document::object();
  for (const Member& member : members) table[std::string(member.name)] = table_of(member.members);
  return table;
}

Document table() {
  Document table = Document::object();
  for (const Operation& one : operations()) table[std::string(one.name)] = table_of(one.input);
  return table;
}

Document parsed(const std::string& operation, const std::string& body, Format format) {
  try {
    const Document request = parse_request(body, format, *find_operation(operation));
    return {{"ok", Document::parse(write_answer(request, Format::json))}};
  } catch (const ApiError& error) {
    return {{"type", error.type}, {"message", error.message}};
  }
}

Document served(FakeFleet& fleet, const std::string& operation, const std::string& body,
                Format format) {
  const auto answered = fleet.send(fleet.request(operation, body, format));
  return {{"status", (*answered)->status}, {"body", ceiling::to_base64((*answered)->body)}};
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc == 2 ? argv[1] : "";
  if (mode == "--table") {
    std::cout << table().dump() << '\n';
    return 0;
  }
  if (mode != "--parse" && mode != "--serve") return 64;
  FakeFleet fleet;
  for (std::string line; std::getline(std::cin, line);) {
    const Document input = Document::parse(line);
    const std::string operation = input.at("operation");
    const Format format = input.at("format") == "cbor" ? Format::cbor : Format::json;
    const auto body = ceiling::from_base64(input.at("body").get<std::string>());
    std::cout << (mode == "--parse" ? parsed(operation, body.value(), format)
                                    : served(fleet, operation, body.value(), format))
                     .dump()
              << std::endl;
  }
}
