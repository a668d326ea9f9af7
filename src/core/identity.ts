/** Who somebody is: a person of one workspace, and who that is on GitHub, said once by themselves and known by numbers that nobody can take over. */
import type { Mention, Session, SurfaceName } from "./types.ts";

/** A person of one workspace; the same id may be somebody else in another one. */
export interface Membership {
  surface: SurfaceName;
  /** Empty where a surface knows no workspaces. */
  team: string;
  id: string;
}

export interface Member extends Membership {
  /** As people see it. */
  name: string;
}

/** `id` stays for good; a login can be given up and taken by somebody else. */
export interface GitHubAccount {
  id: number;
  login: string;
}

/** What is known of people, and how they say who they are. */
export interface Identities {
  of(member: Membership): Promise<GitHubAccount | null>;
  /** For this person's eyes alone: whoever opens it says that the person is them. Good for ten minutes, and once. */
  connectUrl(member: Member): Promise<string>;
  disconnect(member: Membership): Promise<void>;
}

/** Null where there is nothing to connect: whoever speaks on GitHub is known, and whoever has the machine may do everything. */
export function memberOf({ author, thread }: Pick<Mention, "author" | "thread">): Member | null {
  if (author.surface !== "slack" || thread.surface !== "slack") return null;
  return { surface: "slack", team: thread.team, id: author.id, name: author.name };
}

/** Whoever spoke there, on whatever surface. */
export function membershipOf({ author, thread }: Pick<Mention, "author" | "thread">): Membership {
  const { surface, id } = author;
  return { surface, team: surface === "slack" && thread.surface === "slack" ? thread.team : "", id };
}

export const isSameMember = (one: Membership | null, other: Membership): boolean =>
  one?.surface === other.surface && one.team === other.team && one.id === other.id;

/** Without an empty list: sessions that wait are found by having one. */
export function withConnecting(session: Session, connecting: Mention[]): Session {
  const { connecting: _, ...rest } = session;
  return connecting.length > 0 ? { ...rest, connecting } : rest;
}
