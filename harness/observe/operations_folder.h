#pragma once

#include <string>

#include "cgroups/descriptor.h"
#include "harness/observe/recorder.h"

namespace ceiling {

/// The folder of a run in which clients of the user's write what they asked for and what came of
/// it: NAME.jsonl each, as in client_log.h.
class OperationsFolder {
 public:
  /// `folder` is open for reading.
  explicit OperationsFolder(Descriptor folder) : folder_(std::move(folder)) {}

  /// Records what is there now, and of every file how much that was (`client`). Whoever may write
  /// there is not trusted: no link is followed, nothing but regular files of up to 64 MiB is read,
  /// at most 200 of them and 1 GiB in all. What cannot be taken in is named as damage; a last line
  /// without its end is still being written and passed over. Throws HostError (Recorder).
  void take_into(Recorder& recorder) const;

 private:
  Descriptor folder_;
};

}  // namespace ceiling
