#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "messages.pb.h"
#include "workload/frontend/http_message.h"
#include "workload/frontend/kinesis/api_error.h"
#include "workload/frontend/kinesis/body.h"
#include "workload/frontend/shard_map.h"
#include "workload/protocol/signature_v4.h"

namespace ceiling::frontend::kinesis {

/// The Kinesis Data Streams API of one frontend, on the http thread: who asks is authenticated,
/// what is asked is validated, and a shard's request goes to the backend that the published map
/// names. A shard that the map does not route is answered 500 InternalFailure, as in the outage. A
/// backend that does not own a shard any more is asked once again, when the map has changed.
class Service {
 public:
  /// The answer, or nullptr when it is not known whether it was done.
  using Done = std::function<void(const wire::Envelope*)>;
  using Call = std::function<void(const std::string& backend, wire::Envelope request, Done done)>;

  /// Called on the http thread, once, when membership has answered.
  using Changed = std::function<void(const wire::ChangeDone&)>;
  using Change = std::function<void(wire::Change change, Changed done)>;

  /// `map` and what `call` and `change` need outlive this.
  Service(boost::asio::any_io_executor executor, const PublishedMap& map, std::string token,
          Call call, Change change);

  /// Streams and accounts; before the first one only the fleet's account is known, and no stream.
  void configure(const wire::Configuration& configuration);
  void map_changed();
  void handle(const HttpRequest& request, Reply reply);

  /// The shape of every refusal, also of what is no request.
  HttpResponse refusal(int status, std::string_view type, const std::string& message,
                       Format format = Format::json);

 private:
  /// One request under way.
  struct Context {
    Reply reply;
    Format format = Format::json;
    std::string account;
    Document request;
  };
  using Shared = std::shared_ptr<Context>;

  /// A request to the backend of one shard.
  struct Question {
    std::function<std::optional<Destination>()> find;
    std::function<wire::Envelope(const Destination&)> make;
    std::function<void(const wire::Envelope&, const Destination&)> answered;
    std::function<void(const ApiError&)> failed;
  };

  std::string authenticate(const HttpRequest& request);
  void dispatch(std::string_view operation, const Shared& context);
  void create_stream(const Shared& context);
  void delete_stream(const Shared& context);
  void split_shard(const Shared& context);
  void merge_shards(const Shared& context);
  void describe_stream(const Shared& context);
  void describe_stream_summary(const Shared& context);
  void get_records(const Shared& context);
  void get_shard_iterator(const Shared& context);
  void list_shards(const Shared& context);
  void list_streams(const Shared& context);
  void put_record(const Shared& context);
  void put_records(const Shared& context);

  const wire::Stream& stream_of(const Context& context) const;
  const wire::Stream& stream_named(const std::string& account, const std::string& name) const;
  /// By id; nullptr: there is none.
  const wire::Stream* stream_with(const std::string& id) const;
  /// Those that a closed shard was split or merged into; empty for an open one.
  Document child_shards(const std::string& stream_id, int shard) const;
  Question put_question(const Document& record, const std::string& stream) const;
  Question get_question(const std::string& stream, int shard, const wire::Get& get) const;
  Document common_description(const Context& context, const wire::Stream& stream);
  std::string_view status_of(const wire::Stream& stream);
  void ask_membership(const Shared& context, wire::Change change);
  void ask(Question question);
  void ask_again(Question question, const Destination& refused);
  void ask_last(const Question& question);
  void settle(const Question& question, const Destination& asked, const wire::Envelope* answer);
  void succeed(const Context& context, const Document& answer);
  void fail(const Context& context, const ApiError& error);
  std::string seal_iterator(const Context& context, const std::string& stream, int shard,
                            std::uint64_t sequence) const;
  std::string request_id();

  boost::asio::any_io_executor executor_;
  const PublishedMap& map_;
  std::string token_;
  Call call_;
  Change change_;
  /// Of each stream that a client has made, by id: so many of its shards have been routed.
  std::map<std::string, int> routed_;
  std::optional<wire::Configuration> configuration_;
  std::optional<sigv4::Verifier> verifier_;
  std::list<boost::asio::steady_timer> waiting_;  // for another map
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace ceiling::frontend::kinesis
