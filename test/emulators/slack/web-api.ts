/** The Web API over HTTP: reads a call, checks token, scopes, rates and ordered faults, runs the method, answers. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Fault, Faults } from "./faults.ts";
import { type Method, Refusal, refuse } from "./methods/method.ts";
import { methods } from "./methods/table.ts";
import { grantOf, whyNot, workspaceOf } from "./oauth.ts";
import type { Rates } from "./rates.ts";
import { argumentsOf, readBody } from "./request-body.ts";
import type { RequestLog } from "./request-log.ts";
import type { Json, Workspace } from "./types.ts";

export interface WebApi {
  ws: Workspace;
  faults: Faults;
  rates: Rates;
  log: RequestLog;
  /** A new address for Socket Mode. */
  socketUrl(): string;
}

interface Answer {
  /** 0: none at all. */
  status: number;
  headers?: Record<string, string>;
  body: Json;
}

export async function answerCall(
  all: WebApi,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const args = argumentsOf(await readBody(request), request);
  const ws = workspaceOf(all.ws, tokenOf(request, args), args);
  const api = { ...all, ws };
  const fault = api.faults.take(name);
  const answer = fault ? faulty(api, name, request, args, fault) : perform(api, name, request, args);
  const error = typeof answer.body.error === "string" ? { error: answer.body.error } : {};
  const { token: _, client_secret: __, ...shown } = args;
  api.log.add({
    route: name,
    team: ws.team.id,
    args: shown,
    atMs: api.ws.clock.now(),
    status: answer.status,
    ok: answer.body.ok === true,
    ...error,
  });
  api.ws.changed();
  if (fault && "reset" in fault) return void request.socket.resetAndDestroy();
  if (fault && "hang" in fault) return;
  response.writeHead(answer.status, {
    "content-type": "application/json; charset=utf-8",
    ...scopeHeaders(api.ws),
    ...answer.headers,
  });
  response.end(JSON.stringify(answer.body));
}

function faulty(api: WebApi, name: string, request: IncomingMessage, args: Json, fault: Fault): Answer {
  if (fault.after === "commit") perform(api, name, request, args);
  if ("status" in fault) {
    const limited = fault.status === 429;
    const headers = limited ? { "retry-after": String(fault.retryAfter ?? 1) } : {};
    return { status: fault.status, headers, body: { ok: false, error: limited ? "ratelimited" : "internal_error" } };
  }
  return "error" in fault ? { status: 200, body: { ok: false, error: fault.error } } : { status: 0, body: {} };
}

function perform(api: WebApi, name: string, request: IncomingMessage, args: Json): Answer {
  const { ws } = api;
  const method = methods[name];
  try {
    if (!method) return refuse("unknown_method", { req_method: name });
    checkToken(ws, method, tokenOf(request, args));
    checkScopes(ws, method, args);
    const waitSeconds = api.rates.tooEarly(name, method.tier, args);
    if (waitSeconds !== undefined)
      return {
        status: 429,
        headers: { "retry-after": String(waitSeconds) },
        body: { ok: false, error: "ratelimited" },
      };
    const result = name === "apps.connections.open" ? openConnection(api) : method.run({ ws, args });
    return { status: 200, body: { ok: true, ...result } };
  } catch (error) {
    if (error instanceof Refusal) return { status: 200, body: { ok: false, error: error.error, ...error.extra } };
    throw error;
  }
}

function openConnection(api: WebApi): Json {
  if (!api.ws.app.socketMode) refuse("not_allowed_token_type");
  return { url: api.socketUrl() };
}

/** In the header, or as a field of a form. In a JSON body Slack does not look for it. */
function tokenOf(request: IncomingMessage, args: Json): string | undefined {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const inForm = !(request.headers["content-type"] ?? "").includes("json") && typeof args.token === "string";
  return bearer ?? (inForm ? String(args.token) : undefined);
}

function checkToken(ws: Workspace, method: Method, token: string | undefined): void {
  if (method.token === "none") return;
  if (!token) refuse("not_authed");
  const kind = kindOf(ws, token);
  const grant = grantOf(ws, token);
  const wrong = grant ? whyNot(grant) : kind === "bot" && ws.app.revoked ? "token_revoked" : null;
  if (wrong) refuse(wrong);
  if (kind !== method.token) refuse("not_allowed_token_type");
}

function kindOf(ws: Workspace, token: string | undefined): "bot" | "app" {
  if (grantOf(ws, token) || token === ws.app.botToken) return "bot";
  return token === ws.app.appToken ? "app" : refuse("invalid_auth");
}

function checkScopes(ws: Workspace, method: Method, args: Json): void {
  const needed = typeof method.scopes === "function" ? method.scopes({ ws, args }) : (method.scopes ?? []);
  if (needed.length === 0 || needed.some((scope) => ws.app.scopes.has(scope))) return;
  refuse("missing_scope", { needed: needed.join(","), provided: [...ws.app.scopes].join(",") });
}

function scopeHeaders(ws: Workspace): Record<string, string> {
  return { "x-oauth-scopes": [...ws.app.scopes].join(",") };
}
