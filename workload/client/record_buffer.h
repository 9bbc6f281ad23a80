#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace ceiling {

/// What a dependent keeps of the records that it could not put yet, the oldest first. A record that
/// is being put keeps its place until it is known how that ended. In a bounded buffer all but one
/// may be under way, so that there is always one to be dropped.
class RecordBuffer {
 public:
  enum class Policy {
    block,       ///< a full buffer takes nothing: who comes with a record has to wait
    grow,        ///< is never full
    drop_oldest  ///< a full buffer loses its oldest record for the new one
  };

  /// `capacity` records, those that are being put among them; at least 2, and of no meaning for
  /// `grow`. Throws std::invalid_argument.
  RecordBuffer(Policy policy, std::size_t capacity);

  /// False where it is full and nothing may be lost: the record was not taken.
  bool add(std::string record);
  /// The oldest record, to be put; nothing where no more may be under way.
  std::optional<std::string> take();
  /// One record that was taken is stored.
  void stored();
  /// One is not, and is the first to be taken again.
  void give_back(std::string record);

  std::size_t size() const { return records_.size() + taken_; }
  std::size_t under_way() const { return taken_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  Policy policy_;
  std::size_t capacity_;
  std::deque<std::string> records_;
  std::size_t taken_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace ceiling
