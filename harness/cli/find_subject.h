#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/find/trial.h"

namespace ceiling {

/// Who a command is run as.
struct User {
  std::string name;
  Identity identity;
  std::map<std::string, std::string> environment;  ///< HOME, USER, LOGNAME; none for ourselves
};

/// The user of that name; of none, who called sudo, else ourselves. Throws Usage.
User user_for(const std::string& name);

/// The command with its program as an absolute path, found as a shell finds it. Throws Usage where
/// there is none, or it cannot be executed.
std::vector<std::string> resolved(std::vector<std::string> command);

/// Our own, with `more` laid over it.
std::map<std::string, std::string> environment_with(std::map<std::string, std::string> more);

}  // namespace ceiling
