// What comes in on a client's connection. The first byte says in how large pieces, the second how
// large the answers are and whether they wait for the next piece. Every request keeps to the
// limits, what is held keeps to its total and is given back, and a connection that is over stays
// over.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fuzz/expect.h"
#include "workload/frontend/http1_protocol.h"
#include "workload/frontend/http2_protocol.h"

namespace {

using namespace ceiling::frontend;

HttpLimits small_limits() {
  HttpLimits limits;
  limits.header_bytes = 1 << 10;
  limits.body_bytes = 4 << 10;
  limits.total_bytes = 16 << 10;
  return limits;
}

HttpHooks hooks() {
  HttpHooks hooks;
  hooks.handle = [](HttpRequest, Reply) {};
  hooks.refusal = [](int status, std::string_view type, std::string message) {
    expect(status >= 400 && !type.empty() && !message.empty(), "a refusal says what is wrong");
    return HttpResponse{status, "text/plain", {}, std::move(message)};
  };
  hooks.log = [](const std::string&) {};
  return hooks;
}

class Connection {
 public:
  Connection(std::size_t answer_bytes, bool at_once)
      : answer_bytes_(answer_bytes),
        at_once_(at_once),
        service_(hooks(), small_limits()),
        protocol_(std::make_unique<Http1Protocol>(service_)) {}

  void receive(std::string_view bytes) {
    if (!at_once_) answer_all();
    if (!protocol_->wants_bytes()) return;
    protocol_->receive(bytes);
    if (!decided_) decide();
    step();
  }

  void end() {
    answer_all();
    if (protocol_->wants_bytes()) protocol_->receive_end();
    step();
    answer_all();
    protocol_->expire(HttpProtocol::Clock::now() + std::chrono::hours(1));
    step();
    protocol_.reset();
    expect(service_.bytes_left == service_.limits.total_bytes, "what was held is given back");
  }

 private:
  void decide() {
    auto& first = static_cast<Http1Protocol&>(*protocol_);
    decided_ = first.decided();
    if (!first.is_http2()) return;
    const std::string input = first.take_input();
    protocol_ = std::make_unique<Http2Protocol>(service_);
    protocol_->receive(input);
  }

  void step() {
    do {
      while (const auto next = protocol_->next_request()) take(*next);
      if (at_once_) answer_some();
      drain();
    } while (protocol_->has_request());
  }

  void take(const HttpProtocol::Request& next) {
    const HttpLimits& limits = service_.limits;
    expect(next.request.body.size() <= limits.body_bytes, "a body is within its bound");
    std::size_t headers = 0;
    for (const auto& [name, value] : next.request.headers) {
      headers += name.size() + value.size();
      expect(std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }),
             "names of headers are lower-case");
    }
    expect(headers <= limits.header_bytes, "headers are within their bound");
    expect(!next.request.method.empty() && !next.request.target.empty(), "a request line");
    open_.push_back(next.id);
  }

  void answer_some() {
    for (const std::uint32_t id : std::exchange(open_, {})) {
      protocol_->answer(id, {200, "text/plain", {}, std::string(answer_bytes_, 'x')});
    }
  }
  void answer_all() {
    while (!open_.empty()) {
      answer_some();
      step();
    }
  }

  void drain() {
    while (!protocol_->next_output().empty()) {
      expect(service_.bytes_left <= service_.limits.total_bytes, "no more is held than may be");
    }
    if (protocol_->end() != HttpProtocol::End::kNone) over_ = true;
    expect(!over_ || protocol_->end() != HttpProtocol::End::kNone, "over stays over");
  }

  std::size_t answer_bytes_;
  bool at_once_;
  bool decided_ = false;
  bool over_ = false;
  HttpService service_;
  std::unique_ptr<HttpProtocol> protocol_;
  std::vector<std::uint32_t> open_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = data[0] == 0 ? size : data[0];
  Connection connection((data[1] >> 1) * 64U, (data[1] & 1) != 0);
  std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  while (!bytes.empty()) {
    const std::string_view next = bytes.substr(0, piece);
    connection.receive(next);
    bytes.remove_prefix(next.size());
  }
  connection.end();
  return 0;
}
