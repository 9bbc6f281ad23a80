#include "harness/configs/limits_conf.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "harness/configs/config_file.h"
#include "harness/configs/text.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

/// Whom a line is about: the lower rank beats the higher one (pam_limits.c, LIMITS_DEF_*).
enum class Rank { user, group, everybody, nobody };

struct Entry {
  Rank rank = Rank::nobody;
  Amount value;
  std::string file;
  std::size_t line = 0;
};

struct Entries {
  Entry soft;
  Entry hard;
};

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find(':', at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return fields;
}

bool lists(std::string_view members, std::string_view user) {
  for (std::size_t at = 0; at <= members.size();) {
    const std::size_t end = std::min(members.find(',', at), members.size());
    if (trimmed(members.substr(at, end - at)) == user) return true;
    at = end + 1;
  }
  return false;
}

bool in_group(const Login& login, std::string_view name) {
  return std::any_of(login.groups.begin(), login.groups.end(),
                     [&](const Login::Group& group) { return group.name == name; });
}

bool in_group(const Login& login, std::int64_t gid) {
  return std::any_of(login.groups.begin(), login.groups.end(),
                     [&](const Login::Group& group) { return group.gid == gid; });
}

/// `min:`, `min:max` or `:exact`.
struct Range {
  std::optional<std::int64_t> min;
  std::optional<std::int64_t> max;

  bool holds(std::int64_t id) const { return min ? id >= *min && (!max || id <= *max) : max == id; }
};

/// Nothing for a damaged range.
std::optional<Range> range_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  const Range range{decimal(text.substr(0, colon)), decimal(text.substr(colon + 1))};
  const bool min_damaged = colon > 0 && !range.min;
  const bool max_damaged = colon + 1 < text.size() && !range.max;
  if (min_damaged || max_damaged || (!range.min && !range.max)) return std::nullopt;
  return range;
}

Rank group_rank(std::string_view domain, const Login& login) {
  if (domain.find(':') == std::string_view::npos) {
    return login.uid != 0 && in_group(login, domain) ? Rank::group : Rank::nobody;
  }
  const std::optional<Range> range = range_of(domain);
  if (!range) return Rank::nobody;
  const bool meant = range->min ? range->holds(login.gid) : in_group(login, *range->max);
  if (!meant) return Rank::nobody;
  return login.uid != 0 ? Rank::group : Rank::user;
}

/// `%` counts logins and sets no limit of a process. Root is not meant by `*` nor by the name of a
/// group; numbers mean it as its own name does (seen with Debian's pam_limits 1.5.2).
Rank rank_of(std::string_view domain, const Login& login) {
  if (domain == login.user) return Rank::user;
  if (domain == "*") return login.uid != 0 ? Rank::everybody : Rank::nobody;
  if (domain.starts_with('%')) return Rank::nobody;
  if (domain.starts_with('@')) return group_rank(domain.substr(1), login);
  if (domain.find(':') == std::string_view::npos) return Rank::nobody;
  const std::optional<Range> range = range_of(domain);
  return range && range->holds(login.uid) ? Rank::user : Rank::nobody;
}

/// The outer optional is empty for a damaged value. Only the digits at its start count, as strtoull
/// reads them.
std::optional<Amount> value_of_item(const fs::path& root, std::string_view item,
                                    std::string_view text) {
  const std::string value = lower(text);
  const bool unlimited =
      value == "-1" || value == "-" || value == "unlimited" || value == "infinity";
  if (unlimited && item != "nofile") return std::make_optional<Amount>();
  if (unlimited) {
    const std::string most = read_config(root, "/proc/sys/fs/nr_open").value_or("");
    const auto descriptors = decimal(trimmed(most));
    if (!descriptors) return std::nullopt;
    return std::make_optional<Amount>(descriptors);
  }
  const std::string digits = value.substr(0, value.find_first_not_of("0123456789"));
  if (digits.empty()) return std::nullopt;
  const auto number = decimal(digits);
  const std::int64_t factor = item == "nproc" || item == "nofile" ? 1 : 1024;
  if (!number || *number >= std::numeric_limits<std::int64_t>::max() / factor)
    return std::make_optional<Amount>();
  return std::make_optional<Amount>(*number * factor);
}

/// A line `user -` or `@group -` alone: no limits are set for them from here on, nor from anywhere.
bool frees(const std::vector<std::string_view>& words, const Login& login) {
  if (words.size() != 2 || !words[1].starts_with('-')) return false;
  const Rank rank = rank_of(words[0], login);
  return rank == Rank::user || rank == Rank::group;
}

/// As process_limit() of pam_limits: a `-` line that loses for the soft limit is not looked at for
/// the hard one.
void take(Entries& entries, const Entry& entry, std::string_view type) {
  if (type == "soft" || type == "-") {
    if (entries.soft.rank < entry.rank) return;
    entries.soft = entry;
  }
  if ((type == "hard" || type == "-") && entries.hard.rank >= entry.rank) entries.hard = entry;
}

/// False: no limits at all are set for this user.
bool read_limits(const fs::path& root, const std::string& file, const Login& login,
                 std::string_view item, Entries& entries) {
  const std::optional<std::string> text = read_config(root, file);
  if (!text) return true;
  for (const ConfigLine& line : lines_of(*text)) {
    const auto words = words_of(line.text.substr(0, line.text.find('#')));
    if (frees(words, login)) return false;
    if (words.size() < 4 || lower(words[2]) != item) continue;
    const Rank rank = rank_of(words[0], login);
    const std::optional<Amount> value = value_of_item(root, item, words[3]);
    if (rank != Rank::nobody && value) {
      take(entries, {rank, *value, file, line.number}, lower(words[1]));
    }
  }
  return true;
}

bool above(Amount a, Amount b) {
  return b && (!a || *a > *b);
}

}  // namespace

std::optional<Login> login_of(const fs::path& root, std::uint32_t uid) {
  Login login;
  login.uid = uid;
  const std::string users = read_config(root, "/etc/passwd").value_or("");
  for (const ConfigLine& line : lines_of(users)) {
    const auto fields = fields_of(line.text);
    if (fields.size() < 7 || fields[0].empty() || decimal(fields[2]) != uid) continue;
    const auto gid = decimal(fields[3]);
    if (!gid) continue;
    login.user = fields[0];
    login.gid = static_cast<std::uint32_t>(*gid);
    break;
  }
  if (login.user.empty()) return std::nullopt;
  const std::string groups = read_config(root, "/etc/group").value_or("");
  for (const ConfigLine& line : lines_of(groups)) {
    const auto fields = fields_of(line.text);
    if (fields.size() < 4) continue;
    const auto gid = decimal(fields[2]);
    if (gid && (*gid == login.gid || lists(fields[3], login.user))) {
      login.groups.push_back({std::string(fields[0]), static_cast<std::uint32_t>(*gid)});
    }
  }
  return login;
}

std::optional<std::string> limits_conf_item(std::string_view limit) {
  for (const std::string_view name : {"NPROC", "AS", "DATA", "MEMLOCK", "NOFILE", "STACK"}) {
    if (limit == "RLIMIT_" + std::string(name)) return lower(name);
  }
  return std::nullopt;
}

Origin limits_conf_origin(const fs::path& root, const Login& login, std::string_view item,
                          Amount value, LimitKind kind) {
  static const std::vector<std::string> folder{"/etc/security/limits.d"};
  std::vector<std::string> files{"/etc/security/limits.conf"};
  for (const std::string& file : conf_files(root, folder)) files.push_back(file);
  Entries entries;
  for (const std::string& file : files) {
    if (!read_limits(root, file, login, item, entries)) return {};
  }
  const bool capped = entries.soft.rank != Rank::nobody && entries.hard.rank != Rank::nobody &&
                      above(entries.soft.value, entries.hard.value);
  const Entry& entry = kind == LimitKind::hard || capped ? entries.hard : entries.soft;
  if (entry.rank == Rank::nobody || entry.value != value) return {};
  return {Origin::Source::limits_conf, true, entry.file, entry.line,
          fmt::format("{}:{}", entry.file, entry.line)};
}

}  // namespace ceiling
