#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "workload/protocol/connection.h"

namespace ceiling::frontend {

/// One connection to each backend, on the http thread: requests with their answers, and what each
/// backend says that it owns.
class BackendLinks {
 public:
  struct Hooks {
    std::function<void(wire::Ownership)> ownership;
    std::function<void(std::string)> log;
  };
  /// The answer, or nullptr when the connection was lost, or the patience, before it came: then the
  /// request may or may not have been carried out.
  using Done = std::function<void(const wire::Envelope*)>;

  /// `patience`: for an answer of a backend that is there and says nothing.
  BackendLinks(boost::asio::any_io_executor executor, wire::Hello hello, Hooks hooks,
               std::chrono::milliseconds patience = std::chrono::seconds(10));

  /// Connects to all of `backends` and to no other from now on; lost connections are made again.
  void use(const std::vector<wire::Backend>& backends);
  /// Sends a Put or Get, whose id is set here, to the backend at `address`.
  void call(const std::string& address, wire::Envelope request, Done done);

 private:
  struct Link;
  struct Asked;
  void open(const std::string& address);
  void receive(Link& link, const wire::Envelope& message);
  void lost(const std::string& address, const std::string& reason);
  void watch();
  void give_up();

  boost::asio::any_io_executor executor_;
  wire::Hello hello_;
  Hooks hooks_;
  std::map<std::string, std::shared_ptr<Link>> links_;  // by address
  std::uint64_t next_id_ = 1;
  std::chrono::milliseconds patience_;
  boost::asio::steady_timer timer_;
  bool watching_ = false;
};

}  // namespace ceiling::frontend
