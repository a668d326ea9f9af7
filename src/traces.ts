/**
 * OpenTelemetry: a mention's way to its answer as one trace, whichever bots worked on it and however often they were restarted. No span is
 * carried along: the ids of a trace and of its root are made from the id of the mention, so that every bot knows them. Loaded only with
 * OTEL_EXPORTER_OTLP_ENDPOINT.
 */
import { createHash } from "node:crypto";
import { type Attributes, ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import about from "../package.json" with { type: "json" };
import type { Ms } from "./core/types.ts";
import type { Happening, Tell } from "./engine/happenings.ts";
import type { Log } from "./log.ts";

export interface Traces {
  tell: Tell;
  /** Sends what is left, within `SENT_WITHIN_MS`. Never rejects. */
  close(): Promise<void>;
}

/** A bot that stops has ten seconds for everything. */
const SENT_WITHIN_MS = 3_000;

/** `endpoint` is where OTLP over HTTP is taken, without `/v1/traces`. */
export function openTraces({ endpoint, bot, log }: { endpoint: string; bot: string; log: Log }): Traces {
  const url = `${endpoint.replace(/\/+$/, "")}/v1/traces`;
  const exporter = telling(new OTLPTraceExporter({ url, timeoutMillis: SENT_WITHIN_MS }), log);
  const made = nextIds();
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      "service.name": "threadbox",
      "service.version": about.version,
      "service.instance.id": bot,
    }),
    idGenerator: made.generator,
    // Bounded (2048 spans), and what does not fit is dropped: a collector that is away costs no memory.
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: SENT_WITHIN_MS })],
  });
  const tracer = provider.getTracer("threadbox");
  return {
    tell(happening) {
      const drawn = spanOf(happening);
      if (!drawn) return;
      const ids = { traceId: digest(`trace ${drawn.mention}`, 16), spanId: digest(drawn.id, 8) };
      made.next(ids);
      const parent = { traceId: ids.traceId, spanId: digest(rootOf(drawn.mention), 8) };
      const context = drawn.isRoot
        ? ROOT_CONTEXT
        : trace.setSpanContext(ROOT_CONTEXT, { ...parent, traceFlags: TraceFlags.SAMPLED, isRemote: true });
      const { startAt: startTime, attributes } = drawn;
      const span = tracer.startSpan(drawn.name, { startTime, attributes, kind: drawn.kind }, context);
      if (drawn.failed !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: drawn.failed });
      span.end(drawn.endAt);
    },
    close: () => provider.shutdown().catch(() => undefined),
  };
}

/** One span as it will be, its ids not yet spelled. */
export interface Drawn {
  /** The trace that it belongs to. */
  mention: string;
  /** The same span has the same id, in whichever bot. */
  id: string;
  isRoot: boolean;
  name: string;
  kind: SpanKind;
  startAt: Ms;
  endAt: Ms;
  attributes: Attributes;
  /** Why, in one line. */
  failed: string | null;
}

/** Null for what belongs to no mention, or takes no time. */
export function spanOf(happening: Happening): Drawn | null {
  const { at: endAt, type } = happening;
  const bot = happening.bot ?? "";
  const span = (mention: string | null, took: Ms, rest: Pick<Drawn, "id" | "name"> & Partial<Drawn>): Drawn | null =>
    mention === null
      ? null
      : {
          ...{
            mention,
            isRoot: false,
            kind: SpanKind.INTERNAL,
            startAt: endAt - Math.max(0, took),
            endAt,
            failed: null,
            ...rest,
          },
          attributes: attributesOf({ bot, mention, ...rest.attributes }),
        };
  switch (type) {
    case "inbound.handled": {
      const { receipt, surface, dedupe, durationMs } = happening;
      const mention = "mention" in receipt ? receipt.mention : null;
      const session = "session" in receipt ? receipt.session : null;
      const attributes = { session, surface, dedupe, receipt: receipt.is };
      return span(mention, durationMs, {
        id: `receive ${mention}`,
        name: "receive",
        kind: SpanKind.SERVER,
        attributes,
      });
    }
    case "effect.done":
    case "effect.failed": {
      const { session, turn, effect, id, attempt, durationMs } = happening;
      const failed = type === "effect.failed" ? `${happening.code}: ${happening.detail}` : null;
      const attributes = { session, turn, effect, id, attempt };
      const key = `${id} ${attempt} ${bot}`;
      return span(turn ?? happening.mention, durationMs, { id: key, name: effect, failed, attributes });
    }
    case "stream.followed": {
      const { session, turn, attempt, entries, durationMs } = happening;
      const attributes = { session, turn, attempt, entries };
      return span(turn, durationMs, { id: `follow ${turn} ${attempt} ${bot} ${endAt}`, name: "follow", attributes });
    }
    case "mention.answered": {
      const { session, mention, outcome, delivered, since } = happening;
      const failed = outcome === "done" && delivered ? null : delivered ? outcome : "the answer could not be posted";
      const attributes = { session, turn: mention, outcome, delivered };
      return span(mention, endAt - since, { ...rootNamed(mention), failed, attributes });
    }
    case "mention.settled": {
      const { session, turn, mention, how, since } = happening;
      return span(mention, endAt - since, { ...rootNamed(mention), attributes: { session, turn, outcome: how } });
    }
    case "session.decided":
    case "turn.started":
    case "turn.ended":
    case "sandbox.started":
    case "feedback.given":
    case "session.taken-over":
    case "holder.failed":
      return null;
    default:
      return happening satisfies never;
  }
}

const rootOf = (mention: string): string => `root ${mention}`;
const rootNamed = (mention: string) => ({ id: rootOf(mention), isRoot: true, name: "mention", kind: SpanKind.SERVER });

const attributesOf = (fields: Record<string, unknown>): Attributes =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      typeof value === "string" || typeof value === "number" || typeof value === "boolean"
        ? [[`threadbox.${name}`, value]]
        : [],
    ),
  );

const digest = (text: string, bytes: number): string =>
  createHash("sha256")
    .update(text)
    .digest("hex")
    .slice(0, bytes * 2);

/** The SDK asks for ids while a span is begun, and nothing else happens in between. */
function nextIds() {
  let ids = { traceId: "", spanId: "" };
  return {
    next(next: typeof ids): void {
      ids = next;
    },
    generator: { generateTraceId: () => ids.traceId, generateSpanId: () => ids.spanId },
  };
}

/** What is not sent is lost, and that stands in the log. */
function telling(exporter: SpanExporter, log: Log): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.error) log.warn({ spans: spans.length, detail: result.error.message }, "traces.not-sent");
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
