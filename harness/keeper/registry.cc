#include "harness/keeper/registry.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
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
  if (!entry.data.empty() && entry.data != data_folder_for(entry.run_id)) {
    throw Error("data folder " + entry.data.string() + " is not that of run " + entry.run_id);
  }
  for (const HostSetting& setting : entry.host_settings) {
    host_setting_file(setting.name);
  }
}

/// A setting has one value from before all runs, and only the first of them can know it.
void require_free(const HostSetting& setting, const std::vector<RegistryEntry>& others) {
  for (const RegistryEntry& other : others) {
    for (const HostSetting& held : other.host_settings) {
      if (held.name == setting.name) {
        throw HostError("run " + other.run_id + " has changed " + setting.name,
                        other.alive() ? "wait for its end" : "sudo ceiling clean");
      }
    }
  }
}

std::string to_text(const RegistryEntry& entry) {
  json groups = json::array();
  for (const fs::path& group : entry.groups) {
    groups.push_back(group.native());
  }
  json settings = json::array();
  for (const HostSetting& setting : entry.host_settings) {
    settings.push_back({{"name", setting.name},
                        {"ours", setting.ours},
                        {"previous", setting.previous},
                        {"from", setting.from},
                        {"to", setting.to}});
  }
  const json value = {{"schema", kSchema},
                      {"run_id", entry.run_id},
                      {"harness", entry.harness},
                      {"harness_started", entry.harness_started},
                      {"keeper", entry.keeper},
                      {"keeper_started", entry.keeper_started},
                      {"groups", groups},
                      {"uids", entry.uids},
                      {"results", entry.results.native()},
                      {"data", entry.data.native()},
                      {"host_settings", settings}};
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
  entry.data = value.value("data", "");
  for (const json& setting : value.value("host_settings", json::array())) {
    entry.host_settings.push_back({.name = setting.at("name"),
                                   .ours = setting.at("ours"),
                                   .previous = setting.at("previous"),
                                   .from = setting.value("from", std::int64_t{1}),
                                   .to = setting.value("to", std::int64_t{0})});
  }
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

Registry::Registry(fs::path folder, fs::path root)
    : folder_(fs::absolute(folder)), root_(std::move(root)) {}

RegistryEntry Registry::add(RegistryEntry entry, int uid_count) const {
  require_sound(entry);
  create(folder_);
  const Descriptor held = lock(folder_);
  const std::vector<RegistryEntry> others = entries();
  for (HostSetting& setting : entry.host_settings) {
    require_free(setting, others);
    setting.previous = read_host_setting(setting.name, root_);
  }
  std::vector<uid_t> taken;
  for (const RegistryEntry& other : others) {
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
  for (const fs::path& file : {control_socket(run_id), folder_ / run_id}) {
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) {
      throw system_error("remove", file);
    }
  }
}

fs::path Registry::control_socket(const std::string& run_id) const {
  return folder_ / ("." + run_id + ".control");
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

fs::path data_folder_for(const std::string& run_id) {
  return "/var/tmp/" + (Cgroup::kTag + run_id);
}

std::string new_run_id() {
  std::uint32_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) {
    throw Error("getrandom gives no run id");
  }
  std::array<char, 9> text{};
  std::snprintf(text.data(), text.size(), "%08x", number);
  return text.data();
}

}  // namespace ceiling
