#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ceiling {

/// The one door to configuration files. `root` stands for "/": "/" itself, an unpacked image, a
/// folder of a test. Paths in and out are absolute as seen from inside it, and a symbolic link is
/// followed inside it. Nothing here throws: what cannot be read is not there.

constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20;

struct ConfigLine {
  std::size_t number = 0;  ///< from 1
  std::string_view text;   ///< without the newline, a view of the text that was split
};

/// Where `path` leads once every link is followed; it need not exist. Nothing for a loop of links.
std::optional<std::string> resolve(const std::filesystem::path& root, std::string_view path);

/// The whole file; nothing where it is missing, unreadable, not regular or above kMaxConfigBytes.
std::optional<std::string> read_config(const std::filesystem::path& root, std::string_view path);

std::vector<ConfigLine> lines_of(std::string_view text);

/// The names in a folder, sorted by byte. Empty where there is no such folder.
std::vector<std::string> names_in(const std::filesystem::path& root, std::string_view folder);

/// The *.conf files of `folders`, in the order in which they are applied: sorted by name over all
/// folders, a name in an earlier folder hiding the same name in later ones. A link to /dev/null
/// hides and is left out (sysctl.d(5), systemd.unit(5)).
std::vector<std::string> conf_files(const std::filesystem::path& root,
                                    std::span<const std::string> folders);

/// The part of a path after its last slash.
std::string_view base_name(std::string_view path);

}  // namespace ceiling
