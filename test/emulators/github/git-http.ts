/** Git over HTTP: GitHub's answers about who may fetch and push, then the real `git http-backend`. */
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { type Actor, actorOfToken, byOf, canSee, grants, hasRole, tokenCovers } from "./access.ts";
import { pushed, type RefChange } from "./actions/pushes.ts";
import { basicActor } from "./authenticate.ts";
import { GIT_ENV, refs, ZERO_SHA } from "./git.ts";
import { findRepository, formerly, fullName, type Hub } from "./hub.ts";
import { ApiProblem } from "./problem.ts";
import type { Repository } from "./state.ts";

const GIT_PATH = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;

export interface GitRequest {
  /** As the faults and the log name it. */
  template: string;
  name: string;
  action: string;
  isPush: boolean;
  query: string;
}

export const gitTemplates = [
  "GET /{owner}/{repo}.git/info/refs",
  "POST /{owner}/{repo}.git/git-upload-pack",
  "POST /{owner}/{repo}.git/git-receive-pack",
];

export function parseGitRequest(method: string, url: URL): GitRequest | null {
  const [, owner = "", name = "", action = ""] = GIT_PATH.exec(url.pathname) ?? [];
  const template = gitTemplates.find((one) => one.startsWith(method) && one.endsWith(`/${action}`));
  if (!action || !template) return null;
  const service = url.searchParams.get("service") ?? action;
  const isPush = service === "git-receive-pack";
  return { template, name: decodeURIComponent(`${owner}/${name}`), action, isPush, query: url.search.slice(1) };
}

/** What the push hook is told, beside the repository. */
export interface PushPolicy {
  defaultBranch: string;
  protectedBranches: string[];
  workflows: "allowed" | "refused to app" | "refused to token";
}

export async function serveGit(
  hub: Hub,
  request: GitRequest,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<Actor> {
  const actor = gitActor(hub, incoming.headers.authorization);
  const repository = findGitRepository(hub, request, actor);
  if (request.action === "git-receive-pack") await receive(hub, { request, repository, actor }, incoming, response);
  else await backend(hub, { request, repository }, incoming, response);
  response.end();
  return actor;
}

function gitActor(hub: Hub, header: string | undefined): Actor {
  if (!header) return { is: "anonymous" };
  const [scheme = "", secret = ""] = header.split(" ", 2);
  try {
    const actor = scheme.toLowerCase() === "basic" ? basicActor(hub, secret) : actorOfToken(hub, secret);
    if (actor) return actor;
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 401) throw error;
  }
  throw refusal(401, "Invalid username or token. Password authentication is not supported for Git operations.");
}

/** Strangers are asked for a password even where nothing is, so that they cannot tell. */
function findGitRepository(hub: Hub, request: GitRequest, actor: Actor): Repository {
  const found = findRepository(hub, request.name) ?? formerly(hub, request.name);
  if (actor.is === "anonymous" && (!found || found.isPrivate || request.isPush)) {
    throw refusal(401, found?.isPrivate === false ? "No anonymous write access." : "Repository not found.");
  }
  if (!found || !canSee(actor, found)) throw refusal(404, "Repository not found.");
  if (request.isPush && !mayPush(actor, found)) throw refusal(403, denied(actor, found));
  if (!request.isPush && !mayFetch(actor, found)) throw refusal(403, denied(actor, found));
  return found;
}

function mayFetch(actor: Actor, repository: Repository): boolean {
  if (!repository.isPrivate || actor.is !== "installation") return true;
  return grants(actor.token.permissions, "contents:read");
}

function mayPush(actor: Actor, repository: Repository): boolean {
  if (actor.is === "installation") {
    return tokenCovers(actor.token, repository) && grants(actor.token.permissions, "contents:write");
  }
  return actor.is === "person" && actor.scopes.includes("repo") && hasRole(actor.account, repository, "write");
}

function denied(actor: Actor, repository: Repository): string {
  if (actor.is !== "person") return "Write access to repository not granted.";
  return `Permission to ${fullName(repository)}.git denied to ${actor.account.login}.`;
}

function refusal(status: number, message: string): ApiProblem {
  return new ApiProblem(status, message, {
    headers: status === 401 ? { "www-authenticate": 'Basic realm="GitHub"' } : {},
  });
}

/** Git shows a refusal's text to its user only when it is plain text. */
export function sendRefusal(response: ServerResponse, problem: ApiProblem): void {
  response.writeHead(problem.status, { ...problem.headers, "content-type": "text/plain; charset=utf-8" });
  response.end(`${problem.message}\n`);
}

const queues = new WeakMap<Repository, Promise<void>>();

/** One push at a time in a repository: the difference of its refs before and after is what was pushed. */
async function receive(
  hub: Hub,
  push: { request: GitRequest; repository: Repository; actor: Actor },
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { repository, actor } = push;
  const turn = Promise.withResolvers<void>();
  const before = queues.get(repository);
  queues.set(repository, turn.promise);
  await before;
  try {
    await writeFile(join(repository.directory, "push-policy.json"), JSON.stringify(policyFor(repository, actor)));
    const old = await refs(repository.directory);
    await backend(hub, push, incoming, response);
    const changes = difference(old, await refs(repository.directory));
    // The client waits for the end of the answer, so when its push returns, pull requests have followed.
    await pushed(hub, repository, changes, byOf(actor));
  } finally {
    turn.resolve();
  }
}

function policyFor(repository: Repository, actor: Actor): PushPolicy {
  const { defaultBranch } = repository;
  const protectedBranches = [...repository.protectedBranches];
  if (actor.is === "installation" && !grants(actor.token.permissions, "workflows:write")) {
    return { defaultBranch, protectedBranches, workflows: "refused to app" };
  }
  const isScoped = actor.is !== "person" || actor.scopes.includes("workflow");
  return { defaultBranch, protectedBranches, workflows: isScoped ? "allowed" : "refused to token" };
}

function difference(old: Map<string, string>, now: Map<string, string>): RefChange[] {
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((ref) => ({ ref, before: old.get(ref) ?? ZERO_SHA, after: now.get(ref) ?? ZERO_SHA }))
    .filter(({ ref, before, after }) => before !== after && !ref.startsWith("refs/pull/"));
}

/** A CGI call: the request's body in, headers and body out. */
function backend(
  hub: Hub,
  { request, repository }: { request: GitRequest; repository: Repository },
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const child = spawn("git", ["http-backend"], {
    env: cgi(hub, request, repository, incoming),
    stdio: ["pipe", "pipe", "ignore"],
  });
  response.on("close", () => child.kill());
  // The backend may end before it has read everything, when it refuses; that is no failure of ours.
  child.stdin.on("error", () => {});
  incoming.pipe(child.stdin);
  let head = Buffer.alloc(0);
  child.stdout.on("data", (chunk: Buffer) => {
    if (response.headersSent) {
      response.write(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    startAnswer(response, head.subarray(0, end).toString("latin1"));
    response.write(head.subarray(end + 4));
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve());
  });
}

function startAnswer(response: ServerResponse, head: string): void {
  const pairs = head.split("\r\n").map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  const status = Number.parseInt(pairs.find(([name]) => name === "status")?.[1] ?? "200", 10);
  response.writeHead(status, Object.fromEntries(pairs.filter(([name]) => name !== "status")));
}

function cgi(hub: Hub, request: GitRequest, repository: Repository, incoming: IncomingMessage): Record<string, string> {
  const { headers, method = "GET" } = incoming;
  return {
    ...GIT_ENV,
    GIT_PROJECT_ROOT: hub.directory,
    GIT_HTTP_EXPORT_ALL: "1",
    PATH_INFO: `/${repository.id}.git/${request.action}`,
    REQUEST_METHOD: method,
    QUERY_STRING: request.query,
    CONTENT_TYPE: headers["content-type"] ?? "",
    ...(headers["content-length"] ? { CONTENT_LENGTH: headers["content-length"] } : {}),
    ...(headers["content-encoding"] ? { HTTP_CONTENT_ENCODING: headers["content-encoding"] } : {}),
    ...(typeof headers["git-protocol"] === "string" ? { GIT_PROTOCOL: headers["git-protocol"] } : {}),
    REMOTE_USER: "git",
    REMOTE_ADDR: "127.0.0.1",
  };
}
