#include "tests/kernel/backend/history.h"

#include <fmt/format.h>

namespace ceiling::testing_programs {

void History::tried(const std::string& data) {
  const std::lock_guard lock(mutex_);
  tried_.insert(data);
}

void History::acknowledged(std::uint64_t sequence, const std::string& data) {
  const std::lock_guard lock(mutex_);
  acknowledged_[sequence].insert(data);
}

std::size_t History::acknowledged() const {
  const std::lock_guard lock(mutex_);
  return acknowledged_.size();
}

std::vector<std::string> History::seen(const std::vector<wire::Record>& records) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> wrong;
  std::vector<std::string> now;
  std::set<std::string> once;
  for (const wire::Record& record : records) {
    const std::uint64_t sequence = record.sequence();
    if (sequence != now.size() + 1) {
      wrong.push_back(fmt::format("{} comes where {} is due", sequence, now.size() + 1));
    }
    if (!once.insert(record.data()).second) {
      wrong.push_back(fmt::format("{} is there before, too", sequence));
    }
    if (!tried_.contains(record.data())) {
      wrong.push_back(fmt::format("{} was never put", sequence));
    }
    now.push_back(record.data());
  }
  for (const auto& [sequence, data] : acknowledged_) {
    if (data.size() > 1) wrong.push_back(fmt::format("{} was given twice", sequence));
    if (sequence < 1 || sequence > now.size()) {
      wrong.push_back(fmt::format("{} was acknowledged and is not there", sequence));
    } else if (!data.contains(now[sequence - 1])) {
      wrong.push_back(fmt::format("{} was acknowledged and is another record", sequence));
    }
  }
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    if (i >= now.size() || now[i] != seen_[i]) {
      wrong.push_back(fmt::format("{} was seen and is no more", i + 1));
    }
  }
  seen_ = std::move(now);
  return wrong;
}

}  // namespace ceiling::testing_programs
