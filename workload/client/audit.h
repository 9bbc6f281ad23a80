#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "messages.pb.h"
#include "workload/client/pair.h"

namespace ceiling {

struct Audit {
  boost::asio::any_io_executor executor;
  std::string name;  ///< of this client, for the backends
  /// For a connection and for every page.
  std::chrono::milliseconds timeout;
};

/// Reads every record of every shard of `configuration`, closed ones and those of other clients
/// too, from the backends themselves, all backends in parallel, and says each in `traffic.log`.
/// `done` gets how many there were; `complete` is false, with the first problem, where a backend
/// could not be read to its end or a shard has no backend that owns it. `done` is called once,
/// never from within this call.
void audit(const Audit& how, Traffic& traffic, const wire::Configuration& configuration,
           std::function<void(wire::AuditDone)> done);

}  // namespace ceiling
