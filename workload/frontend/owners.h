#pragma once

#include <map>
#include <string>
#include <vector>

#include "workload/protocol/wire.h"

namespace ceiling::frontend {

/// What the backends say that they own: with the configuration, the authority on a shard-map.
class Owners {
 public:
  /// Takes the place of what that backend said before.
  void learn(const wire::Ownership& ownership) { said_[ownership.backend()] = ownership; }
  /// Every shard of `configuration` is owned, by a backend of it in the epoch that it names.
  bool of_all(const wire::Configuration& configuration) const;
  /// Of every shard that somebody owns, as configuration and backends say it.
  std::vector<wire::Route> routes(const wire::Configuration& configuration) const;

 private:
  std::map<std::string, wire::Ownership> said_;  // by backend name
};

}  // namespace ceiling::frontend
