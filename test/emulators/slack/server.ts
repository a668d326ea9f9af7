/** The one listener of the emulator: Web API, response addresses, files and Socket Mode on one port of the loopback. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isRecord } from "./blocks.ts";
import { consent, grantOf, whyNot } from "./oauth.ts";
import { parsed, readBody, uploadOf } from "./request-body.ts";
import type { OtherRoute } from "./request-log.ts";
import { respond } from "./response-url.ts";
import type { SocketSide } from "./socket.ts";
import type { Workspace } from "./types.ts";
import { answerCall, type WebApi } from "./web-api.ts";

export interface Listening {
  origin: string;
  close(): Promise<void>;
}

export async function listen(api: WebApi, sockets: SocketSide): Promise<Listening> {
  const server = createServer((request, response) => {
    route(api, request, response).catch((error: unknown) => {
      // A defect of the emulator: say so, rather than look like Slack.
      response.writeHead(500, { "content-type": "text/plain" });
      response.end(error instanceof Error ? (error.stack ?? error.message) : String(error));
    });
  });
  server.on("upgrade", (request, socket, head) => sockets.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, close: () => closed(server) };
}

async function route(api: WebApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://slack");
  const [, area = "", ...rest] = pathname.split("/");
  switch (area) {
    case "api":
      return answerCall(api, rest.join("/"), request, response);
    case "actions":
      return answerResponseUrl(api, rest.join("/"), request, response);
    case "upload":
      return takeUpload(api, rest[0] ?? "", request, response);
    case "files-pri":
      return sendFile(api, rest[0] ?? "", request, response);
    case "oauth":
      return askConsent(api, request, response);
    case "signin":
      return end(response, 200, "text/html", "<!DOCTYPE html><html><body>Sign in to Slack</body></html>");
    default:
      return end(response, 404, "text/plain", "not found");
  }
}

/** Without an answer it is the page on which somebody gives one. */
async function askConsent(api: WebApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const address = new URL(request.url ?? "/", api.ws.origin);
  const form = request.method === "POST" ? new URLSearchParams((await readBody(request)).toString()) : null;
  consent(api.ws.distribution, address, form, response);
  note(api, "IN GET oauth-authorize", Object.fromEntries(address.searchParams), 200);
}

/** Addresses of Slack's own name the workspace that they belong to. */
const at = ({ ws }: WebApi, team: string | undefined): Workspace =>
  ws.distribution.workspaces.find((one) => one.team.id === team) ?? ws;

async function answerResponseUrl(
  api: WebApi,
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = parsed((await readBody(request)).toString());
  const fault = api.faults.take("response_url");
  if (fault && "status" in fault) return end(response, fault.status, "text/plain", "error");
  const answer = respond(at(api, id.split("/")[0]), id, body);
  note(api, "IN POST response_url", isRecord(body) ? body : {}, answer.status);
  end(response, answer.status, answer.status === 200 ? "text/html" : "application/json", answer.body);
}

async function takeUpload(api: WebApi, id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const file = api.ws.distribution.workspaces.map(({ files }) => files.get(id)).find(Boolean);
  const uploaded = await uploadOf(await readBody(request), request);
  if (file) Object.assign(file, { content: uploaded.content, mimetype: uploaded.mimetype });
  note(api, "IN POST upload_url", { id }, file ? 200 : 404);
  end(response, file ? 200 : 404, "text/plain", file ? `OK - ${uploaded.content.byteLength}` : "not found");
}

/** Without a good token Slack sends the caller to its login page, which looks like a success to those who follow. */
function sendFile(api: WebApi, key: string, request: IncomingMessage, response: ServerResponse): void {
  const ws = at(api, key.slice(0, key.indexOf("-")));
  const fault = api.faults.take("url_private");
  if (fault && "reset" in fault) {
    request.socket.destroy();
    return;
  }
  if (fault && "status" in fault) {
    end(response, fault.status, "text/plain", "error");
    return;
  }
  const file = ws.files.get(key.slice(key.indexOf("-") + 1));
  const token = request.headers.authorization?.replace("Bearer ", "");
  const grant = grantOf(ws, token);
  const isOurs = grant
    ? whyNot(grant) === null && grant.teams.includes(ws)
    : token === ws.app.botToken && !ws.app.revoked;
  const allowed = isOurs && ws.app.scopes.has("files:read");
  const status = !allowed ? 302 : file ? 200 : 404;
  note(api, "IN GET url_private", { file: key }, status);
  if (status === 302) response.setHeader("location", `${ws.origin}/signin`);
  response.writeHead(status, { "content-type": file && allowed ? file.mimetype : "text/html" });
  response.end(allowed ? file?.content : undefined);
}

function note(api: WebApi, route: OtherRoute, args: Record<string, unknown>, status: number): void {
  api.log.add({ route, args, atMs: api.ws.clock.now(), status, ok: status === 200 });
  api.ws.changed();
}

function end(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type });
  response.end(body);
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
