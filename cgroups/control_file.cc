#include "cgroups/control_file.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <sstream>
#include <system_error>

#include "cgroups/descriptor.h"

namespace ceiling {
namespace {

constexpr std::string_view kSpace = " \t\n";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

Descriptor open_file(const std::filesystem::path& file, int flags) {
  Descriptor opened(::open(file.c_str(), flags | O_CLOEXEC));
  if (!opened) throw FileError("open", file, errno);
  return opened;
}

}  // namespace

FileError::FileError(const std::string& verb, const std::filesystem::path& file, int number)
    : Error(verb + " " + file.string() + ": " + std::generic_category().message(number)),
      number_(number) {}

std::string read_file(const std::filesystem::path& file) {
  const Descriptor opened = open_file(file, O_RDONLY);
  std::string text;
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t got = ::read(opened.get(), buffer.data(), buffer.size());
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw FileError("read", file, errno);
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

std::optional<std::string> read_file_if_there(const std::filesystem::path& file) {
  try {
    return read_file(file);
  } catch (const FileError& error) {
    const int number = error.number();
    if (number == ENOENT || number == ENODEV || number == ESRCH) return std::nullopt;
    throw;
  }
}

void write_file(const std::filesystem::path& file, std::string_view text) {
  const Descriptor opened = open_file(file, O_WRONLY | O_TRUNC);
  ssize_t written = 0;
  do {
    written = ::write(opened.get(), text.data(), text.size());
  } while (written < 0 && errno == EINTR);
  if (written < 0) throw FileError("write", file, errno);
}

std::optional<std::string> value_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.starts_with(key)) return std::string(trimmed(line.substr(key.size())));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

std::vector<std::string> words(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> found;
  for (std::string word; stream >> word;) found.push_back(word);
  return found;
}

std::optional<std::int64_t> parse_count(std::string_view text, const std::string& what) {
  text = trimmed(text);
  if (text == "max" || text == "unlimited") return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    throw Error(what + ": a count was expected, found '" + std::string(text) + "'");
  }
  return number;
}

std::vector<int> numbered_entries(const std::filesystem::path& folder) {
  // readdir, not directory_iterator: entries vanish while we look, and that is no error.
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(folder.c_str()), ::closedir);
  std::vector<int> found;
  if (!opened) return found;
  while (const dirent* entry = ::readdir(opened.get())) {
    const std::string_view name = entry->d_name;
    int number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size()) found.push_back(number);
  }
  return found;
}

}  // namespace ceiling
