#include "workload/client/operation_log.h"

namespace ceiling {

wire::Operation OperationLog::begin(wire::Operation operation) {
  operation.set_id(next_id_++);
  operation.set_phase(wire::PHASE_INVOKE);
  sink_(operation);
  return operation;
}

void OperationLog::end(wire::Operation operation, wire::Phase phase, const std::string& error) {
  const bool ok = phase == wire::PHASE_OK;
  if (operation.kind() == "put") {
    ++(ok ? counts_.puts_ok : counts_.puts_failed);
  } else {
    ++(ok ? counts_.gets_ok : counts_.gets_failed);
  }
  operation.set_phase(phase);
  operation.set_error(error);
  sink_(operation);
}

void OperationLog::found(const std::string& stream, int shard, const wire::Record& record) {
  wire::Operation operation;
  operation.set_id(next_id_++);
  operation.set_phase(wire::PHASE_OK);
  operation.set_kind("audit");
  operation.set_stream(stream);
  operation.set_shard(shard);
  operation.set_key(record.partition_key());
  operation.set_sequence(record.sequence());
  sink_(operation);
}

std::uint64_t OperationLog::ended() const {
  return counts_.puts_ok + counts_.puts_failed + counts_.gets_ok + counts_.gets_failed;
}

}  // namespace ceiling
