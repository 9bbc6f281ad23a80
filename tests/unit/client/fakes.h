#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "messages.pb.h"
#include "workload/protocol/connection.h"
#include "workload/protocol/shard_iterator.h"

/// The other sides of a client, on the test's own event loop.
namespace ceiling::fakes {

/// Of the run, as a client is started with it.
inline constexpr const char* kToken = "secret";

/// Runs the loop until `reached`, false when that takes longer than `limit`.
bool run_until(boost::asio::io_context& io, const std::function<bool()>& reached,
               std::chrono::milliseconds limit = std::chrono::seconds(5));

/// What a frontend answers with.
struct Reply {
  enum class How { whole, half_then_close, close, never };
  int status = 200;
  std::string body;
  How how = How::whole;
  std::string raw = {};  ///< instead of an HTTP answer
};

/// An HTTP server with the frontend's protocol over records in memory; `on_request` may answer in
/// its place.
class Frontend {
 public:
  struct Request {
    std::string operation;
    std::string signed_by;  ///< account id; empty: not as it must be
    std::string stream;
    std::string key;
    ShardIterator iterator;  ///< of GetRecords
  };

  Frontend(boost::asio::io_context& io, std::string name, int shards);

  wire::Member member() const;
  /// The reply of a frontend that works.
  Reply serve(const Request& request);

  std::function<Reply(const Request&)> on_request = [this](const Request& r) { return serve(r); };
  std::function<void(Reply&)> on_reply = [](Reply&) {};
  std::vector<Request> requests;
  int connections = 0;
  int open = 0;            ///< connections now
  bool keep_alive = true;  ///< false: closes the connection, unannounced, after each answer
  bool held = false;       ///< keeps answers back
  std::vector<std::function<void()>> waiting;  ///< the answers that are kept back

  void stop_listening() { acceptor_.close(); }

 private:
  class Session;
  struct Stored {
    std::string key, data;
  };

  boost::asio::ip::tcp::acceptor acceptor_;
  std::string name_;
  std::string address_;
  int shards_;
  std::map<std::pair<std::string, int>, std::vector<Stored>> records_;
  std::string last_data_;
};

/// Something that speaks our frames: a membership or a backend.
class Server {
 public:
  using Answer = std::function<void(wire::Connection&, const wire::Envelope&)>;
  Server(boost::asio::io_context& io, Answer answer);
  const std::string& address() const { return address_; }

  std::vector<wire::Envelope> received;
  std::vector<std::shared_ptr<wire::Connection>> connections;

  void stop_listening() { acceptor_.close(); }

 private:
  boost::asio::ip::tcp::acceptor acceptor_;
  std::string address_;
  Answer answer_;
};

/// Membership that gives this configuration to everyone who says hello.
Server::Answer gives(const wire::Configuration& configuration);

}  // namespace ceiling::fakes
