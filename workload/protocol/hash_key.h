#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ceiling {

/// A point of a stream's hash space, 0 .. 2^128-1.
__extension__ typedef unsigned __int128 HashKey;

/// The MD5 of a partition key as a big-endian number: where the record belongs.
HashKey hash_key(std::string_view partition_key);

/// As the API writes it. Of what is no decimal number, begins with a needless zero, or is 2^128 and
/// more: nothing.
std::string to_decimal(HashKey key);
std::optional<HashKey> hash_key_of_decimal(std::string_view digits);

/// Both ends inclusive.
struct HashRange {
  HashKey first = 0;
  HashKey last = 0;
  bool contains(HashKey key) const { return first <= key && key <= last; }
  bool operator==(const HashRange&) const = default;
};

/// The range of shard `shard` (from 0) of a stream that was created with `shards` even shards: from
/// floor(shard·2^128/shards) to one below the next. Requires 0 <= shard < shards.
HashRange shard_range(int shard, int shards);

}  // namespace ceiling
