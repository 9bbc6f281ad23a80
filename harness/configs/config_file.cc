#include "harness/configs/config_file.h"

#include <algorithm>
#include <deque>
#include <fstream>
#include <map>
#include <system_error>

namespace ceiling {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxLinks = 40;  // as the kernel: MAXSYMLINKS
constexpr std::size_t kPieceBytes = 1U << 14;
constexpr std::size_t kMaxNames = 1U << 16;  // of one folder

void put_before(std::deque<std::string>& rest, const fs::path& path) {
  auto at = rest.begin();
  for (const fs::path& part : path.relative_path()) at = std::next(rest.insert(at, part.string()));
}

fs::path inside(const fs::path& root, std::string_view path) {
  return root / fs::path(path).relative_path();
}

}  // namespace

std::optional<std::string> resolve(const fs::path& root, std::string_view path) {
  std::deque<std::string> rest;
  put_before(rest, fs::path(path));
  fs::path done = "/";
  for (int links = 0; !rest.empty();) {
    const std::string part = rest.front();
    rest.pop_front();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      done = done.parent_path();
      continue;
    }
    std::error_code error;
    const fs::path target = fs::read_symlink(inside(root, (done / part).string()), error);
    if (error) {
      done /= part;
      continue;
    }
    if (++links > kMaxLinks) return std::nullopt;
    if (target.is_absolute()) done = "/";
    put_before(rest, target);
  }
  return done.string();
}

std::optional<std::string> read_config(const fs::path& root, std::string_view path) {
  const std::optional<std::string> real = resolve(root, path);
  std::error_code error;
  if (!real || !fs::is_regular_file(inside(root, *real), error)) return std::nullopt;
  std::ifstream file(inside(root, *real), std::ios::binary);
  if (!file) return std::nullopt;
  std::string text;
  while (file && text.size() <= kMaxConfigBytes) {
    const std::size_t before = text.size();
    text.resize(before + kPieceBytes);
    file.read(text.data() + before, kPieceBytes);
    text.resize(before + static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad() || text.size() > kMaxConfigBytes) return std::nullopt;
  return text;
}

std::vector<ConfigLine> lines_of(std::string_view text) {
  std::vector<ConfigLine> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back({lines.size() + 1, text.substr(at, end - at)});
    at = end + 1;
  }
  return lines;
}

std::vector<std::string> names_in(const fs::path& root, std::string_view folder) {
  std::vector<std::string> names;
  const std::optional<std::string> real = resolve(root, folder);
  if (!real) return names;
  std::error_code error;
  for (fs::directory_iterator at(inside(root, *real), error), end;
       !error && at != end && names.size() < kMaxNames; at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> conf_files(const fs::path& root, std::span<const std::string> folders) {
  std::map<std::string, std::string> by_name;
  for (const std::string& folder : folders) {
    for (const std::string& name : names_in(root, folder)) {
      if (name.ends_with(".conf")) by_name.emplace(name, folder + "/" + name);
    }
  }
  std::vector<std::string> files;
  for (const auto& [name, file] : by_name) {
    if (resolve(root, file) != "/dev/null") files.push_back(file);
  }
  return files;
}

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace ceiling
