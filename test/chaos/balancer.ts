/** What stands before several bots: one address, each request to one of those that answer, in turn. It never asks twice. */
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { connect } from "node:net";

export interface Balancer {
  port: number;
  add(port: number): void;
  close(): Promise<void>;
}

export async function balancer(): Promise<Balancer> {
  const ports: number[] = [];
  const server = createServer((incoming, answer) => void pass(incoming, answer, ports));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    add: (port) => void ports.unshift(port),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function pass(incoming: IncomingMessage, answer: ServerResponse, ports: number[]): Promise<void> {
  const failed = (): void => void (answer.headersSent ? answer.destroy() : answer.writeHead(502).end());
  const port = await firstOf(ports);
  if (port === null) return failed();
  // The next one is asked first next time.
  ports.push(...ports.splice(ports.indexOf(port), 1));
  const { method, url, headers } = incoming;
  const passed = request({ host: "127.0.0.1", port, method, path: url, headers, agent: false }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(answer).on("error", failed);
  });
  passed.on("error", failed);
  incoming.pipe(passed);
}

async function firstOf(ports: number[]): Promise<number | null> {
  for (const port of [...ports]) if (await answers(port)) return port;
  return null;
}

function answers(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  return new Promise((resolve) => {
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  }).then((there) => {
    socket.destroy();
    return there === true;
  });
}
