/**
 * The file in which a coding agent keeps that somebody is logged in, for those who have a subscription and no key. It goes into sandboxes
 * without what could renew it: a refresh token lives for months and makes others, and whoever uses it first ends it for everybody else.
 */
import * as z from "zod";
import { AGENT_KINDS, AGENT_TAKES } from "./agents.ts";

/** Its shape is the agent's own business. */
export const AgentLogin = z.record(z.string(), z.json());
export type AgentLogin = z.infer<typeof AgentLogin>;

/** By the agent's kind. */
export const AgentLogins = z.record(z.string(), AgentLogin);
export type AgentLogins = z.infer<typeof AgentLogins>;

export const KINDS_WITH_LOGIN = AGENT_KINDS.filter((kind) => AGENT_TAKES[kind].login);

type Json = z.infer<ReturnType<typeof z.json>>;

/**
 * The same with an empty text for every text below a name that has `refresh` in it. The names stay, because agents refuse a file that
 * lacks one; moments stay as well, because they are no secrets and codex refuses a file whose `last_refresh` is none.
 */
export function withoutRefreshTokens(login: AgentLogin): AgentLogin {
  return Object.fromEntries(Object.entries(login).map(([name, value]) => [name, blanked(value, isRefresh(name))]));
}

function blanked(value: Json, isBelow: boolean): Json {
  if (typeof value === "string") return isBelow && !MOMENT.test(value) ? "" : value;
  if (Array.isArray(value)) return value.map((one) => blanked(one, isBelow));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, blanked(one, isBelow || isRefresh(name))]),
  );
}

const isRefresh = (name: string): boolean => /refresh/i.test(name);
const MOMENT = /^\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d)$/;

/** What in it must not be read by others: what its name says, and whatever is too long to be an ordinary word. */
export function secretsOf(login: AgentLogin): string[] {
  return Object.entries(login).flatMap(([name, value]) => secretsIn(value, LOOKS_SECRET.test(name)));
}

function secretsIn(value: Json, isNamed: boolean): string[] {
  if (typeof value === "string")
    return value.length >= (isNamed ? SHORTEST : LONG) && !MOMENT.test(value) ? [value] : [];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, one]) => secretsIn(one, LOOKS_SECRET.test(name)));
}

const LOOKS_SECRET = /token|key|secret|password|credential|access|refresh|jwt/i;
/** `tokenType: "Bearer"` is none. */
const SHORTEST = 12;
const LONG = 40;
