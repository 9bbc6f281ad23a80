#include "workload/frontend/http_exchange.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <utility>

namespace ceiling::frontend {
namespace {

constexpr std::size_t kHeaderOverhead = 32;  // RFC 9113, 6.5.2

}  // namespace

const std::string& HttpService::date() {
  const std::time_t now = std::time(nullptr);
  if (now != dated_) date_ = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(now));
  dated_ = now;
  return date_;
}

void HttpExchange::set_method(std::string_view method) {
  if (count_header(method.size())) request_.method = method;
}

void HttpExchange::set_target(std::string_view target) {
  if (count_header(target.size())) request_.target = target;
}

void HttpExchange::add_header(std::string_view name, std::string_view value) {
  if (!count_header(name.size() + value.size() + kHeaderOverhead)) return;
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  request_.headers.emplace_back(std::move(lower), value);
}

void HttpExchange::expect_body(std::uint64_t bytes) {
  if (!refusal_ && bytes > service_.limits.body_bytes) refuse_size();
}

void HttpExchange::add_body(std::string_view bytes) {
  if (refusal_) return;
  std::string& body = request_.body;
  const std::size_t needed = body.size() + bytes.size();
  if (needed > service_.limits.body_bytes) return refuse_size();
  if (needed > body.capacity()) {
    const std::size_t capacity = std::max(needed, 2 * body.capacity());
    if (!charge(capacity - body.capacity())) return;
    body.reserve(capacity);
  }
  body += bytes;
}

void HttpExchange::refuse(int status, std::string_view type, std::string message) {
  release();
  refusal_ = service_.hooks.refusal(status, type, std::move(message));
}

void HttpExchange::refuse_size() {
  const HttpLimits& limits = service_.limits;
  refuse(413, "SerializationException",
         fmt::format("a request has at most {} bytes of header and {} of body", limits.header_bytes,
                     limits.body_bytes));
}

void HttpExchange::refuse_slow() {
  refuse(
      408, "RequestTimeoutException",
      fmt::format("the request was not there within {} ms", service_.limits.request_time.count()));
}

bool HttpExchange::expects_continue() const {
  return boost::beast::iequals(request_.header("expect"), "100-continue");
}

HttpResponse HttpExchange::admit(HttpResponse answer) {
  release();
  if (charge(answer.body.size())) return answer;
  return *std::exchange(refusal_, std::nullopt);
}

void HttpExchange::release() {
  std::exchange(request_, {});  // plain assignment would keep the body's memory
  service_.bytes_left += std::exchange(charged_, 0);
}

bool HttpExchange::count_header(std::size_t bytes) {
  if (refusal_) return false;
  header_bytes_ += bytes;
  if (header_bytes_ <= service_.limits.header_bytes) return charge(bytes);
  refuse_size();
  return false;
}

bool HttpExchange::charge(std::size_t bytes) {
  if (bytes <= service_.bytes_left) {
    service_.bytes_left -= bytes;
    charged_ += bytes;
    return true;
  }
  refuse(503, "ServiceUnavailable", "too many bytes are held for requests and answers, try again");
  return false;
}

}  // namespace ceiling::frontend
