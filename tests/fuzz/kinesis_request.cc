// The first byte chooses operation and format, the rest is the body of a request. It is refused in
// words that can be sent back, or what is read keeps to the table of the operation and, written, is
// read again as the same.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/expect.h"
#include "workload/frontend/kinesis/api_error.h"
#include "workload/frontend/kinesis/body.h"

namespace {

using namespace ceiling::frontend::kinesis;

bool is_of_type(const Document& value, Type type) {
  switch (type) {
    case Type::string:
      return value.is_string();
    case Type::integer:
      return value.is_number_integer();
    case Type::boolean:
      return value.is_boolean();
    case Type::blob:
      return value.is_binary();
    case Type::timestamp:
      return value.is_number_unsigned();
    case Type::structure:
      return value.is_object();
    case Type::list:
      return value.is_array();
  }
  return false;
}

void expect_bounds(const Document& value, const Member& member) {
  if (member.type == Type::integer) {
    const auto number = value.get<std::int64_t>();
    expect(number >= member.min && number <= member.max, "an integer is within its bounds");
  }
  if (member.type == Type::string) {
    const auto& text = value.get_ref<const std::string&>();
    // No character is more bytes than three for each of its UTF-16 code units.
    const auto size = static_cast<std::int64_t>(text.size());
    expect(size >= member.min && size / 3 <= member.max, "a text has its length");
    const auto& values = member.values;
    expect(values.empty() || std::find(values.begin(), values.end(), text) != values.end(),
           "a text is one of its values");
    constexpr std::string_view kDigits = "0123456789";
    const bool number =
        member.pattern == Pattern::hash_key || member.pattern == Pattern::sequence_number;
    expect(!number || (!text.empty() && text.find_first_not_of(kDigits) == std::string::npos),
           "a number has digits only");
  }
  if (member.type == Type::blob || member.type == Type::list) {
    const auto size =
        static_cast<std::int64_t>(value.is_binary() ? value.get_binary().size() : value.size());
    expect(size >= member.min && size <= member.max, "a blob or list has its length");
  }
}

void expect_table(const Document& request, std::span<const Member> members) {
  expect(request.is_object(), "a structure is an object");
  std::size_t known = 0;
  for (const Member& member : members) {
    const auto found = request.find(member.name);
    expect(found != request.end() || !member.required, "what is required is there");
    if (found == request.end()) continue;
    ++known;
    expect(is_of_type(*found, member.type), "a member is of its type");
    expect_bounds(*found, member);
    if (member.type == Type::structure) expect_table(*found, member.members);
    if (member.type != Type::list) continue;
    for (const Document& one : *found) expect_table(one, member.members);
  }
  expect(known == request.size(), "no member is unknown");
}

/// As a client writes it.
Document with_seconds(Document request, std::span<const Member> members) {
  for (const Member& member : members) {
    const auto found = request.find(member.name);
    if (found == request.end()) continue;
    if (member.type == Type::timestamp) {
      *found = timestamp(found->get<std::uint64_t>(), Format::json);
    }
    if (member.type == Type::structure) *found = with_seconds(*found, member.members);
  }
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Operation& operation = operations()[data[0] / 2 % operations().size()];
  const Format format = data[0] % 2 == 0 ? Format::json : Format::cbor;
  Document request;
  try {
    request = parse_request({reinterpret_cast<const char*>(data) + 1, size - 1}, format, operation);
  } catch (const ApiError& error) {
    expect(error.status == 400, "a refusal has status 400");
    expect(error.type == "SerializationException" || error.type == "ValidationException",
           "a documented refusal");
    expect(!error.message.empty() && error.message.size() < 10'000, "a message, and not too long");
    [[maybe_unused]] const std::string utf8 = Document(error.message).dump();  // else it throws
    return 0;
  }
  expect_table(request, operation.input);
  const std::string cbor = write_answer(request, Format::cbor);
  expect(parse_request(cbor, Format::cbor, operation) == request, "the same in CBOR");
  const std::string json = write_answer(with_seconds(request, operation.input), Format::json);
  expect(parse_request(json, Format::json, operation) == request, "the same in JSON");
  return 0;
}
