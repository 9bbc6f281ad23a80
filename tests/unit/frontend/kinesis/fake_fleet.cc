#include "tests/unit/frontend/kinesis/fake_fleet.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "workload/protocol/http_api.h"
#include "workload/protocol/routes.h"

namespace ceiling::frontend::kinesis {
namespace {

wire::Stream stream(std::string name, std::uint32_t shards, std::string_view account) {
  wire::Stream made;
  made.set_name(std::move(name));
  made.set_shards(shards);
  made.set_account(std::string(account));
  made.set_created_ms(kThenMs);
  return made;
}

void add_shard(ShardMap& map, const wire::Stream& stream, int shard, const std::string& backend,
               std::uint64_t epoch) {
  wire::Slice slice;
  *slice.add_routes() = wire::make_route(
      stream, wire::shards_of(stream)[static_cast<std::size_t>(shard)], backend, epoch);
  map.add(slice);
}

const wire::Stream kOrders = stream("orders", 3, kFleetAccount);
const wire::Stream kTheirs = stream("theirs", 1, kOtherAccount);

}  // namespace

FakeFleet::FakeFleet()
    : backend([](const Call& call) {
        const auto answer = stored(call);
        call.done(&answer);
      }),
      service(
          loop.get_executor(), map, std::string(kToken),
          [this](const std::string& to, wire::Envelope request, Service::Done done) {
            const Call call{to, std::move(request), std::move(done)};
            calls.push_back(call);
            backend(call);
          },
          [this](wire::Change change, const Service::Changed& done) {
            changes.push_back(std::move(change));
            done(change_done);
          }) {
  wire::Configuration configuration;
  *configuration.add_streams() = kOrders;
  *configuration.add_streams() = kTheirs;
  configuration.add_accounts(std::string(kOtherAccount));
  service.configure(configuration);
  publish(7);
}

void FakeFleet::publish(std::uint64_t epoch) {
  ShardMap built(epoch);
  for (int shard = 0; shard < 3; ++shard) {
    add_shard(built, kOrders, shard, fmt::format("b{}", shard), epoch);
  }
  add_shard(built, kTheirs, 0, "b0", epoch);
  map.replace(std::move(built));
}

void FakeFleet::publish(std::uint64_t epoch, const std::vector<ShardAt>& shards) {
  ShardMap built(epoch);
  for (const auto& [shard, at] : shards) add_shard(built, kOrders, shard, at, epoch);
  map.replace(std::move(built));
}

HttpRequest FakeFleet::request(std::string_view operation, std::string body, Format format,
                               std::string_view account, std::string_view token) const {
  HttpRequest made{"POST", "/", {}, std::move(body)};
  made.headers = {{"host", "127.0.0.1"},
                  {"content-type", std::string(content_type_of(format))},
                  {"x-amz-date", sigv4::amz_date(std::chrono::system_clock::now())},
                  {"x-amz-target", fmt::format("{}{}", http_api::kTargetPrefix, operation)}};
  std::vector<sigv4::Header> headers;
  for (const auto& [name, value] : made.headers) headers.push_back({name, value});
  sigv4::Signer signer(
      {access_key_of(kToken, account), secret_key_of(token, account), std::string(account)},
      std::string(kRegion));
  const std::string signature =
      signer.authorization({made.method, made.target, headers, made.body});
  made.headers.emplace_back("authorization", signature);
  return made;
}

FakeFleet::Answered FakeFleet::send(const HttpRequest& request) {
  auto answered = std::make_shared<std::optional<HttpResponse>>();
  service.handle(request, [answered](HttpResponse response) {
    if (*answered) throw std::logic_error("answered twice");
    *answered = std::move(response);
  });
  return answered;
}

FakeFleet::Answered FakeFleet::send(std::string_view operation, const Document& body,
                                    std::string_view account) {
  return send(request(operation, body.dump(), Format::json, account));
}

Document FakeFleet::good(std::string_view operation, const Document& body,
                         std::string_view account) {
  const auto answered = send(operation, body, account);
  if (!*answered) throw std::logic_error("not answered");
  if ((*answered)->status != 200) throw std::logic_error(error_in(**answered));
  return Document::parse((*answered)->body);
}

std::string FakeFleet::bad(std::string_view operation, const Document& body,
                           std::string_view account) {
  const auto answered = send(operation, body, account);
  return *answered ? error_in(**answered) : "not answered";
}

wire::Envelope stored(const FakeFleet::Call& call) {
  wire::Envelope answer;
  if (call.request.has_put()) {
    answer.mutable_put_done()->set_result(wire::RESULT_OK);
    answer.mutable_put_done()->set_sequence(42);
    return answer;
  }
  wire::GetDone& done = *answer.mutable_get_done();
  done.set_result(wire::RESULT_OK);
  for (const std::uint64_t sequence : {42, 43}) {
    wire::Record& record = *done.add_records();
    record.set_sequence(sequence);
    record.set_partition_key("key");
    record.set_data("data");
    record.set_arrived_ms(kThenMs);
  }
  done.set_next_sequence(44);
  done.set_more(true);
  done.set_latest_arrived_ms(kThenMs + 1500);
  return answer;
}

wire::Envelope refused(const FakeFleet::Call& call, wire::Result result) {
  wire::Envelope answer;
  if (call.request.has_put()) {
    answer.mutable_put_done()->set_result(result);
  } else {
    answer.mutable_get_done()->set_result(result);
  }
  return answer;
}

std::string error_in(const HttpResponse& response) {
  const Document body = response.content_type == content_type_of(Format::json)
                            ? Document::parse(response.body)
                            : Document::from_cbor(response.body);
  return fmt::format("{} {}: {}", response.status, body.value("__type", std::string("no error")),
                     body.value("message", std::string()));
}

}  // namespace ceiling::frontend::kinesis
