// Puts numbered records with the JavaScript SDK as it comes until its input ends, a line of JSON each.
import { setTimeout } from "node:timers/promises";

import { KinesisClient, PutRecordCommand } from "@aws-sdk/client-kinesis";

import { Operations } from "./operations.mjs";

const [stream] = process.argv.slice(2);
const operations = new Operations(stream);
const client = new KinesisClient({});
let wanted = true;
process.stdin.on("data", () => {}).on("end", () => (wanted = false));
for (let n = 0; wanted; ++n) {
  const began = performance.now();
  const line = { n, at: Date.now() / 1000 };
  const id = operations.begin("put", stream, { key: "key" });
  try {
    const answer = await client.send(
      new PutRecordCommand({ StreamName: stream, PartitionKey: "key", Data: Buffer.from(`${n}`) }));
    operations.stored(id, answer);
    Object.assign(line, { ok: true, attempts: answer.$metadata.attempts });
  } catch (error) {
    // Only the last of several attempts is known of: another one may have been stored.
    const { httpStatusCode, attempts } = error.$metadata ?? {};
    operations.write(id, httpStatusCode && attempts === 1 ? "fail" : "unknown");
    Object.assign(line, { ok: false, error: error.name, attempts: error.$metadata?.attempts ?? 1 });
  }
  line.ms = performance.now() - began;
  console.log(JSON.stringify(line));
  await setTimeout(20); // 50 a second at most: the limits of a shard are not what is tried
}
client.destroy();
