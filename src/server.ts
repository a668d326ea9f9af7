/** One listener, one table of routes: Slack (which reads its own raw body), everything else through hono. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { type Handler, Hono } from "hono";
import { pause, systemClock } from "./clock.ts";
import { ThreadboxError } from "./errors.ts";
import { INSTALL_PATH, REDIRECT_PATH } from "./installation.ts";

/** What answers where; null where a surface is not set up. */
export interface Routes {
  slack: RequestListener | null;
  /** Where workspaces install the app; absent with one workspace. */
  slackInstall?: RequestListener | undefined;
  github: ((request: Request) => Promise<Response>) | null;
  pages: Hono;
  metrics: Handler;
  /** How it is now. Resolves in bounded time, whatever hangs. */
  health: Health;
}

export interface Health {
  /** Null while its loops come around; else what does not, in words for whoever restarts it. */
  stuck(): string | null;
  /** What keeps it from taking a mention, by the part that is to blame; empty when nothing does. */
  notReady(): Promise<Record<string, string>>;
}

export interface Listening {
  url: string;
  /** Stops taking, lets what was taken be answered, within two seconds. */
  close(): Promise<void>;
}

/** Resolves when it answers; throws `config.invalid` when the port cannot be had. */
export async function listen(routes: Routes, at: { host: string; port: number }): Promise<Listening> {
  const hono = getRequestListener(application(routes).fetch);
  const taken = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    taken.add(response);
    response.once("close", () => taken.delete(response));
    void (slackAt(request.url?.split("?")[0], routes) ?? hono)(request, response);
  });
  await bound(server, at);
  const { port } = server.address() as AddressInfo;
  const host = at.host.includes(":") ? `[${at.host}]` : at.host;
  return { url: `http://${host}:${port}`, close: () => closed(server, taken) };
}

function slackAt(path: string | undefined, { slack, slackInstall }: Routes): RequestListener | null | undefined {
  if (path === "/slack/events") return slack;
  return path === INSTALL_PATH || path === REDIRECT_PATH ? slackInstall : null;
}

function application(routes: Routes): Hono {
  const app = new Hono();
  const { github, health } = routes;
  app.get("/healthz", (c) => {
    const stuck = health.stuck();
    return stuck === null ? c.json({ ok: true }) : c.json({ ok: false, stuck }, 503);
  });
  app.get("/readyz", async (c) => {
    const notReady = await health.notReady();
    const ready = Object.keys(notReady).length === 0;
    return ready ? c.json({ ready }) : c.json({ ready, notReady }, 503);
  });
  app.get("/metrics", routes.metrics);
  app.post("/github/webhooks", async (c): Promise<Response> => {
    if (!github) return c.json({ error: "GitHub is not set up here." }, 404);
    return github(c.req.raw);
  });
  app.all("/slack/events", (c) => c.json({ error: "Slack is not set up here over HTTP." }, 404));
  app.route("/", routes.pages);
  return app;
}

function bound(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = `Port ${port} is taken. Set PORT to another one.`;
      const refused = `Cannot listen on ${host}:${port} (${error.code}). HOST has to be an address of this machine, and PORT one that you may use.`;
      const detail = error.code === "EADDRINUSE" ? taken : refused;
      reject(new ThreadboxError("config.invalid", detail, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}

/** What was taken is stored within milliseconds; with a database that is away it never is, and a bot has ten seconds for all of its end. */
const ANSWERED_WITHIN_MS = 2_000;

async function closed(server: Server, taken: ReadonlySet<ServerResponse>): Promise<void> {
  const over = new Promise<void>((resolve) => server.close(() => resolve()));
  // GitHub sends nothing twice. What has begun to be answered are the streams of open pages, which would go on for ever.
  const open = [...taken].filter((response) => !response.headersSent);
  const answered = Promise.all(open.map((response) => once(response, "close")));
  await Promise.race([answered, pause(systemClock, ANSWERED_WITHIN_MS)]);
  server.closeAllConnections();
  await over;
}
