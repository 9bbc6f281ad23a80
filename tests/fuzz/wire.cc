// What a peer sends: frames one after another, and the input as a whole as the body of one. What is
// read can be sent on, and is then read as the same message.

#include "workload/protocol/wire.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/expect.h"

namespace {

namespace wire = ceiling::wire;

// Throws ProtocolError.
void read_body(std::string_view body) {
  const ceiling::wire::Envelope read = wire::decode(body);
  const std::string frame = wire::encode(read);
  const auto again = wire::decode(std::string_view(frame).substr(wire::kHeaderBytes));
  expect(again.message_case() == read.message_case(), "the same kind of message");
  expect(wire::encode(again) == frame, "the same message");
}

void read_frames(std::string_view bytes) {
  while (bytes.size() >= wire::kHeaderBytes) {
    const auto header = std::as_bytes(std::span(bytes)).first<wire::kHeaderBytes>();
    const std::size_t length = wire::body_length(header);
    expect(length <= wire::kMaxBodyBytes, "no long body");
    bytes.remove_prefix(wire::kHeaderBytes);
    if (length > bytes.size()) return;  // cut
    read_body(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto read : {read_frames, read_body}) {
    try {
      read(bytes);
    } catch (const wire::ProtocolError&) {
    }
  }
  return 0;
}
