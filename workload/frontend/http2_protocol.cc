#include "workload/frontend/http2_protocol.h"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <new>
#include <utility>
#include <vector>

namespace ceiling::frontend {
namespace {

std::string_view text(const std::uint8_t* bytes, std::size_t length) {
  return {reinterpret_cast<const char*>(bytes), length};
}

nghttp2_nv field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view view) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(view.data()));  // not written to
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

bool is_request(const nghttp2_frame& frame) {
  return frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST;
}

void check(int result) {
  if (result == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
}

}  // namespace

struct Http2Protocol::Stream {
  enum class State { kReceiving, kReady, kHandling, kAnswering, kLingering };

  explicit Stream(HttpService& service) : exchange(service), since(Clock::now()) {}

  Clock::time_point deadline(const HttpLimits& limits) const {
    if (state == State::kReceiving) return since + limits.request_time;
    if (state == State::kAnswering) return since + limits.answer_time;
    if (state == State::kLingering) return since + limits.linger_time;
    return Clock::time_point::max();
  }

  State state = State::kReceiving;
  bool closed = false;  ///< only the handler still has it
  HttpExchange exchange;
  std::string body;  // of the answer
  std::size_t sent = 0;
  Clock::time_point since;  // the request began, or the answer did
};

/// What nghttp2 tells while it takes bytes in or gives some out.
struct Http2Protocol::Callbacks {
  static Http2Protocol& of(void* self) { return *static_cast<Http2Protocol*>(self); }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    if (is_request(*frame)) of(self).begin(frame->hd.stream_id);
    return 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name_bytes,
                    std::size_t name_length, const std::uint8_t* value_bytes,
                    std::size_t value_length, std::uint8_t, void* self) {
    if (!is_request(*frame)) return 0;  // trailers
    Stream* stream = of(self).find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    const auto name = text(name_bytes, name_length);
    const auto value = text(value_bytes, value_length);
    if (name == ":method") {
      stream->exchange.set_method(value);
    } else if (name == ":path") {
      stream->exchange.set_target(value);
    } else if (name == ":authority") {
      stream->exchange.add_header("host", value);
    } else if (!name.starts_with(':')) {
      stream->exchange.add_header(name, value);
    }
    return 0;
  }

  static int data_chunk(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                        std::size_t length, void* self) {
    Stream* stream = of(self).find(id);
    if (stream == nullptr || stream->state != Stream::State::kReceiving) return 0;
    stream->exchange.add_body(text(bytes, length));
    if (stream->exchange.refusal()) of(self).refuse(id, *stream);
    return 0;
  }

  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    const auto id = frame->hd.stream_id;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    Stream* stream = of(self).find(id);
    if (stream == nullptr || stream->state != Stream::State::kReceiving) return 0;
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (is_request(*frame) && !ends) of(self).expect_body(id, *stream);
    if (stream->exchange.refusal()) {
      of(self).refuse(id, *stream);
    } else if (ends) {
      of(self).complete(id);
    }
    return 0;
  }

  static int frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
    const auto id = frame->hd.stream_id;
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
      of(self).service_.hooks.log(fmt::format(
          "http connection closed: HTTP/2 {} {}", nghttp2_http2_strerror(frame->goaway.error_code),
          text(frame->goaway.opaque_data, frame->goaway.opaque_data_len)));
    }
    // Answered before all of the request was there. The rest is dropped for a while before the
    // stream is reset: not every client reads the answer of a stream that was reset under its
    // upload.
    const bool ends = (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
                      (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    Stream* stream = ends ? of(self).find(id) : nullptr;
    if (stream != nullptr && nghttp2_session_get_stream_remote_close(session, id) == 0) {
      stream->state = Stream::State::kLingering;
      stream->since = Clock::now();
    }
    return 0;
  }

  static int stream_closed(nghttp2_session*, std::int32_t id, std::uint32_t, void* self) {
    of(self).closed(id);
    return 0;
  }

  static ssize_t read_body(nghttp2_session*, std::int32_t id, std::uint8_t* into, std::size_t most,
                           std::uint32_t* flags, nghttp2_data_source*, void* self) {
    Stream* stream = of(self).find(id);
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const auto piece = std::string_view(stream->body).substr(stream->sent, most);
    std::copy(piece.begin(), piece.end(), into);
    stream->sent += piece.size();
    if (stream->sent == stream->body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(piece.size());
  }

  static nghttp2_session* make_session(Http2Protocol* self) {
    nghttp2_session_callbacks* callbacks = nullptr;
    check(nghttp2_session_callbacks_new(&callbacks));
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_received);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
    nghttp2_option* options = nullptr;
    check(nghttp2_option_new(&options));
    nghttp2_option_set_no_closed_streams(options, 1);
    nghttp2_option_set_max_outbound_ack(options, kMostAcknowledgements);
    nghttp2_option_set_stream_reset_rate_limit(options, kResetBurst, kResetsPerSecond);
    nghttp2_session* session = nullptr;
    const int result = nghttp2_session_server_new2(&session, callbacks, self, options);
    nghttp2_option_del(options);
    nghttp2_session_callbacks_del(callbacks);
    check(result);
    return session;
  }
};

Http2Protocol::Http2Protocol(HttpService& service)
    : service_(service),
      session_(Callbacks::make_session(this), nghttp2_session_del),
      since_(Clock::now()) {
  const std::array<nghttp2_settings_entry, 4> settings{
      {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMostStreams},
       {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindowBytes},
       {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
        static_cast<std::uint32_t>(service_.limits.header_bytes)},
       {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}}};
  check(
      nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size()));
  check(nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0, kWindowBytes));
}

Http2Protocol::~Http2Protocol() = default;

void Http2Protocol::receive(std::string_view bytes) {
  const auto taken = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (taken >= 0) return;  // what is wrong with a frame is in the GOAWAY that is going to be sent
  service_.hooks.log(
      fmt::format("http connection closed: HTTP/2 {}", nghttp2_strerror(static_cast<int>(taken))));
  end_ = End::kCut;
}

bool Http2Protocol::wants_bytes() const {
  return end_ == End::kNone && nghttp2_session_want_read(session_.get()) != 0;
}

std::optional<HttpProtocol::Request> Http2Protocol::next_request() {
  while (!ready_.empty()) {
    const std::int32_t id = ready_.front();
    ready_.pop_front();
    Stream* stream = find(id);
    if (stream == nullptr) continue;  // taken back
    stream->state = Stream::State::kHandling;
    return Request{.id = static_cast<std::uint32_t>(id),
                   .request = stream->exchange.take_request()};
  }
  return std::nullopt;
}

void Http2Protocol::answer(std::uint32_t id, HttpResponse response) {
  const auto found = streams_.find(static_cast<std::int32_t>(id));
  if (found == streams_.end() || found->second.state != Stream::State::kHandling) return;
  Stream& stream = found->second;
  if (stream.closed) {
    streams_.erase(found);
    since_ = Clock::now();
    return;
  }
  send(found->first, stream, stream.exchange.admit(std::move(response)));
}

std::string_view Http2Protocol::next_output() {
  output_.clear();
  if (end_ == End::kCut) return {};
  while (output_.size() < kMostOutput) {
    const std::uint8_t* bytes = nullptr;
    const auto length = nghttp2_session_mem_send(session_.get(), &bytes);
    if (length < 0) {
      end_ = End::kCut;
      return {};
    }
    if (length == 0) break;
    output_ += text(bytes, static_cast<std::size_t>(length));
  }
  if (output_.empty()) output_.shrink_to_fit();
  return output_;
}

HttpProtocol::End Http2Protocol::end() const {
  if (end_ != End::kNone) return end_;
  const bool over = nghttp2_session_want_read(session_.get()) == 0 &&
                    nghttp2_session_want_write(session_.get()) == 0;
  return over ? End::kLinger : End::kNone;
}

std::optional<HttpProtocol::Clock::time_point> Http2Protocol::idle_since() const {
  if (!streams_.empty()) return std::nullopt;
  return since_;
}

std::optional<HttpProtocol::Clock::time_point> Http2Protocol::slow_since() const {
  std::optional<Clock::time_point> last;
  for (const auto& [id, stream] : streams_) {
    const bool ours =
        stream.state == Stream::State::kReady || stream.state == Stream::State::kHandling;
    if (ours) return std::nullopt;
    last = std::max(last.value_or(stream.since), stream.since);
  }
  return last;
}

HttpProtocol::Clock::time_point Http2Protocol::deadline() const {
  if (streams_.empty()) return since_ + service_.limits.idle_time;
  auto first = Clock::time_point::max();
  for (const auto& [id, stream] : streams_) {
    first = std::min(first, stream.deadline(service_.limits));
  }
  return first;
}

void Http2Protocol::expire(Clock::time_point now) {
  if (streams_.empty() && now >= deadline()) {
    since_ = now;
    return leave();
  }
  for (auto& [id, stream] : streams_) {
    if (now < stream.deadline(service_.limits)) continue;
    if (stream.state == Stream::State::kReceiving) {
      stream.exchange.refuse_slow();
      refuse(id, stream);
      continue;
    }
    const bool answered = stream.state == Stream::State::kLingering;
    stream.since = now;
    check(nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id,
                                    answered ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL));
  }
}

void Http2Protocol::leave() {
  terminate(NGHTTP2_NO_ERROR);
}

Http2Protocol::Stream* Http2Protocol::find(std::int32_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() || found->second.closed ? nullptr : &found->second;
}

void Http2Protocol::begin(std::int32_t id) {
  // Streams that were taken back count for as long as their handlers are at work.
  if (streams_.size() >= 2 * kMostStreams) return terminate(NGHTTP2_ENHANCE_YOUR_CALM);
  streams_.try_emplace(id, service_);
}

void Http2Protocol::expect_body(std::int32_t id, Stream& stream) {
  const auto length = stream.exchange.request_header("content-length");
  std::uint64_t bytes = 0;  // what is no number nghttp2 has refused
  std::from_chars(length.data(), length.data() + length.size(), bytes);
  stream.exchange.expect_body(bytes);
  if (!stream.exchange.expects_continue() || stream.exchange.refusal()) return;
  const nghttp2_nv go_on = field(":status", "100");
  check(nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, id, nullptr, &go_on, 1, nullptr));
}

void Http2Protocol::complete(std::int32_t id) {
  find(id)->state = Stream::State::kReady;
  ready_.push_back(id);
}

void Http2Protocol::closed(std::int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  if (found->second.state == Stream::State::kHandling) {
    found->second.closed = true;
    return;
  }
  streams_.erase(found);
  since_ = Clock::now();
}

void Http2Protocol::refuse(std::int32_t id, Stream& stream) {
  send(id, stream, *stream.exchange.refusal());
}

void Http2Protocol::send(std::int32_t id, Stream& stream, HttpResponse response) {
  for (auto& [name, value] : response.headers) {
    std::transform(name.begin(), name.end(), name.begin(), to_lower);
  }
  const std::string status = std::to_string(response.status);
  const std::string length = std::to_string(response.body.size());
  std::vector<nghttp2_nv> fields{field(":status", status), field("date", service_.date()),
                                 field("content-type", response.content_type),
                                 field("content-length", length)};
  for (const auto& [name, value] : response.headers) fields.push_back(field(name, value));
  stream.state = Stream::State::kAnswering;
  stream.since = Clock::now();
  stream.body = std::move(response.body);
  const nghttp2_data_provider body{.source = {.ptr = nullptr},
                                   .read_callback = Callbacks::read_body};
  check(nghttp2_submit_response(session_.get(), id, fields.data(), fields.size(), &body));
}

void Http2Protocol::terminate(std::uint32_t error) {
  check(nghttp2_session_terminate_session(session_.get(), error));
}

}  // namespace ceiling::frontend
