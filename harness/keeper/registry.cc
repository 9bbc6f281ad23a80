#include "harness/keeper/registry.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "cgroups/cgroup.h"
#include "cgroups/control_file.h"
#include "cgroups/descriptor.h"
#include "cgroups/error.h"
#include "harness/keeper/processes.h"
#include "harness/keeper/uids.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kSchema = "ceiling.registry/1";
constexpr const char* kUnfinished = ".new";

Error system_error(const std::string& what, const fs::path& file) {
  return Error(what + " " + file.string() + ": " + std::generic_category().message(errno));
}

// Held until the end of the scope; freed by the kernel when its owner dies.
Descriptor lock(const fs::path& folder) {
  Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor) {
    throw system_error("open", folder);
  }
  while (::flock(descriptor.get(), LOCK_EX) != 0) {
    if (errno != EINTR) {
      throw system_error("lock", folder);
    }
  }
  return descriptor;
}

void require_sound(const RegistryEntry& entry) {
  if (entry.run_id.empty() || entry.run_id.front() == '.' ||
      entry.run_id.find('/') != std::string::npos) {
    throw Error("\"" + entry.run_id + "\" cannot be a run id");
  }
  for (const fs::path& group : entry.groups) {
    if (!group.is_absolute() || group.filename() != Cgroup::kTag + entry.run_id) {
      throw Error("group " + group.string() + " does not carry the tag of run " + entry.run_id);
    }
  }
}

std::string to_text(const RegistryEntry& entry) {
  json groups = json::array();
  for (const fs::path& group : entry.groups) {
    groups.push_back(group.native());
  }
  const json value = {{"schema", kSchema},
                      {"run_id", entry.run_id},
                      {"harness", entry.harness},
                      {"harness_started", entry.harness_started},
                      {"keeper", entry.keeper},
                      {"keeper_started", entry.keeper_started},
                      {"groups", groups},
                      {"uids", entry.uids},
                      {"results", entry.results.native()}};
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

RegistryEntry from_text(const std::string& text) {
  const json value = json::parse(text);
  if (value.at("schema") != kSchema) {
    throw Error("its schema is " + value["schema"].dump());
  }
  RegistryEntry entry;
  entry.run_id = value.at("run_id");
  entry.harness = value.at("harness");
  entry.harness_started = value.at("harness_started");
  entry.keeper = value.at("keeper");
  entry.keeper_started = value.at("keeper_started");
  for (const std::string group : value.at("groups")) {
    entry.groups.emplace_back(group);
  }
  entry.uids = value.at("uids").get<std::vector<uid_t>>();
  entry.results = value.at("results").get<std::string>();
  require_sound(entry);
  return entry;
}

void create(const fs::path& folder) {
  fs::create_directories(folder.parent_path());
  if (fs::create_directory(folder)) {
    fs::permissions(folder, fs::perms(0755));  // whatever the umask
  }
}

}  // namespace

bool RegistryEntry::alive() const {
  return lives(harness, harness_started) || lives(keeper, keeper_started);
}

Registry::Registry(fs::path folder) : folder_(fs::absolute(folder)) {}

RegistryEntry Registry::add(RegistryEntry entry, int uid_count) const {
  require_sound(entry);
  create(folder_);
  const Descriptor held = lock(folder_);
  std::vector<uid_t> taken;
  for (const RegistryEntry& other : entries()) {
    taken.insert(taken.end(), other.uids.begin(), other.uids.end());
  }
  const fs::path file = folder_ / entry.run_id;
  if (fs::exists(file)) {
    throw Error("run " + entry.run_id + " is registered already: " + file.string());
  }
  entry.uids = free_uids(uid_count, taken);
  const fs::path unfinished = folder_ / kUnfinished;  // one name, under the lock: never piles up
  std::ofstream(unfinished, std::ios::trunc) << to_text(entry);
  if (read_file(unfinished) != to_text(entry)) {
    throw Error("cannot write " + unfinished.string());
  }
  fs::rename(unfinished, file);
  return entry;
}

void Registry::remove(const std::string& run_id) const {
  if (::unlink((folder_ / run_id).c_str()) != 0 && errno != ENOENT) {
    throw system_error("remove", folder_ / run_id);
  }
}

std::vector<RegistryEntry> Registry::entries() const {
  std::vector<RegistryEntry> entries;
  std::error_code missing;
  for (const auto& file : fs::directory_iterator(folder_, missing)) {
    if (file.path().filename().native().front() == '.') {
      continue;
    }
    const auto text = read_file_if_there(file.path());
    if (!text) {  // its run ended just now
      continue;
    }
    try {
      entries.push_back(from_text(*text));
    } catch (const std::exception& e) {
      throw Error("registry entry " + file.path().string() + " is damaged: " + e.what());
    }
    if (entries.back().run_id != file.path().filename()) {
      throw Error("registry entry " + file.path().string() + " is damaged: it names run " +
                  entries.back().run_id);
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.run_id < b.run_id; });
  return entries;
}

}  // namespace ceiling
