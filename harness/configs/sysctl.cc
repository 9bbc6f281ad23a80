#include "harness/configs/sysctl.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "harness/configs/config_file.h"
#include "harness/configs/text.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

struct Line {
  std::string file;
  std::size_t number = 0;
  std::int64_t value = 0;
};

/// What the files say about one sysctl. A key written out beats every glob that matches it, and
/// "-key" without a value takes it out of the globs; otherwise the later line wins (sysctl.d(5)).
struct Said {
  std::optional<Line> exact;
  std::optional<Line> glob;
  bool excluded = false;

  std::optional<Line> winner() const { return exact || excluded ? exact : glob; }
};

/// A key with '.' between its parts: a first separator '/' leaves the rest as it is, a first '.'
/// makes dots and slashes change places.
std::string as_path(std::string_view key) {
  std::string path(key);
  const std::size_t first = path.find_first_of("./");
  if (first == std::string::npos || path[first] == '/') return path;
  for (char& c : path) {
    if (c == '.') {
      c = '/';
    } else if (c == '/') {
      c = '.';
    }
  }
  return path;
}

/// `text` matches `pattern`, in which * and ? stand for characters other than '/'. Sets in brackets
/// do not occur in names of limits: a pattern with one matches nothing.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() &&
               (pattern[p] == text[t] || (pattern[p] == '?' && text[t] != '/'))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos && text[resume] != '/') {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

void read_line(const ConfigLine& line, const std::string& file, const std::string& wanted,
               Said& said) {
  std::string_view text = trimmed(line.text);
  if (text.empty() || text.front() == '#' || text.front() == ';') return;
  const bool dash = text.front() == '-';
  if (dash) text.remove_prefix(1);
  const std::size_t equals = text.find('=');
  const std::string key = as_path(trimmed(text.substr(0, equals)));
  if (equals == std::string_view::npos) {
    if (dash && key == wanted) said.excluded = true;
    return;
  }
  const auto value = any_base(trimmed(text.substr(equals + 1)));
  if (!value) return;
  if (key == wanted) {
    said.exact = Line{file, line.number, *value};
  } else if (key.find_first_of("*?") != std::string::npos && matches(key, wanted)) {
    said.glob = Line{file, line.number, *value};
  }
}

void read_sysctl_file(const fs::path& root, const std::string& file, const std::string& wanted,
                      Said& said) {
  const std::optional<std::string> text = read_config(root, file);
  if (!text) return;
  for (const ConfigLine& line : lines_of(*text)) read_line(line, file, wanted, said);
}

std::optional<std::int64_t> memory_kib(const fs::path& root) {
  const std::string text = read_config(root, "/proc/meminfo").value_or("");
  for (const ConfigLine& line : lines_of(text)) {
    const std::vector<std::string_view> words = words_of(line.text);
    if (words.size() > 1 && words[0] == "MemTotal:") return decimal(words[1]);
  }
  return std::nullopt;
}

/// The highest of "0-3,8" plus one.
std::optional<std::int64_t> possible_cpus(const fs::path& root) {
  const std::string text = read_config(root, "/sys/devices/system/cpu/possible").value_or("");
  const std::string_view list = trimmed(text);
  const auto last = decimal(list.substr(list.find_last_of("-,") + 1));
  if (!last || *last >= 65536) return std::nullopt;
  return *last + 1;
}

/// kernel/fork.c set_max_threads, kernel/pid.c pid_idr_init, include/linux/mm.h
/// DEFAULT_MAX_MAP_COUNT. threads-max comes from the memory that was free early at boot, of which
/// MemTotal is an estimate.
bool is_kernel_default(const fs::path& root, std::string_view name, std::int64_t value) {
  if (name == "vm.max_map_count") return value == 65530;
  if (name == "vm.overcommit_memory") return value == 0;
  if (name == "kernel.pid_max") {
    const auto cpus = possible_cpus(root);
    return cpus && value == std::clamp<std::int64_t>(1024 * *cpus, 32768, 4194304);
  }
  if (name == "kernel.threads-max") {
    const auto memory = memory_kib(root);
    constexpr std::int64_t kKibPerThread = 128;  // eight stacks of 16 KiB
    const std::int64_t expected = memory.value_or(0) / kKibPerThread;
    return expected > 0 && value >= expected - expected / 50 && value <= expected + expected / 50;
  }
  return false;
}

Origin origin_of(const Line& line, std::int64_t value) {
  Origin origin{Origin::Source::sysctl, line.value == value, line.file, line.number, ""};
  origin.text = fmt::format("{}:{}", line.file, line.number);
  if (!origin.in_force) {
    origin.text += fmt::format(" says {}, {} is in force: changed since boot", line.value, value);
  }
  return origin;
}

}  // namespace

Origin sysctl_origin(const fs::path& root, std::string_view name, std::int64_t value) {
  static const std::vector<std::string> folders{"/etc/sysctl.d", "/run/sysctl.d",
                                                "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d",
                                                "/lib/sysctl.d"};
  const std::string wanted = as_path(name);
  Said said;
  for (const std::string& file : conf_files(root, folders)) {
    read_sysctl_file(root, file, wanted, said);
  }
  const std::optional<Line> by_systemd = said.winner();
  read_sysctl_file(root, "/etc/sysctl.conf", wanted, said);
  const std::optional<Line> by_procps = said.winner();
  if (by_systemd && by_procps && by_procps->value != value && by_systemd->value == value) {
    return origin_of(*by_systemd, value);
  }
  if (by_procps) return origin_of(*by_procps, value);
  if (is_kernel_default(root, name, value)) {
    return {Origin::Source::kernel_default, true, "", 0, "kernel default"};
  }
  return {};
}

}  // namespace ceiling
