/** The pages on a real port, with the ports in memory, and a way to cut the connections as a network does. */
import type { Socket } from "node:net";
import { serve } from "@hono/node-server";
import { createLog } from "../../src/log.ts";
import { webSurface } from "../../src/surfaces/web.ts";
import { pages } from "../../src/web/pages.ts";
import { handWoundClock } from "../clock.ts";
import { memoryInbox, memoryNews, memorySessions, memoryThreads } from "./memory.ts";

export async function servedPages() {
  const clock = handWoundClock();
  const news = memoryNews();
  const threads = memoryThreads(news);
  const sessions = memorySessions(news);
  const inbox = memoryInbox();
  const log = createLog("silent");
  const surface = webSurface({ threads, log, clock });
  const app = pages({ inbox, threads, sessions, news, log, clock, name: "threadbox" });
  const sockets = new Set<Socket>();
  const listening = Promise.withResolvers<number>();
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => listening.resolve(port));
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const url = `http://127.0.0.1:${await listening.promise}`;

  function cutConnections(): void {
    for (const socket of sockets) socket.destroy();
  }
  async function close(): Promise<void> {
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    cutConnections();
    await closed.promise;
  }
  return { url, app, clock, news, threads, sessions, inbox, surface, cutConnections, close };
}
