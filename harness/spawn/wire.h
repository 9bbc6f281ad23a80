#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "harness/spawn/child.h"
#include "harness/spawn/launcher.h"
#include "harness/spawn/packet.h"

namespace ceiling {

/// The messages between harness and launcher, as CBOR: both ends are the same program, forked, but
/// what is malformed is still refused with Error.

/// The spec with its descriptors borrowed, in the order in which ChildPlan takes them.
struct EncodedRequest {
  std::string bytes;
  std::vector<int> descriptors;
};
EncodedRequest encode_request(const ProcessSpec& spec);
/// The descriptors beside it are the `join` groups to join.
std::string encode_namespace(const std::string& name, std::size_t join, std::int64_t pid_max);

struct Request {
  std::string name;
  std::variant<ChildPlan, NamespacePlan> plan;
  bool complete = true;  ///< false: descriptors are missing
};
Request decode_request(Packet packet);

std::string encode_reply(const Started& started);
Started decode_reply(const std::string& bytes);

std::string encode_exit(const Exit& exit);
Exit decode_exit(const std::string& bytes);

}  // namespace ceiling
