#include "harness/check/ask_systemd.h"

#include <fmt/format.h>
#include <systemd/sd-bus.h>

#include <array>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <system_error>

#include "cgroups/error.h"
#include "harness/check/subject.h"

namespace ceiling {
namespace {

constexpr const char* kSystemd = "org.freedesktop.systemd1";
constexpr const char* kManagerPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kUnit = "org.freedesktop.systemd1.Unit";
constexpr std::uint64_t kPatience = 5'000'000;  // µs

/// What sd-bus says of a call that failed.
class BusError {
 public:
  BusError() = default;
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { sd_bus_error_free(&error_); }
  sd_bus_error* get() { return &error_; }
  bool is(const char* name) const { return sd_bus_error_has_name(&error_, name) != 0; }
  std::string text(int code) const {
    return error_.message != nullptr ? error_.message : std::generic_category().message(-code);
  }

 private:
  sd_bus_error error_{};  // SD_BUS_ERROR_NULL is no C++
};

class Systemd {
 public:
  Systemd() {
    sd_bus* bus = nullptr;
    const int opened = sd_bus_open_system(&bus);
    if (opened < 0) {
      throw HostError(
          "systemd cannot be asked over the system bus: " +
              std::generic_category().message(-opened),
          "where systemd runs: apt-get install dbus; elsewhere name a --cgroup or a --pid");
    }
    bus_.reset(bus);
    sd_bus_set_method_call_timeout(bus, kPatience);
  }

  /// The object of a unit. systemd reads the unit's files for it where it has not yet.
  std::string load(const std::string& name) const {
    BusError error;
    sd_bus_message* answer = nullptr;
    const int called = sd_bus_call_method(bus_.get(), kSystemd, kManagerPath, kManager, "LoadUnit",
                                          error.get(), &answer, "s", name.c_str());
    const std::unique_ptr<sd_bus_message, Unref> owned(answer);
    if (error.is(SD_BUS_ERROR_INVALID_ARGS)) throw NoSuchTarget(error.text(called));
    const char* path = nullptr;
    if (called < 0 || sd_bus_message_read(answer, "o", &path) < 0) {
      throw cannot(name, error.text(called));
    }
    return path;
  }

  std::string text(const std::string& object, const char* interface, const char* property) const {
    BusError error;
    char* value = nullptr;
    const int got = sd_bus_get_property_string(bus_.get(), kSystemd, object.c_str(), interface,
                                               property, error.get(), &value);
    if (got < 0) throw cannot(property, error.text(got));
    const std::unique_ptr<char, Free> owned(value);
    return value;
  }

  std::vector<std::string> texts(const std::string& object, const char* interface,
                                 const char* property) const {
    BusError error;
    char** values = nullptr;
    const int got = sd_bus_get_property_strv(bus_.get(), kSystemd, object.c_str(), interface,
                                             property, error.get(), &values);
    if (got < 0) throw cannot(property, error.text(got));
    std::vector<std::string> found;
    for (char** value = values; value != nullptr && *value != nullptr; ++value) {
      found.emplace_back(*value);
      std::free(*value);
    }
    std::free(values);
    return found;
  }

  /// A limit: the largest number stands for "infinity".
  UnitState::Amount amount(const std::string& object, const char* interface,
                           const char* property) const {
    std::uint64_t value = 0;
    number(object, interface, property, 't', &value);
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return std::nullopt;
    }
    return static_cast<std::int64_t>(value);
  }

  std::int64_t main_pid(const std::string& object) const {
    std::uint32_t value = 0;
    number(object, "org.freedesktop.systemd1.Service", "MainPID", 'u', &value);
    return value;
  }

 private:
  struct Unref {
    void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
  };
  struct Free {
    void operator()(char* text) const { std::free(text); }
  };

  static HostError cannot(const std::string& what, const std::string& why) {
    return {fmt::format("systemd does not tell {}: {}", what, why),
            "see systemctl status, or name a --cgroup or a --pid"};
  }

  void number(const std::string& object, const char* interface, const char* property, char type,
              void* value) const {
    BusError error;
    const int got = sd_bus_get_property_trivial(bus_.get(), kSystemd, object.c_str(), interface,
                                                property, error.get(), type, value);
    if (got < 0) throw cannot(property, error.text(got));
  }

  std::unique_ptr<sd_bus, Unref> bus_;
};

/// Unit types that have a control group, and those among them that start processes.
struct UnitType {
  std::string_view suffix;
  const char* interface;
  bool starts_processes;
};
constexpr std::array<UnitType, 6> kTypes = {{
    {".service", "org.freedesktop.systemd1.Service", true},
    {".socket", "org.freedesktop.systemd1.Socket", true},
    {".mount", "org.freedesktop.systemd1.Mount", true},
    {".swap", "org.freedesktop.systemd1.Swap", true},
    {".scope", "org.freedesktop.systemd1.Scope", false},
    {".slice", "org.freedesktop.systemd1.Slice", false},
}};

void read_process_limits(const Systemd& systemd, const std::string& object, const char* interface,
                         UnitState& unit) {
  const auto soft = [&](const char* property) {
    return systemd.amount(object, interface, property);
  };
  unit.has_process_limits = true;
  unit.user = systemd.text(object, interface, "User");
  unit.nproc = soft("LimitNPROCSoft");
  unit.as = soft("LimitASSoft");
  unit.data = soft("LimitDATASoft");
  unit.memlock = soft("LimitMEMLOCKSoft");
  unit.nofile = soft("LimitNOFILESoft");
  unit.stack = soft("LimitSTACKSoft");
}

UnitState read_unit(const Systemd& systemd, const std::string& name) {
  const std::string object = systemd.load(name);
  UnitState unit;
  unit.name = systemd.text(object, kUnit, "Id");
  unit.load_state = systemd.text(object, kUnit, "LoadState");
  unit.active_state = systemd.text(object, kUnit, "ActiveState");
  unit.fragment = systemd.text(object, kUnit, "FragmentPath");
  unit.drop_ins = systemd.texts(object, kUnit, "DropInPaths");
  for (const UnitType& type : kTypes) {
    if (!unit.name.ends_with(type.suffix)) continue;
    unit.has_group = true;
    unit.control_group = systemd.text(object, type.interface, "ControlGroup");
    unit.slice = systemd.text(object, type.interface, "Slice");
    unit.tasks_max = systemd.amount(object, type.interface, "TasksMax");
    unit.memory_max = systemd.amount(object, type.interface, "MemoryMax");
    if (type.starts_processes) read_process_limits(systemd, object, type.interface, unit);
    if (type.suffix == ".service") unit.main_pid = systemd.main_pid(object);
  }
  return unit;
}

}  // namespace

UnitState ask_systemd(const std::string& name) {
  const Systemd systemd;
  UnitState unit = read_unit(systemd, name);
  if (!unit.control_group.empty()) return unit;
  constexpr int kDeepest = 64;  // a slice is named after those above it: a name has 255 characters
  std::string above = unit.slice;
  for (int level = 0; !above.empty() && level < kDeepest; ++level) {
    unit.slices.push_back(read_unit(systemd, above));
    above = unit.slices.back().slice;
  }
  return unit;
}

}  // namespace ceiling
