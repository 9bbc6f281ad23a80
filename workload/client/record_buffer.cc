#include "workload/client/record_buffer.h"

#include <stdexcept>
#include <utility>

namespace ceiling {

RecordBuffer::RecordBuffer(Policy policy, std::size_t capacity)
    : policy_(policy), capacity_(capacity) {
  if (policy != Policy::grow && capacity < 2) {
    throw std::invalid_argument("a bounded buffer has room for at least 2 records");
  }
}

bool RecordBuffer::add(std::string record) {
  if (policy_ != Policy::grow && size() >= capacity_) {
    if (policy_ == Policy::block) return false;
    records_.pop_front();
    ++dropped_;
  }
  records_.push_back(std::move(record));
  return true;
}

std::optional<std::string> RecordBuffer::take() {
  const bool all_but_one = policy_ != Policy::grow && taken_ + 1 == capacity_;
  if (all_but_one || records_.empty()) return std::nullopt;
  ++taken_;
  std::string record = std::move(records_.front());
  records_.pop_front();
  return record;
}

void RecordBuffer::stored() {
  --taken_;
}

void RecordBuffer::give_back(std::string record) {
  --taken_;
  records_.push_front(std::move(record));
}

}  // namespace ceiling
