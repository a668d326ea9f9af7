/** Socket Mode: hands events over WebSockets, waits for each to be acknowledged, and hands them over again when it was not. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import type { Clock } from "../../../src/clock.ts";
import { isRecord } from "./blocks.ts";
import type { Attempt, Courier, Delivery, RetryReason } from "./deliveries.ts";
import type { Faults } from "./faults.ts";
import { countUp } from "./ids.ts";
import { parsed } from "./request-body.ts";
import type { RequestLog } from "./request-log.ts";
import type { Workspace } from "./types.ts";

export interface SocketOptions {
  ws: Workspace;
  clock: Clock;
  faults: Faults;
  log: RequestLog;
  ackWithinMs: number;
  pingEveryMs: number;
}

export interface SocketSide extends Courier {
  /** An address for one connection. */
  newUrl(): string;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  connections(): number;
  /** Slack's polite request to come back on a new connection. */
  disconnect(reason?: "warning" | "refresh_requested" | "link_disabled"): void;
  /** Cuts the lines without a word. */
  drop(): void;
  close(): void;
}

interface Line {
  socket: WebSocket;
  /** False once it was asked to go: nothing new is sent there. */
  open: boolean;
}

/** An envelope on its way, or waiting for a line. */
interface Envelope {
  id: string;
  delivery: Delivery;
  retryNum: number;
  retryReason: RetryReason | "";
  sentAt: number;
  line: Line | undefined;
  loseAnswer: boolean;
  callOffTimer: () => void;
  finish: () => void;
}

interface Exchange {
  options: SocketOptions;
  server: WebSocketServer;
  tickets: Set<string>;
  lines: Set<Line>;
  envelopes: Map<string, Envelope>;
}

const maxRetries = 3;
const envelopeTypes = { event: "events_api", interactive: "interactive", command: "slash_commands" } as const;

export function socketSide(options: SocketOptions): SocketSide {
  const exchange: Exchange = {
    options,
    server: new WebSocketServer({ noServer: true }),
    tickets: new Set(),
    lines: new Set(),
    envelopes: new Map(),
  };
  return {
    carry: (delivery) => new Promise((resolve) => handOver(exchange, newEnvelope(exchange, delivery, resolve))),
    newUrl() {
      const ticket = `ticket-${countUp(options.ws, "ticket")}`;
      exchange.tickets.add(ticket);
      return `${options.ws.origin.replace("http", "ws")}/link/?ticket=${ticket}&app_id=${options.ws.app.id}`;
    },
    upgrade: (request, socket, head) => accept(exchange, request, socket, head),
    connections: () => [...exchange.lines].filter((line) => line.open).length,
    disconnect(reason = "refresh_requested") {
      for (const line of exchange.lines) {
        line.open = false;
        line.socket.send(JSON.stringify({ type: "disconnect", reason, debug_info: { host: "emulator" } }));
      }
    },
    drop() {
      for (const line of exchange.lines) line.socket.terminate();
    },
    close() {
      for (const line of exchange.lines) line.socket.terminate();
      for (const envelope of exchange.envelopes.values()) giveUp(exchange, envelope);
      exchange.server.close();
    },
  };
}

/** A ticket opens one connection; then Slack says hello, and sends what waited. */
function accept(exchange: Exchange, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { options, tickets } = exchange;
  const ticket = new URL(request.url ?? "/", "http://slack").searchParams.get("ticket") ?? "";
  if (!tickets.delete(ticket)) {
    socket.end("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n");
    return;
  }
  exchange.server.handleUpgrade(request, socket, head, (opened) => {
    const line: Line = { socket: opened, open: true };
    exchange.lines.add(line);
    options.log.add({ route: "IN ws socket-mode", args: {}, atMs: options.clock.now(), status: 101, ok: true });
    // The client reconnects when it hears no ping for half a minute. Real time: its own watch cannot be wound by hand.
    const pings = setInterval(() => opened.ping(`Ping from ${options.ws.app.id}`), options.pingEveryMs).unref();
    opened.on("message", (data) => acknowledged(exchange, data));
    opened.on("error", () => opened.terminate());
    opened.on("close", () => {
      clearInterval(pings);
      hungUp(exchange, line);
    });
    opened.send(JSON.stringify(hello(exchange)));
    opened.ping("first");
    options.ws.changed();
    for (const envelope of [...exchange.envelopes.values()].filter((waiting) => !waiting.line))
      handOver(exchange, envelope);
  });
}

function hello(exchange: Exchange): object {
  const debug = { host: "emulator", build_number: 1, approximate_connection_time: 18_060 };
  return {
    type: "hello",
    num_connections: exchange.lines.size,
    debug_info: debug,
    connection_info: { app_id: exchange.options.ws.app.id },
  };
}

function newEnvelope(exchange: Exchange, delivery: Delivery, finish: () => void): Envelope {
  const envelope: Envelope = {
    id: "",
    delivery,
    retryNum: 0,
    retryReason: "",
    sentAt: 0,
    line: undefined,
    loseAnswer: false,
    callOffTimer: () => {},
    finish,
  };
  return rename(exchange, envelope);
}

/** Every try is an envelope of its own; the event in it keeps its id. */
function rename(exchange: Exchange, envelope: Envelope): Envelope {
  exchange.envelopes.delete(envelope.id);
  envelope.id = `envelope-${countUp(exchange.options.ws, "envelope")}`;
  exchange.envelopes.set(envelope.id, envelope);
  return envelope;
}

/** Sends it on one of the open lines; without one it waits for the next. */
function handOver(exchange: Exchange, envelope: Envelope): void {
  const { options } = exchange;
  const lines = [...exchange.lines].filter((line) => line.open);
  const line = lines[countUp(options.ws, "line") % Math.max(lines.length, 1)];
  // Only events wait for the app to come back; who pressed a button is told at once that it did not work.
  if (!line) {
    if (envelope.delivery.kind !== "event") giveUp(exchange, envelope);
    return;
  }
  const fault = options.faults.takeDelivery();
  envelope.line = line;
  envelope.sentAt = performance.now();
  envelope.loseAnswer = fault !== undefined && "loseAnswer" in fault;
  envelope.callOffTimer = options.clock.after(options.ackWithinMs, () => again(exchange, envelope, "timeout"));
  const { kind, payload } = envelope.delivery;
  options.log.add({ route: `OUT ws ${kind}`, args: payload, atMs: options.clock.now(), status: 200, ok: true });
  if (fault && "lose" in fault) return;
  const retry = kind === "event" ? { retry_attempt: envelope.retryNum, retry_reason: envelope.retryReason } : {};
  line.socket.send(
    JSON.stringify({
      envelope_id: envelope.id,
      type: envelopeTypes[kind],
      payload,
      accepts_response_payload: kind !== "event",
      ...retry,
    }),
  );
}

function acknowledged(exchange: Exchange, data: RawData): void {
  const message = parsed(data.toString());
  const envelope = isRecord(message) ? exchange.envelopes.get(String(message.envelope_id)) : undefined;
  if (!envelope) return;
  if (envelope.loseAnswer) {
    again(exchange, envelope, "timeout");
    return;
  }
  const body = isRecord(message) && message.payload !== undefined ? JSON.stringify(message.payload) : "";
  settle(exchange, envelope, { status: 200, body: body === "{}" ? "" : body });
  envelope.delivery.acknowledged = true;
  exchange.envelopes.delete(envelope.id);
  envelope.finish();
}

/** What was not acknowledged on a lost line is handed over again on the next one. */
function hungUp(exchange: Exchange, line: Line): void {
  line.open = false;
  exchange.lines.delete(line);
  for (const envelope of [...exchange.envelopes.values()].filter((other) => other.line === line))
    again(exchange, envelope, "timeout");
  exchange.options.ws.changed();
}

function again(exchange: Exchange, envelope: Envelope, reason: RetryReason): void {
  settle(exchange, envelope, { failure: reason, body: "" });
  if (envelope.delivery.kind !== "event" || envelope.retryNum >= maxRetries) {
    giveUp(exchange, envelope);
    return;
  }
  envelope.retryNum += 1;
  envelope.retryReason = reason;
  handOver(exchange, rename(exchange, envelope));
}

function settle(exchange: Exchange, envelope: Envelope, outcome: Pick<Attempt, "status" | "failure" | "body">): void {
  envelope.callOffTimer();
  const retryReason = envelope.retryReason === "" ? {} : { retryReason: envelope.retryReason };
  envelope.delivery.attempts.push({
    retryNum: envelope.retryNum,
    ...retryReason,
    ms: performance.now() - envelope.sentAt,
    ...outcome,
  });
  envelope.line = undefined;
  exchange.options.ws.changed();
}

function giveUp(exchange: Exchange, envelope: Envelope): void {
  envelope.callOffTimer();
  exchange.envelopes.delete(envelope.id);
  envelope.finish();
}
