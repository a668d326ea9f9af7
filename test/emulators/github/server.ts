/** The listener: the API under `/api/v3` (where octokit expects it on a host of one's own), git at the root, and a log of both. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { actorName } from "./access.ts";
import { type GitRequest, parseGitRequest, sendRefusal, serveGit } from "./git-http.ts";
import type { Hub } from "./hub.ts";
import { isLogPath, serveLog } from "./job-logs.ts";
import { answerManifest, isManifestPath } from "./manifest.ts";
import { ApiProblem } from "./problem.ts";
import { answerRest } from "./rest.ts";
import { answerSignIn } from "./sign-in.ts";

const API_ROOT = "/api/v3";
/** Beside the REST API and not in it, on a host of one's own. */
const GRAPHQL = "/api/graphql";

export interface RequestRecord {
  method: string;
  path: string;
  /** `GET /repos/{owner}/{repo}`; null when no route knew it. */
  route: string | null;
  actor: string;
  /** 0 when the connection was cut. */
  status: number;
  atMs: number;
}

export interface Listener {
  url: string;
  apiUrl: string;
  requests: RequestRecord[];
  close(): Promise<void>;
}

export async function listen(hub: () => Hub): Promise<Listener> {
  const requests: RequestRecord[] = [];
  const underWay = new Set<Promise<void>>();
  const server = createServer((incoming, response) => {
    const work = serve(hub(), requests, incoming, response).catch((error: unknown) => fail(response, error));
    underWay.add(work);
    void work.then(() => underWay.delete(work));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    apiUrl: `${url}${API_ROOT}`,
    requests,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await Promise.all(underWay);
    },
  };
}

/** A defect of the emulator itself: the caller is shown what broke. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(500, { "content-type": "text/plain" }).end(`GitHub emulator: ${String(error)}\n`);
}

async function serve(
  hub: Hub,
  requests: RequestRecord[],
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = incoming.method ?? "GET";
  const url = new URL(incoming.url ?? "/", hub.url);
  const record: RequestRecord = {
    method,
    path: url.pathname,
    route: null,
    actor: "anonymous",
    status: 0,
    atMs: hub.clock.now(),
  };
  requests.push(record);
  const gitRequest = parseGitRequest(method, url);
  if (url.pathname.startsWith(`${API_ROOT}/`) || url.pathname === GRAPHQL)
    await serveRest(hub, record, url, incoming, response);
  else if (url.pathname.startsWith("/login/oauth/") || isManifestPath(url.pathname))
    await serveSignIn(hub, record, url, incoming, response);
  else if (isLogPath(url.pathname)) serveLog(hub, record, url, incoming, response);
  else if (gitRequest) await serveGitRequest(hub, record, gitRequest, incoming, response);
  else {
    record.status = 404;
    response.writeHead(404, { "content-type": "text/plain" }).end("Not Found\n");
  }
  hub.changed();
}

async function serveRest(
  hub: Hub,
  record: RequestRecord,
  url: URL,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { template, actor, reply } = await answerRest(hub, {
    method: record.method,
    path: url.pathname === GRAPHQL ? "/graphql" : url.pathname.slice(API_ROOT.length),
    query: url.searchParams,
    headers: flat(incoming),
    body: await textOf(incoming),
  });
  Object.assign(record, { route: template, actor, status: reply?.status ?? 0 });
  if (!reply) {
    response.destroy();
    return;
  }
  response.writeHead(reply.status, reply.headers).end(reply.body);
}

async function serveGitRequest(
  hub: Hub,
  record: RequestRecord,
  request: GitRequest,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  record.route = request.template;
  const taken = hub.faults.take(request.template);
  try {
    if (taken?.fault.kind === "hang") await taken.released;
    if (taken?.fault.kind === "reset") {
      response.destroy();
      return;
    }
    if (taken?.fault.kind === "status") throw new ApiProblem(taken.fault.status, taken.fault.message ?? "Server Error");
    const actor = await serveGit(hub, request, incoming, response);
    record.actor = actorName(actor);
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    sendRefusal(response, error);
  }
  record.status = response.statusCode;
}

async function serveSignIn(
  hub: Hub,
  record: RequestRecord,
  url: URL,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, path } = record;
  const asked = { method, path, query: url.searchParams, headers: flat(incoming), body: await textOf(incoming) };
  const { status, headers, body } = isManifestPath(path) ? await answerManifest(hub, asked) : answerSignIn(hub, asked);
  Object.assign(record, { route: `${method} ${path}`, status });
  response.writeHead(status, headers).end(body);
}

function flat({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
