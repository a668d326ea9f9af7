/** The table of routes and how a request finds its row. Templates are written as in GitHub's documentation and octokit's types. */
import type { z } from "zod";
import { type Actor, authorizeIssue, byOf, type Need } from "./access.ts";
import { findRepository, type Hub, isPull } from "./hub.ts";
import { ApiProblem, notFound } from "./problem.ts";
import type { By, Issue, PullIssue, Repository, Role } from "./state.ts";

export interface Call {
  hub: Hub;
  actor: Actor;
  /** Below the API's root, for links to other pages of the same list. */
  path: string;
  params: Record<string, string>;
  query: URLSearchParams;
  accept: string;
  body: unknown;
}

export interface RepoCall extends Call {
  repository: Repository;
}

export interface Reply {
  status: number;
  /** Absent for 204. */
  body?: unknown;
  headers?: Record<string, string>;
}

interface Row {
  template: string;
  /** Counts against the limit on creating content. */
  creates: boolean;
}

export type Route = Row &
  (
    | { about: "account"; handle(call: Call): Reply | Promise<Reply> }
    | { about: "repository"; needs: Need[]; role: Role; handle(call: RepoCall): Reply | Promise<Reply> }
  );

/** A route outside any repository. It looks at the actor itself. */
export function route(template: string, handle: (call: Call) => Reply | Promise<Reply>): Route {
  return { template, creates: false, about: "account", handle };
}

/** A route in a repository, with what an app needs (any one will do) and the role that a person needs. */
export function repoRoute(
  template: string,
  rule: { needs: Need[]; role?: Role; creates?: boolean },
  handle: (call: RepoCall) => Reply | Promise<Reply>,
): Route {
  const { needs, role = "read", creates = false } = rule;
  return { template, creates, about: "repository", needs, role, handle };
}

export const ok = (body: unknown, headers: Record<string, string> = {}): Reply => ({ status: 200, body, headers });
export const created = (body: unknown): Reply => ({ status: 201, body });
export const noContent = (): Reply => ({ status: 204 });

/** One page of a list, with the `Link` header that octokit's paginate follows. */
export function paged(call: Call, all: unknown[], wrap: (page: unknown[]) => unknown = (page) => page): Reply {
  const perPage = Math.min(Math.max(Number(call.query.get("per_page")) || 30, 1), 100);
  const page = Math.max(Number(call.query.get("page")) || 1, 1);
  const last = Math.max(Math.ceil(all.length / perPage), 1);
  const link = (rel: string, target: number) => {
    const query = new URLSearchParams(call.query);
    query.set("page", String(target));
    return `<${call.hub.apiUrl}${call.path}?${query}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [link("prev", page - 1), link("first", 1)] : []),
    ...(page < last ? [link("next", page + 1), link("last", last)] : []),
  ];
  const headers: Record<string, string> = links.length > 0 ? { link: links.join(", ") } : {};
  return ok(wrap(all.slice((page - 1) * perPage, page * perPage)), headers);
}

/** Parameters that swallow slashes: a branch is `feature/login`, whether or not the client escapes it. */
const WIDE = new Set(["path", "ref", "basehead", "branch"]);

export interface Found {
  route: Route;
  params: Record<string, string>;
}

/** Compiled once; the route with more literal parts wins, so `/pulls/comments/1` is not pull request "comments". */
export function compileRoutes(routes: Route[]): (method: string, path: string) => Found | null {
  const compiled = routes
    .map((one) => ({ route: one, ...compile(one.template) }))
    .sort((a, b) => b.literals - a.literals);
  return (method, path) => {
    for (const { route, method: wanted, pattern } of compiled) {
      const match = wanted === method ? pattern.exec(path) : null;
      if (match) return { route, params: decoded(match.groups) };
    }
    return null;
  };
}

function compile(template: string) {
  const [method = "", path = ""] = template.split(" ");
  const parts = path.split("/").slice(1);
  const source = parts.map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (!name) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return WIDE.has(name) ? `(?<${name}>.*)` : `(?<${name}>[^/]+)`;
  });
  const literals = parts.filter((part) => !part.startsWith("{")).length;
  // The root of the contents has no path, and octokit leaves the slash before it out as well.
  const whole = source.join("/").replace(/\/(\(\?<path>\.\*\))$/, "(?:/$1)?");
  return { method, pattern: new RegExp(`^/${whole}/?$`), literals };
}

function decoded(groups: Record<string, string> | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(groups ?? {}).map(([name, value = ""]) => [name, decodeURIComponent(value)]),
  );
}

/** The repository that the path names, under its present name. */
export function repositoryOf(call: Call): Repository {
  const found = findRepository(call.hub, `${call.params.owner}/${call.params.repo}`);
  if (!found) throw notFound();
  return found;
}

export const actingBy = (call: Call): By => byOf(call.actor);

/** The issue or pull request of `{issue_number}`. */
export function issueOf(call: RepoCall, level: "read" | "write"): Issue {
  const issue = call.repository.issues.get(Number(call.params.issue_number));
  if (!issue) throw notFound();
  authorizeIssue(call.actor, issue, level);
  return issue;
}

export function pullOf(call: RepoCall): PullIssue {
  const issue = call.repository.issues.get(Number(call.params.pull_number));
  if (!issue || !isPull(issue)) throw notFound();
  return issue;
}

/** The body, checked; what is wrong with it is said as GitHub says it. */
export function bodyOf<S extends z.ZodType>(call: Call, schema: S): z.output<S> {
  const parsed = schema.safeParse(call.body ?? {});
  if (parsed.success) return parsed.data;
  const sentences = parsed.error.issues.map((issue) => sentence(issue, call.body));
  throw new ApiProblem(422, `Invalid request.\n\n${sentences.join("\n")}`);
}

function sentence(issue: z.core.$ZodIssue, body: unknown): string {
  const name = issue.path.join("/");
  const value = issue.path.reduce<unknown>((at, key) => (isRecord(at) ? at[String(key)] : undefined), body);
  if (value === undefined) return `"${name}" wasn't supplied.`;
  return `For 'properties/${name}', ${JSON.stringify(value)} is not valid.`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
