/** Ways into a sandbox from outside: TLS that Modal ends in front of it, or plain TCP, to one port of it. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Certificates } from "./certificates.ts";
import type { Idle } from "./idle.ts";
import type { Machine } from "./machine.ts";
import type { Draft, Message } from "./wire.ts";

export interface Tunnel {
  data: Draft<"TunnelData">;
  close(): Promise<void>;
}

/** What a tunnel has to know of the sandbox behind it. */
interface Inside {
  machine: Machine;
  idle: Idle;
}

/** `tunnelType` of a port whose server speaks HTTP/2. */
export const H2 = 1;

export async function openTunnel(
  certificates: Certificates,
  spec: Message<"PortSpec">,
  inside: Inside,
): Promise<Tunnel> {
  const { key, cert } = certificates;
  const sockets = new Set<Socket>();
  const carry = (socket: Socket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    void join(socket, spec.port, inside);
  };
  const ALPNProtocols = spec.tunnelType === H2 ? ["h2"] : ["http/1.1"];
  const secure = await listening(createTlsServer({ key, cert, ALPNProtocols }, carry));
  const plain = spec.unencrypted ? await listening(createServer(carry)) : null;
  const unencrypted = plain ? { unencryptedHost: "127.0.0.1", unencryptedPort: portOf(plain) } : {};
  return {
    data: { host: "127.0.0.1", port: portOf(secure), containerPort: spec.port, ...unencrypted },
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([secure, plain].flatMap((server) => (server ? [closed(server)] : [])));
    },
  };
}

/** Nobody listens inside: the connection is closed without a word. */
async function join(socket: Socket, port: number, { machine, idle }: Inside): Promise<void> {
  const done = idle.begin();
  socket.once("close", done);
  socket.on("error", () => {});
  try {
    const inner = await machine.connect(port);
    inner.on("error", () => socket.destroy());
    inner.once("close", () => socket.destroy());
    socket.once("close", () => inner.destroy());
    if (socket.destroyed) inner.destroy();
    socket.pipe(inner).pipe(socket);
  } catch {
    socket.destroy();
  }
}

async function listening(server: Server): Promise<Server> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

export function closed(server: { close(done: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
