#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "cgroups/descriptor.h"
#include "workload/protocol/connection.h"

namespace ceiling {

/// The listening end of a process's status endpoint, made by the harness and inherited by the
/// process: in the abstract namespace (unix(7)), so that no file is left and a private uid needs no
/// path to it.
Descriptor listen_for_status(const std::string& abstract_name);

/// Follows the status of one process. The first answer comes once the process runs its event loop.
class StatusWatch {
 public:
  StatusWatch(boost::asio::any_io_executor executor, const std::string& abstract_name,
              std::function<void(const wire::Status&)> on_status);
  ~StatusWatch();
  StatusWatch(StatusWatch&&) = default;
  StatusWatch& operator=(StatusWatch&& other) noexcept {
    std::swap(connection_, other.connection_);
    std::swap(gone_, other.gone_);
    return *this;
  }

 private:
  std::shared_ptr<wire::Connection> connection_;
  std::shared_ptr<bool> gone_;
};

}  // namespace ceiling
