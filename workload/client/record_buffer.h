#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace ceiling {

/// What a dependent keeps of the records that it could not put yet, the oldest first. A record that
/// is being put keeps its place until it is known how that ended. One at a time is.
class RecordBuffer {
 public:
  enum class Policy {
    block,       ///< a full buffer takes nothing: who comes with a record has to wait
    grow,        ///< is never full
    drop_oldest  ///< a full buffer loses its oldest record for the new one
  };

  /// `capacity` records, the one that is being put among them; at least 2, and of no meaning for
  /// `grow`. Throws std::invalid_argument.
  RecordBuffer(Policy policy, std::size_t capacity);

  /// False where it is full and nothing may be lost: the record was not taken.
  bool add(std::string record);
  /// The oldest record, to be put; nothing while there is none or one is being put already.
  std::optional<std::string> take();
  /// The record that was taken is stored.
  void stored();
  /// It is not, and is the oldest again.
  void give_back(std::string record);

  std::size_t size() const { return records_.size() + (taken_ ? 1 : 0); }
  std::uint64_t dropped() const { return dropped_; }

 private:
  Policy policy_;
  std::size_t capacity_;
  std::deque<std::string> records_;
  bool taken_ = false;
  std::uint64_t dropped_ = 0;
};

}  // namespace ceiling
