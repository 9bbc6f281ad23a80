#include "harness/configs/remedy.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "harness/configs/config_file.h"
#include "harness/configs/limits_conf.h"
#include "harness/configs/systemd.h"

namespace ceiling {
namespace {

/// For sh, in single quotes where it needs any.
std::string shell_word(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-@:+,%=";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(word);
  }
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

/// Replaces the line of `origin`.
std::string edit(const Origin& origin, std::string_view line) {
  return fmt::format("sed -i {} {}", shell_word(fmt::format("{}s|.*|{}|", origin.line, line)),
                     shell_word(origin.file));
}

/// The first 12 digits of a container's id in one component of a group's path:
/// `docker-<id>.scope`, `libpod-<id>`, or the bare id below /docker.
std::optional<std::string> container_id(std::string_view group, std::string_view prefix,
                                        std::string_view parent) {
  std::string_view name = base_name(group);
  const std::string_view above = group.substr(0, group.size() - name.size());
  if (name.starts_with(prefix)) {
    name.remove_prefix(prefix.size());
  } else if (parent.empty() || !above.ends_with(parent)) {
    return std::nullopt;
  }
  const std::string_view id = name.substr(0, 64);
  const std::string_view rest = name.substr(id.size());
  if (id.size() < 64 || id.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    return std::nullopt;
  }
  if (!rest.empty() && rest != ".scope") return std::nullopt;
  return std::string(id.substr(0, 12));
}

std::optional<std::string> container_remedy(const RemedyQuestion& q, bool tasks) {
  if (q.scope.find("/kubepods") != std::string::npos) {
    return tasks ? fmt::format(
                       "set `podPidsLimit: {}` in the kubelet's configuration file; "
                       "systemctl restart kubelet; start the pod anew",
                       q.needed)
                 : fmt::format(
                       "set resources.limits.memory of the container to \"{}\" in the pod's "
                       "manifest; kubectl apply it",
                       q.needed);
  }
  // Twice the memory for memory and swap is what both choose for a container with --memory alone.
  const auto option = tasks ? fmt::format("--pids-limit={}", q.needed)
                            : fmt::format("--memory={} --memory-swap={}", q.needed, 2 * q.needed);
  if (const auto id = container_id(q.scope, "docker-", "/docker/")) {
    return fmt::format("docker update {} {}", option, *id);
  }
  if (const auto id = container_id(q.scope, "libpod-", "")) {
    return fmt::format("podman update {} {}", option, *id);
  }
  return std::nullopt;
}

/// set-property writes a drop-in 50-<directive>.conf, which one that sorts later overrules at the
/// next daemon-reload: that one is edited as well.
std::string unit_property(const RemedyQuestion& q, const GroupUnit& unit,
                          const std::string& directive) {
  std::string text =
      fmt::format("systemctl {}set-property {} {}={}", unit.of_user_manager ? "--user " : "",
                  shell_word(unit.name), directive, q.needed);
  const bool is_drop_in = q.origin.source == Origin::Source::unit_file &&
                          q.origin.file.find(".d/") != std::string::npos;
  if (is_drop_in && base_name(q.origin.file) > "50-" + directive + ".conf") {
    text += "; to keep it: " + edit(q.origin, fmt::format("{}={}", directive, q.needed)) +
            " && systemctl daemon-reload";
  }
  return text;
}

std::string group_remedy(const RemedyQuestion& q) {
  const bool tasks = q.limit == "pids.max";
  if (const auto container = container_remedy(q, tasks)) return *container;
  if (const auto unit = unit_of_group(q.scope)) {
    return unit_property(q, *unit, directive_of(q.limit));
  }
  return fmt::format("echo {} > {}", q.needed, shell_word(q.where));
}

std::string sysctl_remedy(const RemedyQuestion& q) {
  const std::string now = fmt::format("sysctl -w {}={}", q.limit, q.needed);
  const std::string line = fmt::format("{} = {}", q.limit, q.needed);
  std::string name = "zz-" + q.limit.substr(q.limit.find('.') + 1) + ".conf";
  std::replace(name.begin(), name.end(), '_', '-');
  const bool reads_later =
      q.origin.source == Origin::Source::sysctl &&
      (q.origin.file == "/etc/sysctl.conf" || base_name(q.origin.file) >= name);
  const std::string keep =
      reads_later ? edit(q.origin, line) : fmt::format("echo '{}' > /etc/sysctl.d/{}", line, name);
  return now + "; to keep it: " + keep;
}

std::string service_limit(const RemedyQuestion& q, const std::string& directive) {
  const std::string line = fmt::format("{}={}", directive, q.needed);
  const std::string apply =
      fmt::format(" && systemctl daemon-reload && systemctl restart {}", shell_word(q.unit));
  const std::string name = "zz-" + directive + ".conf";
  const bool reads_later = q.origin.source == Origin::Source::unit_file &&
                           q.origin.file.find("/" + q.unit + ".d/") != std::string::npos &&
                           base_name(q.origin.file) >= name;
  if (reads_later) return edit(q.origin, line) + apply;
  const std::string folder = "/etc/systemd/system/" + q.unit + ".d";
  return fmt::format("mkdir -p {0} && printf '[{1}]\\n{2}\\n' > {3}{4}", shell_word(folder),
                     limits_section(q.unit), line, shell_word(folder + "/" + name), apply);
}

std::string login_limit(const RemedyQuestion& q, const std::string& item) {
  const bool kib = item != "nproc" && item != "nofile";
  const std::int64_t value = kib ? q.needed / 1024 + (q.needed % 1024 != 0 ? 1 : 0) : q.needed;
  const std::string line = fmt::format("{} - {} {}", q.user.empty() ? "USER" : q.user, item, value);
  return fmt::format("echo {} >> /etc/security/limits.d/zz-{}.conf, and log in anew",
                     shell_word(line), item);
}

std::string rlimit_remedy(const RemedyQuestion& q, const std::string& item) {
  const bool service = !limits_section(q.unit).empty() && limits_section(q.unit) != "Slice" &&
                       limits_section(q.unit) != "Scope";
  std::string keep = service ? service_limit(q, directive_of(q.limit)) : login_limit(q, item);
  if (q.pid == 0) return keep;
  return fmt::format("prlimit --pid {0} --{1}={2}:{2}; to keep it: {3}", q.pid, item, q.needed,
                     keep);
}

}  // namespace

std::string remedy(const RemedyQuestion& question) {
  const std::string& limit = question.limit;
  if (limit == "pids.max" || limit == "memory.max") return group_remedy(question);
  if (limit == "vm.overcommit_memory") {
    RemedyQuestion heuristic = question;
    heuristic.needed = 0;
    return sysctl_remedy(heuristic);
  }
  if (limit == "kernel.threads-max" || limit == "kernel.pid_max" || limit == "vm.max_map_count") {
    return sysctl_remedy(question);
  }
  if (const auto item = limits_conf_item(limit)) return rlimit_remedy(question, *item);
  return "";
}

}  // namespace ceiling
