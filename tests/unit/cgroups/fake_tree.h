#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace ceiling {

/// A folder that stands for "/" in a test: holds the files that the test writes, removed at the
/// end.
class FakeTree {
 public:
  FakeTree() {
    std::string name = (std::filesystem::temp_directory_path() / "ceiling-fake-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    root_ = name;
  }
  FakeTree(const FakeTree&) = delete;
  FakeTree& operator=(const FakeTree&) = delete;
  ~FakeTree() { std::filesystem::remove_all(root_); }

  /// `path` is absolute, as on a host.
  FakeTree& file(const std::filesystem::path& path, const std::string& text) {
    const std::filesystem::path place = root_ / path.relative_path();
    std::filesystem::create_directories(place.parent_path());
    std::ofstream(place) << text;
    return *this;
  }
  FakeTree& link(const std::filesystem::path& path, const std::string& target) {
    const std::filesystem::path place = root_ / path.relative_path();
    std::filesystem::create_directories(place.parent_path());
    std::filesystem::create_symlink(target, place);
    return *this;
  }

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path at(const std::filesystem::path& path) const {
    return root_ / path.relative_path();
  }

 private:
  std::filesystem::path root_;
};

/// A line of mountinfo for a v1 mount with `options` among its super block options.
inline std::string v1_mount(const std::string& root, const std::string& point,
                            const std::string& options) {
  return "39 31 0:36 " + root + " " + point + " rw,nosuid shared:9 - cgroup cgroup rw," + options +
         "\n";
}

inline std::string v2_mount(const std::string& root, const std::string& point) {
  return "41 31 0:38 " + root + " " + point + " rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n";
}

}  // namespace ceiling
