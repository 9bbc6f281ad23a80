#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroups/error.h"

namespace ceiling {

/// The one door to the kernel's text files (cgroupfs, procfs), and to fake trees of them in tests.

/// A file that the kernel did not let us open, read or write.
class FileError : public Error {
 public:
  FileError(const std::string& verb, const std::filesystem::path& file, int number);
  int number() const { return number_; }  ///< errno

 private:
  int number_;
};

/// The whole file. Throws FileError.
std::string read_file(const std::filesystem::path& file);
/// The whole file, or nothing where it is not there (any more): ENOENT, ENODEV, ESRCH.
std::optional<std::string> read_file_if_there(const std::filesystem::path& file);
/// One write(2) of `text`: control files take a value whole or refuse it. Throws FileError.
void write_file(const std::filesystem::path& file, std::string_view text);

/// The first line of `text` that begins with `key`, without the key and the white space around the
/// rest.
std::optional<std::string> value_of(std::string_view text, std::string_view key);
/// The words of `text`, white space between them.
std::vector<std::string> words(std::string_view text);
/// A decimal number, white space around it allowed; nothing for "max" and "unlimited". Throws Error
/// naming `what` for anything else.
std::optional<std::int64_t> parse_count(std::string_view text, const std::string& what);

/// The decimal names in a folder (the processes in /proc, the threads in /proc/PID/task). Empty
/// where the folder is gone.
std::vector<int> numbered_entries(const std::filesystem::path& folder);

}  // namespace ceiling
