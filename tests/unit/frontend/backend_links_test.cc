#include "workload/frontend/backend_links.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace ceiling::frontend {
namespace {

using namespace std::chrono_literals;

/// A backend that takes requests and says nothing of itself.
class SilentBackend {
 public:
  explicit SilentBackend(boost::asio::io_context& loop)
      : acceptor_(wire::listen_on_loopback(loop.get_executor())) {
    wire::accept_all(acceptor_, [this](boost::asio::ip::tcp::socket socket) {
      connection = std::make_shared<wire::Connection>(std::move(socket));
      connection->start(
          [this](const wire::Envelope& message) {
            if (message.has_hello()) greeted = true;
            if (message.has_put()) put = message.put();
          },
          [](std::string_view) {});
    });
  }
  std::string address() const { return wire::to_string(acceptor_.local_endpoint()); }

  std::shared_ptr<wire::Connection> connection;
  bool greeted = false;
  std::optional<wire::Put> put;  ///< the newest

 private:
  boost::asio::ip::tcp::acceptor acceptor_;
};

class BackendLinksTest : public testing::Test {
 protected:
  BackendLinksTest() {
    wire::Backend known;
    known.set_address(backend.address());
    links.use({known});
    run_until([this] { return backend.greeted; });
  }

  template <class Condition>
  void run_until(Condition holds) {
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (!holds()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end);
      loop.run_one_for(100ms);
    }
  }

  /// The sequence number of the answer, 0 for none; nothing: `done` has not been called.
  std::shared_ptr<std::optional<std::uint64_t>> put() {
    const auto answered = std::make_shared<std::optional<std::uint64_t>>();
    wire::Envelope request;
    request.mutable_put()->set_partition_key("k");
    links.call(backend.address(), std::move(request), [answered](const wire::Envelope* answer) {
      EXPECT_FALSE(*answered) << "called twice";
      *answered = answer == nullptr ? 0 : answer->put_done().sequence();
    });
    return answered;
  }

  void answer(std::uint64_t id, std::uint64_t sequence) {
    wire::Envelope envelope;
    envelope.mutable_put_done()->set_id(id);
    envelope.mutable_put_done()->set_sequence(sequence);
    backend.connection->send(envelope);
  }

  boost::asio::io_context loop;
  SilentBackend backend{loop};
  BackendLinks links{loop.get_executor(), {}, {[](auto) {}, [](const auto&) {}}, 500ms};
};

TEST_F(BackendLinksTest, OneThatDoesNotAnswerIsGivenUpAndTheNextRequestIsNot) {
  const auto first = put();
  run_until([&] { return first->has_value(); });
  EXPECT_EQ(*first, 0U);
  const std::uint64_t late = backend.put->id();

  backend.put.reset();
  const auto second = put();
  run_until([this] { return backend.put.has_value(); });
  answer(late, 7);
  answer(backend.put->id(), 8);
  run_until([&] { return second->has_value(); });
  EXPECT_EQ(*second, 8U) << "an answer that comes too late is nobody's";
}

}  // namespace
}  // namespace ceiling::frontend
