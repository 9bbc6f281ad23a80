#include "workload/client/pair.h"

#include <utility>

#include "workload/client/kinesis_json.h"

namespace ceiling {
namespace {

class Pair : public std::enable_shared_from_this<Pair> {
 public:
  Pair(Traffic& traffic, std::shared_ptr<Target> target, std::shared_ptr<HttpChannel> via,
       std::size_t shard, std::function<void(PairResult)> done)
      : traffic_(traffic),
        target_(std::move(target)),
        via_(std::move(via)),
        shard_(traffic.keys.shards()[shard]),
        key_(traffic.keys.fresh_key(shard)),
        data_("record " + key_),
        done_(std::move(done)) {}

  void put();

 private:
  wire::Operation operation(const char* kind) const;
  void stored(wire::Operation put, const Exchange& exchange);
  void read_back(const Stored& stored);
  void read(const wire::Operation& get, const Exchange& exchange);
  void unanswered(const wire::Operation& operation, const Exchange& exchange);

  Traffic& traffic_;
  std::shared_ptr<Target> target_;
  std::shared_ptr<HttpChannel> via_;
  const ShardKeys::Shard& shard_;
  std::string key_;
  std::string data_;
  std::function<void(PairResult)> done_;
};

wire::Operation Pair::operation(const char* kind) const {
  wire::Operation operation;
  operation.set_kind(kind);
  operation.set_frontend(target_->member.name());
  operation.set_stream(shard_.stream);
  operation.set_shard(-1);
  operation.set_key(key_);
  return operation;
}

void Pair::put() {
  auto put = traffic_.log.begin(operation("put"));
  via_->exchange(traffic_.requests.put(target_->member.http_address(), shard_.stream, key_, data_),
                 [self = shared_from_this(), put = std::move(put)](const Exchange& exchange) {
                   self->stored(put, exchange);
                 });
}

void Pair::stored(wire::Operation put, const Exchange& exchange) {
  if (exchange.end != Exchange::End::answered) return unanswered(put, exchange);
  if (exchange.status != 200) {
    traffic_.log.end(put, wire::PHASE_FAIL, error_name(exchange.status, exchange.body));
    return done_(PairResult::unroutable);
  }
  const auto stored = parse_stored(exchange.body);
  if (!stored) {
    traffic_.log.end(put, wire::PHASE_UNKNOWN, "answer without ShardId and SequenceNumber");
    return done_(PairResult::unroutable);
  }
  put.set_shard(stored->shard);
  put.set_sequence(stored->sequence);
  traffic_.log.end(put, wire::PHASE_OK);
  read_back(*stored);
}

void Pair::read_back(const Stored& stored) {
  auto get = operation("get");
  get.set_shard(stored.shard);
  get.set_sequence(stored.sequence);
  get = traffic_.log.begin(std::move(get));
  via_->exchange(traffic_.requests.get(target_->member.http_address(), shard_.stream, stored.shard,
                                       stored.sequence),
                 [self = shared_from_this(), get = std::move(get)](const Exchange& exchange) {
                   self->read(get, exchange);
                 });
}

void Pair::read(const wire::Operation& get, const Exchange& exchange) {
  if (exchange.end != Exchange::End::answered) return unanswered(get, exchange);
  const std::string problem = exchange.status == 200
                                  ? readback_problem(exchange.body, key_, data_, get.sequence())
                                  : error_name(exchange.status, exchange.body);
  traffic_.log.end(get, problem.empty() ? wire::PHASE_OK : wire::PHASE_FAIL, problem);
  // The frontend may have put it, and found it again, in a shard where it does not belong.
  const bool routable = problem.empty() && get.shard() == shard_.shard;
  done_(routable ? PairResult::routable : PairResult::unroutable);
}

void Pair::unanswered(const wire::Operation& operation, const Exchange& exchange) {
  const bool sent = exchange.end == Exchange::End::lost;
  traffic_.log.end(operation, sent ? wire::PHASE_UNKNOWN : wire::PHASE_FAIL, exchange.problem);
  done_(exchange.timed_out ? PairResult::no_answer : PairResult::unroutable);
}

}  // namespace

void put_and_read_back(Traffic& traffic, std::shared_ptr<Target> target,
                       std::shared_ptr<HttpChannel> via, std::size_t shard,
                       std::function<void(PairResult)> done) {
  std::make_shared<Pair>(traffic, std::move(target), std::move(via), shard, std::move(done))->put();
}

}  // namespace ceiling
