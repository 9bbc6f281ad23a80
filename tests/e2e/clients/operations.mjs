// Writes what a client asks for and what comes of it to CEILING_OPERATIONS, for `ceiling serve` to judge.
import { openSync, writeSync } from "node:fs";
import { join } from "node:path";

export const shardNumber = (shardId) => Number(shardId.slice(shardId.lastIndexOf("-") + 1));

// One client's; one line a write, so that a reader sees none in parts.
export class Operations {
  constructor(client) {
    this.file = openSync(join(process.env.CEILING_OPERATIONS, `${client}.jsonl`), "a");
    this.last = 0;
  }

  write(id, phase, what) {
    writeSync(this.file, `${JSON.stringify({ at_s: Date.now() / 1000, id, phase, ...what })}\n`);
  }

  begin(kind, stream, what) {
    this.write(++this.last, "invoke", { kind, stream, ...what });
    return this.last;
  }

  // A put ended well: an answer to PutRecord, or an entry of one to PutRecords.
  stored(id, { ShardId, SequenceNumber }) {
    this.write(id, "ok", { shard: shardNumber(ShardId), sequence: Number(SequenceNumber) });
  }

  // A page of a get.
  given(id, records) {
    for (const { PartitionKey, SequenceNumber } of records) {
      this.write(id, "ok", { key: PartitionKey, sequence: Number(SequenceNumber) });
    }
  }
}
