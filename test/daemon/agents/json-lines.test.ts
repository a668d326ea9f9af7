/** One value per LF, whatever else a string may hold, and however the bytes arrive. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { readJsonLines, toJsonLine } from "../../../src/daemon/agents/json-lines.ts";

async function read(...chunks: Buffer[]): Promise<unknown[]> {
  const values: unknown[] = [];
  const stream = Readable.from(chunks, { objectMode: false });
  readJsonLines(stream, (value) => values.push(value));
  await new Promise((resolve) => stream.on("end", resolve));
  return values;
}

test("line separators of Unicode and characters of several bytes survive any cut", async () => {
  const value = { text: "a\u2028b\u2029c\u0085d ü 👍 \n" };
  const bytes = Buffer.from(toJsonLine(value));
  for (let cut = 1; cut < bytes.length; cut++) {
    assert.deepEqual(await read(bytes.subarray(0, cut), bytes.subarray(cut)), [value]);
  }
});

test("several lines in one piece, CRLF, empty lines and noise", async () => {
  assert.deepEqual(await read(Buffer.from('1\r\n\nnot json\n{"a":2}\n3')), [1, { a: 2 }]);
});

test("what is no value is told by itself, and so is a last line that was cut off", async () => {
  const other: string[] = [];
  const stream = Readable.from([Buffer.from('{"a": 1}\nWarning: no\n\n{"a"'), Buffer.from(": panic")], {
    objectMode: false,
  });
  const lines: string[] = [];
  readJsonLines(
    stream,
    (_value, line) => lines.push(line),
    (line) => other.push(line),
  );
  await new Promise((resolve) => stream.on("end", resolve));
  assert.deepEqual([lines, other], [['{"a": 1}'], ["Warning: no", '{"a": panic']]);
});
