#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "messages.pb.h"

namespace ceiling::testing_programs {

/// What writers did to one shard, and what readers saw of it, across the lives of its backend.
/// Every record's data is put once only. For several threads at once.
class History {
 public:
  void tried(const std::string& data);
  void acknowledged(std::uint64_t sequence, const std::string& data);
  std::size_t acknowledged() const;

  /// What is wrong with all records of the shard, as they are read now; empty: nothing. Nothing
  /// acknowledged or seen before is missing, nothing is there twice, or was never put, and sequence
  /// numbers rise from 1 without a gap.
  std::vector<std::string> seen(const std::vector<wire::Record>& records);

 private:
  mutable std::mutex mutex_;
  std::set<std::string> tried_;
  std::map<std::uint64_t, std::set<std::string>> acknowledged_;  // one each, or it was given twice
  std::vector<std::string> seen_;
};

}  // namespace ceiling::testing_programs
