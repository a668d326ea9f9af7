/** Who may do what where: a person by the role in the repository, an app by its installation's permissions. */
import type { Hub } from "./hub.ts";
import { notForIntegration, notForToken, notFound, requiresAuthentication, suspended } from "./problem.ts";
import type { Account, App, By, Installation, Issue, Level, Permissions, Repository, Role, Token } from "./state.ts";

export type Actor =
  | { is: "anonymous" }
  | { is: "app"; app: App }
  /** By its client id and secret, for what concerns the tokens of people. */
  | { is: "client"; app: App }
  | { is: "person"; account: Account; scopes: string[] }
  | { is: "installation"; installation: Installation; token: Extract<Token, { is: "installation" }> };

/** `issues:write`: what an app needs. Any one of a list will do. */
export type Need = `${string}:${"read" | "write"}`;

/** What a route asks for before its own work starts. */
export interface Rule {
  needs: Need[];
  /** What a person needs. Reading a public repository needs nothing. */
  role: Role;
}

const ROLE_RANK: Record<Role, number> = { read: 1, triage: 2, write: 3, maintain: 4, admin: 5 };
const LEVEL_RANK: Record<Level, number> = { read: 1, write: 2, admin: 3 };

export function roleOf(account: Account, repository: Repository): Role | null {
  if (repository.owner === account) return "admin";
  const membership = repository.owner.members.get(account.login.toLowerCase());
  if (membership?.role === "owner") return "admin";
  const granted = repository.collaborators.get(account.login.toLowerCase()) ?? null;
  return granted ?? (membership || !repository.isPrivate ? "read" : null);
}

export function hasRole(account: Account, repository: Repository, atLeast: Role): boolean {
  const role = roleOf(account, repository);
  return role !== null && ROLE_RANK[role] >= ROLE_RANK[atLeast];
}

export function coversRepository(installation: Installation, repository: Repository): boolean {
  if (installation.account !== repository.owner) return false;
  return installation.repositories === "all" || installation.repositories.has(repository.id);
}

export function tokenCovers(token: Extract<Token, { is: "installation" }>, repository: Repository): boolean {
  if (!coversRepository(token.installation, repository)) return false;
  return token.repositories === null || token.repositories.has(repository.id);
}

export function grants(permissions: Permissions, need: Need): boolean {
  const [name = "", level = "read"] = need.split(":");
  const granted = permissions[name];
  return granted !== undefined && LEVEL_RANK[granted] >= LEVEL_RANK[level === "write" ? "write" : "read"];
}

/** May this actor know that the repository exists? */
export function canSee(actor: Actor, repository: Repository): boolean {
  if (!repository.isPrivate) return true;
  if (actor.is === "installation") return tokenCovers(actor.token, repository);
  return actor.is === "person" && actor.scopes.includes("repo") && hasRole(actor.account, repository, "read");
}

/** Throws GitHub's answer when the rule is not met: 404 for what may not be seen, 403 for what may not be done. */
export function authorize(actor: Actor, repository: Repository, rule: Rule): void {
  if (!canSee(actor, repository)) throw notFound();
  const isReading = rule.role === "read" && rule.needs.every((need) => need.endsWith(":read"));
  const isOpen = isReading && !repository.isPrivate;
  switch (actor.is) {
    case "installation":
      if (isOpen && !tokenCovers(actor.token, repository)) return;
      if (!tokenCovers(actor.token, repository)) throw notForIntegration();
      if (!rule.needs.some((need) => grants(actor.token.permissions, need))) throw notForIntegration();
      return;
    case "person":
      if (!isReading && !actor.scopes.includes("repo")) throw notForToken();
      if (!hasRole(actor.account, repository, rule.role))
        throw rule.role === "admin" ? notFound() : mustHave(rule.role);
      return;
    case "app":
    case "client":
      throw notForIntegration();
    case "anonymous":
      if (!isOpen) throw requiresAuthentication();
      return;
    default:
      actor satisfies never;
  }
}

function mustHave(role: Role) {
  return role === "read" ? notFound() : notForToken();
}

/** An app that was given pull requests but not issues may touch the one and not the other. */
export function authorizeIssue(actor: Actor, issue: Issue, level: "read" | "write"): void {
  if (issue.pull || actor.is !== "installation") return;
  const isOpen = level === "read" && !issue.repository.isPrivate;
  if (!isOpen && !grants(actor.token.permissions, `issues:${level}`)) throw notForIntegration();
}

/** The account that an actor's deeds are put down to. */
export function byOf(actor: Actor): By {
  switch (actor.is) {
    case "installation":
      return { account: actor.installation.app.bot, app: actor.installation.app };
    case "person":
      return { account: actor.account, app: null };
    default:
      throw requiresAuthentication();
  }
}

/** Changing what somebody else wrote takes write access; an app with the permission has that. */
export function mayChange(actor: Actor, repository: Repository, author: Account): boolean {
  if (actor.is === "installation") return true;
  return actor.is === "person" && (actor.account === author || hasRole(actor.account, repository, "write"));
}

/** For the limits and the log. */
export function actorName(actor: Actor): string {
  switch (actor.is) {
    case "installation":
      return `installation ID ${actor.installation.id}`;
    case "app":
    case "client":
      return `app ID ${actor.app.id}`;
    case "person":
      return `user ID ${actor.account.id}`;
    default:
      return "anonymous";
  }
}

/** The token behind what a client sent, if it is one that works. */
export function actorOfToken(hub: Hub, secret: string): Actor | null {
  const token = hub.tokens.get(secret);
  if (!token) return null;
  if (token.is === "personal") return { is: "person", account: token.account, scopes: token.scopes };
  if (token.expiresAtMs <= hub.clock.now()) return null;
  if (token.is === "user") return { is: "person", account: token.account, scopes: [] };
  if (token.installation.suspendedAt) throw suspended();
  return { is: "installation", installation: token.installation, token };
}
