/**
 * One plaintext HTTP/2 port for both of Modal's services, as its SDK expects of a server on the loopback.
 * Connections are accepted here and handed to grpc-js, so that a test can cut exactly the one that a call came by.
 */
import { type EventEmitter, once } from "node:events";
import { createServer, type Socket } from "node:net";
import {
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { FaultBook, Taken } from "./faults.ts";
import { Refusal, statusOf } from "./refusal.ts";
import {
  type AnswerOf,
  type Draft,
  decode,
  encode,
  type Lines,
  type Message,
  type MessageName,
  type Method,
  methods,
  type RequestOf,
  type Rpc,
} from "./wire.ts";

/** What a call brings beside its message. */
export interface Call {
  header(name: string): string | undefined;
  /** Aborted when the caller went away. */
  signal: AbortSignal;
}

export type Handler<R extends Rpc> = Lines[R] extends `stream ${string}`
  ? (requests: AsyncIterable<RequestOf<R>>, call: Call) => Promise<AnswerOf<R>>
  : Lines[R] extends `${string} -> stream ${string}`
    ? (request: RequestOf<R>, call: Call) => AsyncIterable<AnswerOf<R>>
    : (request: RequestOf<R>, call: Call) => AnswerOf<R> | Promise<AnswerOf<R>>;

export type Handlers = { [R in Rpc]: Handler<R> };

export interface GrpcServer {
  port: number;
  close(): Promise<void>;
}

interface Desk {
  faults: FaultBook;
  /** Told of every call before anything else happens to it. */
  onCall(rpc: Rpc): void;
  /** Throws a refusal for who may not call. */
  admit(method: Method, call: Call): void;
  handlers: Handlers;
}

type AnyCall = Pick<ServerUnaryCall<unknown, unknown>, "metadata" | "getPeer"> & EventEmitter;

/** What all handlers look like to the one place that calls them by name. */
type Loose = (input: unknown, call: Call) => unknown;

export async function listen(desk: Desk): Promise<GrpcServer> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  const sockets = new Set<Socket>();
  const cut = (call: AnyCall): void => {
    for (const socket of sockets) if (call.getPeer().endsWith(`:${socket.remotePort}`)) socket.destroySoon();
  };
  for (const service of new Set(methods.map((method) => method.service))) addService(server, service, { ...desk, cut });
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    injector.injectConnection(socket);
  });
  await once(listener.listen(0, "127.0.0.1"), "listening");
  const address = listener.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    async close() {
      injector.destroy();
      server.forceShutdown();
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, "close");
    },
  };
}

type CuttingDesk = Desk & { cut(call: AnyCall): void };

function addService(server: Server, service: string, desk: CuttingDesk): void {
  const own = methods.filter((method) => method.service === service);
  const definition = own.map((method) => [
    method.rpc,
    {
      path: `/${service}/${method.rpc}`,
      requestStream: method.requestStream,
      responseStream: method.responseStream,
      requestSerialize: (value: Draft<MessageName>) => encode(method.request, value),
      requestDeserialize: (bytes: Buffer) => decode(method.request, bytes),
      responseSerialize: (value: Draft<MessageName>) => encode(method.answer, value),
      responseDeserialize: (bytes: Buffer) => decode(method.answer, bytes),
    },
  ]);
  const implementation: UntypedServiceImplementation = {};
  for (const method of own) implementation[method.rpc] = implement(method, desk);
  server.addService(Object.fromEntries(definition), implementation);
}

function implement(method: Method, desk: CuttingDesk) {
  const handler = desk.handlers[method.rpc] as Loose;
  if (method.responseStream) return streaming(method, desk, handler);
  const answer = async (call: AnyCall, input: unknown): Promise<Message<MessageName>> => {
    const { taken, seen } = await begin(method, desk, call);
    const answered = (await handler(input, seen)) as Message<MessageName>;
    if (taken && isAfter(taken)) await meet(taken, call, desk, seen);
    return answered;
  };
  const unary: handleUnaryCall<unknown, unknown> = (call, callback) => {
    answer(call, call.request).then(
      (value) => callback(null, value),
      (error: unknown) => callback(statusOf(error)),
    );
  };
  const upload: handleClientStreamingCall<unknown, unknown> = (call, callback) => {
    answer(call, call).then(
      (value) => callback(null, value),
      (error: unknown) => callback(statusOf(error)),
    );
  };
  return method.requestStream ? upload : unary;
}

function streaming(method: Method, desk: CuttingDesk, handler: Loose): handleServerStreamingCall<unknown, unknown> {
  const run = async (call: ServerWritableStream<unknown, unknown>): Promise<void> => {
    const { taken, seen } = await begin(method, desk, call);
    let bytesLeft = taken && "afterBytes" in taken.fault ? taken.fault.afterBytes : Number.POSITIVE_INFINITY;
    for await (const answer of handler(call.request, seen) as AsyncIterable<object>) {
      const kept = shortened(answer, bytesLeft);
      bytesLeft -= kept.bytes;
      if (!call.write(kept.answer) && !call.destroyed && !seen.signal.aborted)
        await Promise.race([once(call, "drain"), aborted(seen.signal)]);
      if (bytesLeft > 0) continue;
      taken?.meet();
      return desk.cut(call);
    }
    if (taken && isAfter(taken)) await meet(taken, call, desk, seen);
    call.end();
  };
  return (call) => {
    run(call).catch((error: unknown) => call.destroy(Object.assign(new Error("refused"), statusOf(error))));
  };
}

/** What is let through of an answer that carries bytes, when only so many may pass. */
function shortened(answer: object, bytesLeft: number): { answer: object; bytes: number } {
  if (!("data" in answer) || !(answer.data instanceof Uint8Array)) return { answer, bytes: 0 };
  const data = answer.data.subarray(0, Math.min(answer.data.length, bytesLeft));
  return { answer: { ...answer, data }, bytes: data.length };
}

async function begin(method: Method, desk: CuttingDesk, call: AnyCall): Promise<{ taken: Taken | null; seen: Call }> {
  const gone = new AbortController();
  call.once("cancelled", () => gone.abort());
  const seen: Call = {
    signal: gone.signal,
    header: (name) => call.metadata.get(name)[0]?.toString(),
  };
  desk.onCall(method.rpc);
  const taken = desk.faults.take(method.rpc);
  if (taken && !isAfter(taken) && !("afterBytes" in taken.fault)) await meet(taken, call, desk, seen);
  desk.admit(method, seen);
  return { taken, seen };
}

const isAfter = ({ fault }: Taken): boolean => "when" in fault && fault.when === "after";

/** Comes back only from what was released. */
async function meet({ fault, released, ...taken }: Taken, call: AnyCall, desk: CuttingDesk, seen: Call): Promise<void> {
  taken.meet();
  if (fault.kind === "status") throw new Refusal(fault.status, fault.message ?? `ordered by a test: ${fault.status}`);
  if (fault.kind === "throttled")
    throw new Refusal("RESOURCE_EXHAUSTED", "Rate limit exceeded, slow down", fault.retryAfterSeconds);
  if (fault.kind === "cut") {
    desk.cut(call);
    throw new Refusal("UNAVAILABLE", "the connection was cut");
  }
  await Promise.race([released, aborted(seen.signal)]);
  if (seen.signal.aborted) throw new Refusal("CANCELLED", "the caller went away");
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
