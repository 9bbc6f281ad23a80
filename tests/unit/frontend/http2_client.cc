#include "tests/unit/frontend/http2_client.h"

#include <nghttp2/nghttp2.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

namespace ceiling::frontend {
namespace {

std::string text(const std::uint8_t* bytes, std::size_t length) {
  return {reinterpret_cast<const char*>(bytes), length};
}

nghttp2_nv field(const std::string& name, const std::string& value) {
  const auto bytes = [](const std::string& of) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(of.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

struct Http2Client::Callbacks {
  static Http2Client& of(void* self) { return *static_cast<Http2Client*>(self); }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_length, const std::uint8_t* value, std::size_t value_length,
                    std::uint8_t, void* self) {
    Stream& stream = of(self).streams_[frame->hd.stream_id];
    const std::string key = text(name, name_length);
    if (key == ":status") {
      stream.interim = std::exchange(stream.status, std::stoi(text(value, value_length)));
    } else {
      stream.headers[key] = text(value, value_length);
    }
    return 0;
  }
  static int data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                  std::size_t length, void* self) {
    of(self).streams_[id].body += text(bytes, length);
    return 0;
  }
  static int closed(nghttp2_session*, std::int32_t id, std::uint32_t error, void* self) {
    of(self).streams_[id].closed = error;
    return 0;
  }
  static int received(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    if (frame->hd.type == NGHTTP2_GOAWAY) of(self).goaway_ = frame->goaway.error_code;
    return 0;
  }
  static ssize_t read_whole(nghttp2_session*, std::int32_t id, std::uint8_t* into, std::size_t most,
                            std::uint32_t* flags, nghttp2_data_source* source, void* self) {
    std::string& left = of(self).streams_.at(id).to_send;
    const std::size_t piece = std::min(left.size(), most);
    std::copy_n(left.data(), piece, into);
    left.erase(0, piece);
    const bool whole = source->fd != 0;
    if (left.empty() && whole) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (piece == 0 && !whole) return NGHTTP2_ERR_DEFERRED;
    return static_cast<ssize_t>(piece);
  }
};

Http2Client::Http2Client(const std::string& address, std::uint32_t window)
    : raw_(address), session_(nullptr, nghttp2_session_del) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::closed);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::received);
  nghttp2_session* session = nullptr;
  nghttp2_session_client_new(&session, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  session_.reset(session);
  const std::array<nghttp2_settings_entry, 2> settings{
      {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window}, {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
}

std::int32_t Http2Client::post(const std::string& target, std::string body, const Headers& more,
                               bool whole) {
  const std::string method = "POST";
  const std::string scheme = "http";
  const std::string host = "here";
  const std::array<std::string, 4> names{":method", ":scheme", ":path", ":authority"};
  std::vector<nghttp2_nv> fields{field(names[0], method), field(names[1], scheme),
                                 field(names[2], target), field(names[3], host)};
  for (const auto& [name, value] : more) fields.push_back(field(name, value));
  nghttp2_data_provider provider{.source = {.fd = whole ? 1 : 0},
                                 .read_callback = Callbacks::read_whole};
  const std::int32_t id = nghttp2_submit_request(session_.get(), nullptr, fields.data(),
                                                 fields.size(), &provider, nullptr);
  streams_[id].to_send = std::move(body);
  return id;
}

void Http2Client::reset(std::int32_t stream) {
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
}

void Http2Client::ping() {
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
}

void Http2Client::run_until(const std::function<bool()>& done) {
  while (!done()) {
    if (!exchange(5000)) throw std::runtime_error("the server has closed");
  }
}

const Http2Client::Stream& Http2Client::await(std::int32_t stream) {
  run_until([&] { return streams_[stream].closed.has_value(); });
  return streams_.at(stream);
}

std::optional<std::uint32_t> Http2Client::await_end() {
  while (exchange(5000)) continue;
  return goaway_;
}

void Http2Client::send() {
  const std::uint8_t* bytes = nullptr;
  for (ssize_t length = 0; (length = nghttp2_session_mem_send(session_.get(), &bytes)) > 0;) {
    output_ += text(bytes, static_cast<std::size_t>(length));
  }
  raw_.send(std::exchange(output_, {}));
}

bool Http2Client::exchange(int wait_ms) {
  const std::uint8_t* bytes = nullptr;
  while (output_.size() < 65536) {
    const ssize_t length = nghttp2_session_mem_send(session_.get(), &bytes);
    if (length <= 0) break;
    output_ += text(bytes, static_cast<std::size_t>(length));
  }
  pollfd ready{raw_.socket(), static_cast<short>(output_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
  if (::poll(&ready, 1, wait_ms) != 1) throw std::runtime_error("nothing came");
  if ((ready.revents & POLLOUT) != 0) {
    const ssize_t sent =
        ::send(raw_.socket(), output_.data(), output_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) output_.erase(0, static_cast<std::size_t>(sent));
  }
  if ((ready.revents & (POLLIN | POLLHUP | POLLERR)) == 0) return true;
  std::array<char, 65536> input{};
  const ssize_t got = ::recv(raw_.socket(), input.data(), input.size(), MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return true;
  if (got <= 0) return false;
  nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const std::uint8_t*>(input.data()),
                           static_cast<std::size_t>(got));
  return true;
}

}  // namespace ceiling::frontend
