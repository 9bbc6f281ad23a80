#include "workload/frontend/kinesis/service.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>
#include <variant>

#include "workload/protocol/accounts.h"
#include "workload/protocol/http_api.h"

namespace ceiling::frontend::kinesis {
namespace {

using namespace std::chrono_literals;

/// For the map to name another owner of a shard.
constexpr auto kMapPatience = 2s;

sigv4::Account account_named(std::string_view token, std::string_view id) {
  return {access_key_of(token, id), secret_key_of(token, id), std::string(id)};
}

wire::Result result_of(const wire::Envelope& answer) {
  return answer.has_put_done() ? answer.put_done().result() : answer.get_done().result();
}

}  // namespace

Service::Service(boost::asio::any_io_executor executor, const PublishedMap& map, std::string token,
                 Call call, Change change)
    : executor_(std::move(executor)),
      map_(map),
      token_(std::move(token)),
      call_(std::move(call)),
      change_(std::move(change)) {
  verifier_.emplace(std::vector{account_named(token_, kFleetAccount)}, std::string(kRegion));
}

void Service::configure(const wire::Configuration& configuration) {
  configuration_ = configuration;
  std::vector accounts{account_named(token_, kFleetAccount)};
  for (const std::string& id : configuration.accounts()) {
    accounts.push_back(account_named(token_, id));
  }
  verifier_.emplace(std::move(accounts), std::string(kRegion));
}

void Service::map_changed() {
  for (auto& timer : waiting_) timer.cancel();
}

void Service::handle(const HttpRequest& request, Reply reply) {
  const auto context = std::make_shared<Context>();
  context->reply = std::move(reply);
  try {
    const auto format = format_of(request.header("content-type"));
    context->format = format.value_or(Format::json);
    context->account = authenticate(request);
    std::string_view target = request.header("x-amz-target");
    const bool ours = target.starts_with(http_api::kTargetPrefix);
    if (ours) target.remove_prefix(http_api::kTargetPrefix.size());
    const Operation* const operation = ours ? find_operation(target) : nullptr;
    if (request.method != "POST" || !format || operation == nullptr) {
      throw ApiError{400, "UnknownOperationException",
                     "expected POST / with X-Amz-Target: Kinesis_20131202.<an operation that is "
                     "served> and Content-Type: application/x-amz-json-1.1 or -cbor-1.1"};
    }
    context->request = parse_request(request.body, *format, *operation);
    dispatch(operation->name, context);
  } catch (const ApiError& error) {
    fail(*context, error);
  }
}

/// The id of the account that signed it.
std::string Service::authenticate(const HttpRequest& request) {
  std::vector<sigv4::Header> headers;
  headers.reserve(request.headers.size());
  for (const auto& [name, value] : request.headers) headers.push_back({name, value});
  const auto verified = verifier_->verify({request.method, request.target, headers, request.body},
                                          std::chrono::system_clock::now());
  if (const auto* refused = std::get_if<sigv4::Refusal>(&verified)) {
    throw ApiError{refused->http_status, refused->type, refused->message};
  }
  return std::get<const sigv4::Account*>(verified)->account_id;
}

void Service::dispatch(std::string_view operation, const Shared& context) {
  using Handler = void (Service::*)(const Shared&);
  static constexpr std::pair<std::string_view, Handler> kHandlers[] = {
      {"CreateStream", &Service::create_stream},
      {"DeleteStream", &Service::delete_stream},
      {"DescribeStream", &Service::describe_stream},
      {"DescribeStreamSummary", &Service::describe_stream_summary},
      {"GetRecords", &Service::get_records},
      {"GetShardIterator", &Service::get_shard_iterator},
      {"ListShards", &Service::list_shards},
      {"ListStreams", &Service::list_streams},
      {"MergeShards", &Service::merge_shards},
      {"PutRecord", &Service::put_record},
      {"PutRecords", &Service::put_records},
      {"SplitShard", &Service::split_shard},
  };
  for (const auto& [name, handler] : kHandlers) {
    if (name == operation) return (this->*handler)(context);
  }
  throw internal_failure(fmt::format("operation {} has no handler", operation));
}

const wire::Stream& Service::stream_of(const Context& context) const {
  return stream_named(context.account, context.request.at("StreamName").get<std::string>());
}

const wire::Stream& Service::stream_named(const std::string& account,
                                          const std::string& name) const {
  if (!configuration_) throw internal_failure("this frontend has no configuration yet");
  for (const wire::Stream& stream : configuration_->streams()) {
    if (stream.name() == name && stream.account() == account) return stream;
  }
  throw not_found(fmt::format("Stream {} under account {} not found.", name, account));
}

void Service::ask(Question question) {
  const auto destination = question.find();
  if (!destination) return ask_last(question);
  auto request = question.make(*destination);
  call_(destination->backend, std::move(request),
        [this, asked = std::move(question), to = *destination](const wire::Envelope* answer) {
          if (answer != nullptr && result_of(*answer) == wire::RESULT_NOT_OWNER) {
            return ask_again(asked, to);
          }
          settle(asked, to, answer);
        });
}

/// The map has named a backend that is not the owner any more.
void Service::ask_again(Question question, const Destination& refused) {
  const auto now = question.find();
  if (now && (now->backend != refused.backend || now->epoch != refused.epoch)) {
    return ask_last(question);
  }
  const auto timer = waiting_.emplace(waiting_.end(), executor_, kMapPatience);
  timer->async_wait([this, timer, asked = std::move(question)](boost::system::error_code) {
    waiting_.erase(timer);
    ask_last(asked);
  });
}

void Service::ask_last(const Question& question) {
  const auto destination = question.find();
  if (!destination) return question.failed(internal_failure("no route in the shard-map"));
  call_(destination->backend, question.make(*destination),
        [this, question, to = *destination](const wire::Envelope* answer) {
          settle(question, to, answer);
        });
}

void Service::settle(const Question& question, const Destination& asked,
                     const wire::Envelope* answer) {
  if (answer == nullptr)
    return question.failed(internal_failure("the backend is not there, or does not answer"));
  switch (result_of(*answer)) {
    case wire::RESULT_OK:
      return question.answered(*answer, asked);
    case wire::RESULT_NOT_OWNER:
      return question.failed(internal_failure("the backend does not own the shard"));
    case wire::RESULT_LIMITED:
      return question.failed(
          {400, "ProvisionedThroughputExceededException",
           fmt::format("Rate exceeded for shard {}", http_api::shard_id(asked.shard))});
    case wire::RESULT_FULL:
      return question.failed(internal_failure("the backend has no room for more records"));
    default:
      return question.failed(internal_failure("the backend refused the record"));
  }
}

void Service::succeed(const Context& context, const Document& answer) {
  context.reply({200,
                 std::string(content_type_of(context.format)),
                 {{"x-amzn-RequestId", request_id()}},
                 answer.is_null() ? "" : write_answer(answer, context.format)});
}

void Service::fail(const Context& context, const ApiError& error) {
  context.reply(refusal(error.status, error.type, error.message, context.format));
}

HttpResponse Service::refusal(int status, std::string_view type, const std::string& message,
                              Format format) {
  return {status,
          std::string(content_type_of(format)),
          {{"x-amzn-RequestId", request_id()}},
          write_answer({{"__type", type}, {"message", message}}, format)};
}

/// RFC 9562, version 4.
std::string Service::request_id() {
  const std::uint64_t high = (random_() & ~0xf000ULL) | 0x4000;
  const std::uint64_t low = (random_() & ~(3ULL << 62)) | 2ULL << 62;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffffffffffff);
}

}  // namespace ceiling::frontend::kinesis
