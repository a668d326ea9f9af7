/** One API request from start to end: fault, authentication, limits, permission, handler, headers. */
import { createHash, randomUUID } from "node:crypto";
import { type Actor, actorName, authorize } from "./access.ts";
import { authenticate } from "./authenticate.ts";
import type { Taken } from "./faults.ts";
import { findRepository, formerly, type Hub } from "./hub.ts";
import { primaryLimit, secondaryLimit } from "./limits.ts";
import { ApiProblem, notFound } from "./problem.ts";
import { type Call, compileRoutes, type Found, type Reply, type Route } from "./router.ts";
import { appRoutes } from "./routes/apps.ts";
import { checkRoutes } from "./routes/checks.ts";
import { commentRoutes } from "./routes/comments.ts";
import { gitDataRoutes } from "./routes/git-data.ts";
import { graphqlRoute } from "./routes/graphql.ts";
import { issueRoutes } from "./routes/issues.ts";
import { oauthRoutes } from "./routes/oauth.ts";
import { pullRoutes } from "./routes/pulls.ts";
import { repositoryRoutes } from "./routes/repositories.ts";
import { reviewRoutes } from "./routes/reviews.ts";
import { userRoutes } from "./routes/users.ts";

export const restRoutes: Route[] = [
  ...appRoutes,
  ...userRoutes,
  ...oauthRoutes,
  ...repositoryRoutes,
  ...gitDataRoutes,
  ...issueRoutes,
  ...commentRoutes,
  ...pullRoutes,
  ...reviewRoutes,
  ...checkRoutes,
];

const match = compileRoutes([...restRoutes, graphqlRoute]);

export interface RestRequest {
  method: string;
  /** Below the API's root. */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  body: string;
}

export interface Answer {
  /** Null when no route knows the path: a hole in the emulator, or a mistake of the caller. */
  template: string | null;
  actor: string;
  /** Null when the connection is to be cut. */
  reply: { status: number; headers: Record<string, string>; body: string } | null;
}

export async function answerRest(hub: Hub, request: RestRequest): Promise<Answer> {
  const path = byName(hub, request.path);
  const found = match(request.method, path);
  const template = found?.route.template ?? null;
  const taken = template === null ? null : hub.faults.take(template);
  const caller = { actor: "anonymous", headers: {} as Record<string, string> };
  const early = taken && isEarly(taken) ? await suffer(taken, hub) : "unharmed";
  if (early === "cut") return { template, actor: caller.actor, reply: null };
  const outcome = early === "unharmed" ? await attempt(hub, { ...request, path }, found, caller) : early;
  const late = taken && !isEarly(taken) ? await suffer(taken, hub) : "unharmed";
  if (late === "cut") return { template, actor: caller.actor, reply: null };
  const reply = finish(hub, request, late === "unharmed" ? outcome : late, caller.headers);
  return { template, actor: caller.actor, reply };
}

/** `/repositories/17/...` is the same as the name of repository 17; page links and redirects use it. */
function byName(hub: Hub, path: string): string {
  const [, id, rest = ""] = /^\/repositories\/(\d+)(\/.*)?$/.exec(path) ?? [];
  const repository = id && hub.repositories.find((one) => one.id === Number(id));
  return repository ? `/repos/${repository.owner.login}/${repository.name}${rest}` : path;
}

function isEarly({ fault }: Taken): boolean {
  return !("when" in fault) || fault.when !== "after";
}

/** What the ordered fault does to the call. A hanging one goes on unharmed once it is released. */
async function suffer(taken: Taken, hub: Hub): Promise<ApiProblem | "cut" | "unharmed"> {
  const { fault } = taken;
  switch (fault.kind) {
    case "reset":
      return "cut";
    case "hang":
      await taken.released;
      return "unharmed";
    case "secondary-limit":
      return secondaryLimit(fault.retryAfterSeconds, fault.status ?? 403);
    case "primary-limit": {
      const reset = Math.ceil(hub.clock.now() / 1000) + fault.resetInSeconds;
      return primaryLimit("this token", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(reset) });
    }
    case "status":
      return new ApiProblem(fault.status, fault.message ?? "Server Error", { headers: fault.headers ?? {} });
    default:
      return fault satisfies never;
  }
}

async function attempt(
  hub: Hub,
  request: RestRequest,
  found: Found | null,
  caller: { actor: string; headers: Record<string, string> },
): Promise<Reply | ApiProblem> {
  try {
    if (!request.headers["user-agent"])
      throw new ApiProblem(
        403,
        "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
      );
    const actor = await authenticate(hub, request.headers.authorization);
    caller.actor = actorName(actor);
    caller.headers = hub.limits.request(caller.actor, actor.is === "anonymous");
    if (!found) throw notFound();
    return await handle(hub, request, found, actor);
  } catch (error) {
    if (error instanceof ApiProblem) return error;
    throw error;
  }
}

async function handle(hub: Hub, request: RestRequest, { route, params }: Found, actor: Actor): Promise<Reply> {
  const call: Call = {
    hub,
    actor,
    path: request.path,
    params,
    query: request.query,
    accept: request.headers.accept ?? "",
    body: parseBody(request.body),
  };
  if (route.about === "account") return route.handle(call);
  const name = `${params.owner}/${params.repo}`;
  const repository = findRepository(hub, name);
  const renamed = repository ? undefined : formerly(hub, name);
  if (renamed) return moved(hub, request, renamed.id);
  if (!repository) throw notFound();
  authorize(actor, repository, route);
  if (route.creates) hub.limits.content(actorName(actor));
  const reply = await route.handle({ ...call, repository });
  if (request.method !== "GET") hub.changed();
  return reply;
}

function parseBody(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiProblem(400, "Problems parsing JSON");
  }
}

function moved(hub: Hub, request: RestRequest, id: number): Reply {
  const rest = request.path.split("/").slice(4).join("/");
  const query = request.query.size > 0 ? `?${request.query}` : "";
  const location = `${hub.apiUrl}/repositories/${id}${rest ? `/${rest}` : ""}${query}`;
  const status = request.method === "GET" ? 301 : 307;
  return { status, body: { message: "Moved Permanently", url: location }, headers: { location } };
}

function finish(hub: Hub, request: RestRequest, outcome: Reply | ApiProblem, limitHeaders: Record<string, string>) {
  const body = outcome instanceof ApiProblem ? outcome.body() : outcome.body;
  const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  const etag = `W/"${createHash("sha256").update(text).digest("hex")}"`;
  const isFresh = request.method === "GET" && outcome.status === 200 && request.headers["if-none-match"] === etag;
  const headers: Record<string, string> = {
    "content-type": "application/json; charset=utf-8",
    "x-github-media-type": "github.v3; format=json",
    "x-github-request-id": randomUUID(),
    date: new Date(hub.clock.now()).toUTCString(),
    ...(outcome.status === 200 && request.method === "GET" ? { etag } : {}),
    ...limitHeaders,
    ...outcome.headers,
  };
  if (text === "" || isFresh) delete headers["content-type"];
  return { status: isFresh ? 304 : outcome.status, headers, body: isFresh ? "" : text };
}
