/** Spans as a collector gets them, over loopback, in what the exporter really sends. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { z } from "zod";
import type { Happening } from "../src/engine/happenings.ts";
import { openTraces } from "../src/traces.ts";
import { quiet } from "./quiet.ts";

const Spans = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({
        attributes: z.array(z.object({ key: z.string(), value: z.object({ stringValue: z.string() }) })),
      }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              name: z.string(),
              startTimeUnixNano: z.string(),
              endTimeUnixNano: z.string(),
              status: z.object({ code: z.number(), message: z.string().optional() }),
            }),
          ),
        }),
      ),
    }),
  ),
});
type Span = z.infer<typeof Spans>["resourceSpans"][number]["scopeSpans"][number]["spans"][number];

const got: { bot: string; span: Span }[] = [];
const collector = createServer(async (request, response) => {
  assert.equal(request.url, "/v1/traces");
  for (const { resource, scopeSpans } of Spans.parse(await json(request)).resourceSpans) {
    const bot = resource.attributes.find(({ key }) => key === "service.instance.id")?.value.stringValue ?? "";
    for (const span of scopeSpans.flatMap(({ spans }) => spans)) got.push({ bot, span });
  }
  response.writeHead(200, { "content-type": "application/json" }).end("{}");
});
let endpoint = "";
before(async () => {
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
});
after(() => collector.close());

/** The SDK takes a number that is smaller than the age of the process for one on its own clock. */
const NOW = Date.UTC(2026, 0, 1);
const ids = { session: "s1", turn: "m1", mention: null };
const BY_ONE: Happening[] = [
  {
    ...{ type: "inbound.handled", at: NOW + 1_030, bot: "one", what: "mention", surface: "slack", dedupe: "d" },
    ...{ receipt: { is: "accepted", session: "s1", mention: "m1" }, durationMs: 20 },
  },
  {
    type: "effect.done",
    at: NOW + 1_100,
    bot: "one",
    ...ids,
    turn: null,
    mention: "m1",
    effect: "check",
    id: "s1/0",
    attempt: 1,
    durationMs: 50,
  },
  {
    type: "stream.followed",
    at: NOW + 4_000,
    bot: "one",
    ...ids,
    turn: "m1",
    attempt: 1,
    entries: 4,
    durationMs: 2_000,
  },
];
const BY_ANOTHER: Happening[] = [
  {
    type: "stream.followed",
    at: NOW + 9_000,
    bot: "two",
    ...ids,
    turn: "m1",
    attempt: 1,
    entries: 9,
    durationMs: 3_000,
  },
  {
    ...{
      type: "effect.failed",
      at: NOW + 9_200,
      bot: "two",
      ...ids,
      effect: "answer",
      id: "s1/7",
      attempt: 1,
      durationMs: 100,
    },
    ...{ outcome: "again", code: "surface.unavailable", detail: "502", retryInMs: 500, cause: null },
  },
  {
    type: "effect.done",
    at: NOW + 9_900,
    bot: "two",
    ...ids,
    effect: "answer",
    id: "s1/7",
    attempt: 2,
    durationMs: 100,
  },
  {
    type: "effect.done",
    at: NOW + 9_950,
    bot: "two",
    ...ids,
    turn: null,
    effect: "sleep",
    id: "s1/8",
    attempt: 1,
    durationMs: 10,
  },
  {
    type: "mention.answered",
    at: NOW + 9_910,
    bot: "two",
    ...ids,
    mention: "m1",
    since: NOW + 1_000,
    outcome: "done",
    delivered: true,
  },
];

describe("the way from a mention to its answer", () => {
  before(async () => {
    for (const [bot, happenings] of [
      ["one", BY_ONE],
      ["two", BY_ANOTHER],
    ] as const) {
      const traces = openTraces({ endpoint, bot, log: quiet });
      happenings.forEach(traces.tell);
      await traces.close();
    }
  });

  test("is one trace, although two bots worked on it", () => {
    assert.equal(new Set(got.map(({ span }) => span.traceId)).size, 1);
    assert.match(got[0]?.span.traceId ?? "", /^[0-9a-f]{32}$/);
    assert.deepEqual(new Set(got.map(({ bot }) => bot)), new Set(["one", "two"]));
  });

  test("has a root from the mention to the answer, and everything below it", () => {
    const roots = got.filter(({ span }) => !span.parentSpanId).map(({ span }) => span);
    assert.deepEqual(
      roots.map(({ name, startTimeUnixNano, endTimeUnixNano }) => [name, startTimeUnixNano, endTimeUnixNano]),
      [["mention", `${NOW + 1_000}000000`, `${NOW + 9_910}000000`]],
    );
    const below = got.filter(({ span }) => span.parentSpanId).map(({ span }) => span);
    assert.deepEqual([...new Set(below.map(({ parentSpanId }) => parentSpanId))], [roots[0]?.spanId]);
    assert.deepEqual(
      below.map(({ name }) => name),
      ["receive", "check", "follow", "follow", "answer", "answer"],
    );
  });

  test("tells one span from another, and what failed from what did not", () => {
    assert.equal(new Set(got.map(({ span }) => span.spanId)).size, got.length);
    const failed = got.filter(({ span }) => span.status.code === 2).map(({ span }) => [span.name, span.status.message]);
    assert.deepEqual(failed, [["answer", "surface.unavailable: 502"]]);
  });
});

test("a mention without a turn of its own has a trace with an end, too", async () => {
  got.length = 0;
  const traces = openTraces({ endpoint, bot: "one", log: quiet });
  traces.tell({
    type: "mention.settled",
    at: NOW + 500,
    bot: "one",
    ...ids,
    mention: "m2",
    since: NOW + 400,
    how: "joined",
  });
  await traces.close();
  assert.deepEqual(
    got.map(({ span }) => [span.name, span.parentSpanId]),
    [["mention", undefined]],
  );
});

test("a collector that is away keeps nobody from stopping", async () => {
  const traces = openTraces({ endpoint: "http://127.0.0.1:9", bot: "one", log: quiet });
  for (const happening of BY_ONE) traces.tell(happening);
  await traces.close();
});
