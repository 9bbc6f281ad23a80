#include "harness/spawn/wire.h"

#include <nlohmann/json.hpp>

#include "cgroups/error.h"

namespace ceiling {
namespace {

using nlohmann::json;

std::string encoded(const json& value) {
  std::string bytes;
  json::to_cbor(value, bytes);
  return bytes;
}

template <typename Read>
auto decoded(const std::string& bytes, Read read) {
  try {
    return read(json::from_cbor(bytes));
  } catch (const json::exception& e) {
    throw Error(std::string("launcher: malformed message: ") + e.what());
  }
}

}  // namespace

EncodedRequest encode_request(const ProcessSpec& spec) {
  json numbers = json::array();
  EncodedRequest request{{}, spec.join};
  for (const auto& [number, ours] : spec.descriptors) {
    if (number < 0) {
      throw Error(spec.name + ": a descriptor cannot have the number " + std::to_string(number));
    }
    numbers.push_back(number);
    request.descriptors.push_back(ours);
  }
  json value = {{"name", spec.name},           {"program", spec.program.native()},
                {"arguments", spec.arguments}, {"environment", spec.environment},
                {"join", spec.join.size()},    {"rlimits", spec.rlimits},
                {"descriptors", numbers},      {"confined", spec.confined}};
  if (spec.uid) {
    value["uid"] = *spec.uid;
  }
  if (spec.surroundings) {
    const Surroundings& around = *spec.surroundings;
    value["surroundings"] = {
        {"folder", around.folder.native()}, {"umask", around.umask}, {"groups", around.groups}};
    if (around.gid) value["surroundings"]["gid"] = *around.gid;
  }
  value["namespaces"] = spec.pid_namespace ? 1 : 0;
  if (spec.pid_namespace) {
    request.descriptors.push_back(*spec.pid_namespace);
  }
  request.bytes = encoded(value);
  return request;
}

std::string encode_namespace(const std::string& name, std::size_t join, std::int64_t pid_max) {
  return encoded({{"name", name}, {"join", join}, {"pid_max", pid_max}});
}

namespace {

Surroundings surroundings_of(const json& value) {
  Surroundings around;
  around.folder = value.at("folder").get<std::string>();
  around.umask = value.at("umask").get<mode_t>();
  around.groups = value.at("groups").get<std::vector<gid_t>>();
  if (value.contains("gid")) around.gid = value["gid"].get<gid_t>();
  return around;
}

}  // namespace

Request decode_request(Packet packet) {
  return decoded(packet.bytes, [&packet](const json& value) {
    Request request;
    request.name = value.at("name");
    if (value.contains("pid_max")) {
      request.complete = packet.descriptors.size() == value.at("join").get<std::size_t>();
      request.plan = NamespacePlan{.join = std::move(packet.descriptors),
                                   .pid_max = value["pid_max"].get<std::int64_t>()};
      return request;
    }
    ChildPlan& plan = request.plan.emplace<ChildPlan>();
    plan.program = value.at("program");
    plan.arguments = value.at("arguments").get<std::vector<std::string>>();
    plan.environment = value.at("environment").get<std::map<std::string, std::string>>();
    plan.rlimits = value.at("rlimits").get<std::vector<std::pair<int, rlim_t>>>();
    plan.confined = value.at("confined");
    if (value.contains("uid")) {
      plan.uid = value["uid"].get<uid_t>();
    }
    if (value.contains("surroundings")) plan.surroundings = surroundings_of(value["surroundings"]);
    const auto numbers = value.at("descriptors").get<std::vector<int>>();
    const auto joins = value.at("join").get<std::size_t>();
    const auto namespaces = value.at("namespaces").get<std::size_t>();
    request.complete = packet.descriptors.size() == joins + numbers.size() + namespaces;
    if (request.complete) {
      auto next = packet.descriptors.begin();
      for (std::size_t i = 0; i < joins; ++i) {
        plan.join.push_back(std::move(*next++));
      }
      for (const int number : numbers) {
        plan.descriptors.emplace_back(number, std::move(*next++));
      }
      if (namespaces == 1) plan.pid_namespace = std::move(*next);
    }
    return request;
  });
}

std::string encode_reply(const Started& started) {
  return encoded({started.pid, static_cast<int>(started.step), started.error});
}

Started decode_reply(const std::string& bytes) {
  return decoded(bytes, [](const json& value) {
    return Started{value.at(0), static_cast<Step>(value.at(1).get<int>()), value.at(2)};
  });
}

std::string encode_exit(const Exit& exit) {
  return encoded({exit.pid, exit.name, exit.status});
}

Exit decode_exit(const std::string& bytes) {
  return decoded(bytes, [](const json& value) {
    return Exit{value.at(0), value.at(1), value.at(2)};
  });
}

}  // namespace ceiling
