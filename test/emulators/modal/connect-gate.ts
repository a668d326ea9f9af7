/**
 * The HTTP door that connect tokens open: one address per sandbox, which lets in only who carries a token for it, and tells the
 * server inside who that is. The token comes as a bearer, in the query or as a cookie, and goes no further.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Machine } from "./machine.ts";
import { closed } from "./tunnels.ts";

export interface ConnectGate {
  url: string;
  /** A new token for one port inside. */
  admit(port: number, userMetadata: string): string;
  /** No token opens it any more. */
  revokeAll(): void;
  close(): Promise<void>;
}

const NAME = "_modal_connect_token";

interface Pass {
  port: number;
  userMetadata: string;
}

export async function createConnectGate(machine: Machine): Promise<ConnectGate> {
  const passes = new Map<string, Pass>();
  const inners = new Set<Duplex>();
  const enter = async (port: number): Promise<Duplex> => {
    const inner = await machine.connect(port);
    inners.add(inner);
    inner.once("close", () => inners.delete(inner));
    return inner;
  };
  const server = createServer((incoming, outgoing) => void forward(passes, enter, incoming, outgoing));
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    void upgrade(passes, enter, incoming, { socket, head });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    admit(port, userMetadata) {
      const token = randomBytes(24).toString("base64url");
      passes.set(token, { port, userMetadata });
      return token;
    },
    revokeAll: () => passes.clear(),
    async close() {
      passes.clear();
      for (const inner of inners) inner.destroy();
      const done = closed(server);
      server.closeAllConnections();
      await done;
    },
  };
}

type Enter = (port: number) => Promise<Duplex>;

async function forward(
  passes: Map<string, Pass>,
  enter: Enter,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const admitted = admission(passes, incoming);
  if (!admitted) return void outgoing.writeHead(401).end("invalid connect token");
  const inner = await enter(admitted.port).catch(() => null);
  if (!inner) return void outgoing.writeHead(502).end("nobody listens there");
  const inside = request({
    createConnection: () => inner,
    method: incoming.method,
    path: admitted.path,
    headers: { ...admitted.headers, connection: "close" },
  });
  inside.on("response", (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    // Server-sent events begin with nothing; who waits for the headers would wait for the first of them.
    outgoing.flushHeaders();
    answer.on("error", () => outgoing.destroy());
    answer.pipe(outgoing);
  });
  inside.on("error", () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()));
  outgoing.once("close", () => inner.destroy());
  incoming.on("error", () => inside.destroy());
  incoming.pipe(inside);
}

async function upgrade(
  passes: Map<string, Pass>,
  enter: Enter,
  incoming: IncomingMessage,
  { socket, head }: { socket: Duplex; head: Buffer },
): Promise<void> {
  socket.on("error", () => {});
  const admitted = admission(passes, incoming);
  if (!admitted) return void socket.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
  const inner = await enter(admitted.port).catch(() => null);
  if (!inner) return void socket.end("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
  inner.on("error", () => socket.destroy());
  inner.once("close", () => socket.destroy());
  socket.once("close", () => inner.destroy());
  const headers = Object.entries(admitted.headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${name}: ${one}`),
  );
  inner.write(`${[`${incoming.method} ${admitted.path} HTTP/1.1`, ...headers].join("\r\n")}\r\n\r\n`);
  inner.write(head);
  socket.pipe(inner).pipe(socket);
}

interface Admission {
  port: number;
  path: string;
  headers: IncomingMessage["headers"];
}

/** Where the request may go and what of it goes there; null without a token. Tokens of others are passed on: they are not ours to read. */
function admission(passes: Map<string, Pass>, incoming: IncomingMessage): Admission | null {
  const url = new URL(incoming.url ?? "/", "http://inside");
  const cookies = (incoming.headers.cookie ?? "").split(/;\s*/).filter(Boolean);
  const bearer = /^Bearer (.+)$/i.exec(incoming.headers.authorization ?? "")?.[1];
  const cookie = cookies.find((one) => one.startsWith(`${NAME}=`))?.slice(NAME.length + 1);
  const pass = [bearer, url.searchParams.get(NAME), cookie].flatMap((token) => passes.get(token ?? "") ?? [])[0];
  if (!pass) return null;
  const { cookie: _, authorization, "x-verified-user-data": __, ...rest } = incoming.headers;
  const others = cookies.filter((one) => !one.startsWith(`${NAME}=`));
  const headers = {
    ...rest,
    ...(authorization && !passes.has(bearer ?? "") && { authorization }),
    ...(others.length > 0 && { cookie: others.join("; ") }),
    "x-verified-user-data": pass.userMetadata,
  };
  url.searchParams.delete(NAME);
  return { port: pass.port, path: `${url.pathname}${url.search}`, headers };
}
