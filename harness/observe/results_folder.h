#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "cgroups/descriptor.h"

namespace ceiling {

/// A run's folder, `<parent>/<experiment>-<YYYYMMDDTHHMMSSZ>-<run id>`. Neither the parent nor
/// anything in it is opened through a symbolic link, and all of it belongs to who called sudo
/// (SUDO_UID, SUDO_GID), where someone did.
class ResultsFolder {
 public:
  /// Creates the parent where it is missing, the folder, and `logs/` in it. Throws Error that names
  /// what could not be created and why; then nothing of it is left.
  static ResultsFolder create(const std::filesystem::path& parent, const std::string& experiment,
                              const std::string& run_id);

  const std::filesystem::path& path() const { return path_; }
  /// A new file for appending, or a log below logs/. Throws Error.
  Descriptor open_new(const std::string& name) const;
  Descriptor open_log(const std::string& name) const;
  /// A new folder in it, open for reading. Throws Error.
  Descriptor new_folder(const std::string& name) const;
  /// Writes a whole file by rename. Throws HostError.
  void write(const std::string& name, std::string_view text) const;

 private:
  ResultsFolder() = default;
  std::filesystem::path path_;
  Descriptor folder_;
  Descriptor logs_;
};

/// Writes `text` to a file of the user's choice: by rename, unless is_special(), which stays what
/// it is. Throws HostError.
void write_user_file(const std::filesystem::path& file, std::string_view text);
/// A device, a pipe or a socket, also behind a link, as /dev/stdout may be.
bool is_special(const std::filesystem::path& file);

}  // namespace ceiling
