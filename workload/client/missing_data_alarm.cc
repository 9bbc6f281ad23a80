#include "workload/client/missing_data_alarm.h"

#include <fmt/format.h>

namespace ceiling {
namespace {

// A page of the largest records that dependents put stays below HttpChannel::kMaxAnswerBytes.
constexpr int kPageRecords = 10;
constexpr int kReadsInTime = 20;  // shards that are read in `missing_after`

}  // namespace

MissingDataAlarm::MissingDataAlarm(boost::asio::any_io_executor executor,
                                   std::chrono::milliseconds missing_after,
                                   const std::string& token, FrontendPool& frontends)
    : missing_after_(missing_after), frontends_(frontends), requests_(token), timer_(executor) {
  wait();
}

void MissingDataAlarm::wait() {
  timer_.expires_after(missing_after_ / kReadsInTime);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    if (!reading_) read();
    wait();
  });
}

MissingDataAlarm::Shard MissingDataAlarm::next_shard() {
  std::size_t number = turn_++;
  std::size_t all = 0;
  for (const wire::Stream& stream : frontends_.streams()) all += stream.shards();
  number %= all;
  for (const wire::Stream& stream : frontends_.streams()) {
    if (number < stream.shards()) return {stream.name(), static_cast<int>(number)};
    number -= stream.shards();
  }
  return {};
}

void MissingDataAlarm::read() {
  const FrontendPool::Frontend* frontend =
      frontends_.streams().empty() ? nullptr : frontends_.next();
  if (frontend == nullptr) return;
  reading_ = true;
  const Shard shard = next_shard();
  const std::uint64_t from = from_.try_emplace(shard, 1).first->second;
  frontends_.exchange(
      *frontend, requests_.get(frontend->address, shard.first, shard.second, from, kPageRecords),
      [this, shard](const Exchange& exchange) {
        reading_ = false;
        if (exchange.end != Exchange::End::answered || exchange.status != 200) return;
        const auto last = last_sequence(exchange.body);
        if (!last) return;
        from_[shard] = *last + 1;
        last_record_ = Clock::now();
      });
}

Health MissingDataAlarm::health() const {
  if (!last_record_) return {.reason = "no record has come yet"};
  if (Clock::now() - *last_record_ <= missing_after_) return {.ok = true};
  return {.reason = fmt::format("no record has come for {} ms", missing_after_.count())};
}

}  // namespace ceiling
