// Create, put, list, read to the end, split, read across the split, with the JavaScript SDK as it comes.
// Prints what it read, in order, as one line of JSON.
import {
  CreateStreamCommand, GetRecordsCommand, GetShardIteratorCommand, KinesisClient, ListShardsCommand,
  PutRecordCommand, PutRecordsCommand, SplitShardCommand, waitUntilStreamExists,
} from "@aws-sdk/client-kinesis";

import { Operations, shardNumber } from "./operations.mjs";

const [StreamName] = process.argv.slice(2);
const client = new KinesisClient({});
const operations = new Operations(StreamName);
const begin = () => operations.begin("put", StreamName, { key: "key" });
const put = async (first, end) => {
  for (let n = first; n < end; ++n) {
    const id = begin();
    operations.stored(id, await client.send(
      new PutRecordCommand({ StreamName, PartitionKey: "key", Data: Buffer.from(`${n}`) })));
  }
};
const active = () => waitUntilStreamExists({ client, maxWaitTime: 30, minDelay: 1 }, { StreamName });
const shards = async () => (await client.send(new ListShardsCommand({ StreamName }))).Shards;

await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
await active();
await put(0, 20);
const batch = Array.from({ length: 20 }, (_, i) => (
  { PartitionKey: "key", Data: Buffer.from(`${20 + i}`) }));
const ids = batch.map(begin);
const { FailedRecordCount, Records } = await client.send(
  new PutRecordsCommand({ StreamName, Records: batch }));
if (FailedRecordCount) throw new Error(`${FailedRecordCount} of ${batch.length} records failed`);
Records.forEach((record, i) => operations.stored(ids[i], record));
const [{ ShardId }] = await shards();
const middle = (1n << 127n).toString();
await client.send(
  new SplitShardCommand({ StreamName, ShardToSplit: ShardId, NewStartingHashKey: middle }));
await active();
await put(40, 60);
const read = [];
for (const shard of await shards()) {
  let { ShardIterator } = await client.send(new GetShardIteratorCommand(
    { StreamName, ShardId: shard.ShardId, ShardIteratorType: "TRIM_HORIZON" }));
  const id = operations.begin("get", StreamName, { shard: shardNumber(shard.ShardId) });
  for (let empty = false; ShardIterator && !empty;) {
    const page = await client.send(new GetRecordsCommand({ ShardIterator }));
    operations.given(id, page.Records);
    for (const { Data } of page.Records) read.push(Number(Buffer.from(Data)));
    empty = page.Records.length === 0 && page.MillisBehindLatest === 0;
    ShardIterator = page.NextShardIterator;
  }
}
console.log(JSON.stringify({ read, shards: (await shards()).length }));
client.destroy();
