#include "cgroups/make_group.h"

#include <libcgroup.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>

#include "cgroups/control_file.h"
#include "cgroups/error.h"
#include "cgroups/unified.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

std::string explain(int code) {
  return code == ECGOTHER ? cgroup_strerror(cgroup_get_last_errno()) : cgroup_strerror(code);
}

/// Where libcgroup believes `controller` is mounted: it knows one mount of each.
std::optional<fs::path> mount_point_of(const std::string& controller) {
  char* found = nullptr;
  if (cgroup_get_subsys_mount_point(controller.c_str(), &found) != 0) return std::nullopt;
  const std::unique_ptr<char, void (*)(void*)> owned(found, std::free);
  return fs::path(owned.get());
}

void make_by_libcgroup(const fs::path& folder, const fs::path& mount,
                       const std::string& controller) {
  const std::string name = folder.lexically_relative(mount).string();
  const std::unique_ptr<cgroup, void (*)(cgroup*)> group(
      cgroup_new_cgroup(name.c_str()), [](cgroup* unused) { cgroup_free(&unused); });
  if (!group || cgroup_add_controller(group.get(), controller.c_str()) == nullptr) {
    throw Error("libcgroup does not take the group " + name + " of " + controller);
  }
  const int code = cgroup_create_cgroup(group.get(), 1);
  if (code != 0) throw Error("creating " + folder.string() + ": " + explain(code));
  // libcgroup has reported success for groups that it did not make.
  if (!fs::exists(folder)) throw Error("libcgroup did not create " + folder.string());
}

bool below(const fs::path& folder, const fs::path& mount) {
  const fs::path rest = folder.lexically_relative(mount);
  return !rest.empty() && *rest.begin() != "..";
}

}  // namespace

void make_group(const fs::path& folder, const std::vector<std::string>& controllers) {
  // libcgroup takes an existing group over in silence, which might be somebody else's.
  if (fs::exists(folder)) throw Error("control group " + folder.string() + " is there already");
  if (!is_unified(folder.parent_path())) {
    if (const int code = cgroup_init(); code != 0) {
      throw Error("libcgroup does not start: " + explain(code));
    }
    for (const std::string& controller : controllers) {
      const auto mount = mount_point_of(controller);
      if (!mount || !below(folder, *mount)) continue;
      return make_by_libcgroup(folder, *mount, controller);
    }
  }
  // On v2 libcgroup would enable controllers in every ancestor, groups of others among them; and a
  // second mount of a v1 hierarchy it does not know.
  if (::mkdir(folder.c_str(), 0755) != 0) throw FileError("mkdir", folder, errno);
}

}  // namespace ceiling
