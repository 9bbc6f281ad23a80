#include "workload/client/frontend_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "workload/client/membership_news.h"
#include "workload/protocol/connection.h"
#include "workload/protocol/process.h"

namespace ceiling {

FrontendPool::FrontendPool(boost::asio::any_io_executor executor, Options options, Ended ended)
    : executor_(std::move(executor)), options_(std::move(options)), ended_(std::move(ended)) {
  follow_membership(executor_, options_.membership, options_.token, options_.name,
                    {.configuration =
                         [this](const wire::Configuration& configuration) {
                           streams_.assign(configuration.streams().begin(),
                                           configuration.streams().end());
                         },
                     .members = [this](const wire::Members& members) { follow(members); },
                     .lost =
                         [this] {
                           // With the frontends at hand it goes on: only news of members will be
                           // missing.
                           if (streams_.empty()) ended_(wire::kHost);
                         }});
}

FrontendPool::~FrontendPool() {
  for (const Frontend& frontend : frontends_) frontend.channel->abandon();
}

const FrontendPool::Frontend* FrontendPool::next() {
  for (std::size_t tried = 0; tried < frontends_.size(); ++tried) {
    turn_ = (turn_ + 1) % frontends_.size();
    if (!busy_.contains(frontends_[turn_].address)) return &frontends_[turn_];
  }
  return nullptr;
}

void FrontendPool::exchange(const Frontend& with, std::string request, HttpChannel::Done done) {
  busy_.insert(with.address);
  with.channel->exchange(std::move(request),
                         [this, address = with.address, done = std::move(done)](Exchange exchange) {
                           busy_.erase(address);
                           done(std::move(exchange));
                         });
}

void FrontendPool::follow(const wire::Members& members) {
  std::vector<Frontend> frontends;
  for (const wire::Member& member : members.members()) {
    const auto known = std::find_if(
        frontends_.begin(), frontends_.end(),
        [&](const Frontend& frontend) { return frontend.address == member.http_address(); });
    if (known != frontends_.end()) {
      frontends.push_back(*known);
      continue;
    }
    try {
      frontends.push_back(
          {member.http_address(),
           std::make_shared<HttpChannel>(executor_, wire::endpoint_of(member.http_address()),
                                         options_.timeout)});
    } catch (const std::invalid_argument& wrong) {
      throw wire::ProtocolError(fmt::format("frontend {}: {}", member.name(), wrong.what()));
    }
  }
  frontends_ = std::move(frontends);
}

}  // namespace ceiling
