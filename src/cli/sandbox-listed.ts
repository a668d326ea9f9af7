/** Every sandbox as `threadbox list` shows it: what the store knows, beside what really runs. */
import { sql } from "kysely";
import type { Session } from "../core/types.ts";
import type { Listed as Running } from "../sandboxes/provider.ts";
import { type Found, homeOf, owned, repositoryOf } from "./sandbox-find.ts";
import { shortName } from "./sandbox-names.ts";
import type { OpenSandboxes } from "./sandbox-open.ts";

export interface Listed {
  /** Without the prefix. */
  short: string;
  is: Found["is"];
  session: string | null;
  /** One word for what it does now. */
  state: State;
  /** Null for one of another provider than the one that is set: that one cannot be asked. */
  runs: boolean | null;
  /** It runs, and nobody will ever end it. */
  orphan: boolean;
  repository: string | null;
  provider: string;
  /** What it was prepared from. */
  prepared: string | null;
  url: string | null;
  createdAt: number | null;
  endsAt: number | null;
}

/** `gone`: it should run, and does not. `not-asked`: it is at another provider than the one that is set. */
type State = "working" | "idle" | "starting" | "falling-asleep" | "asleep" | "gone" | "running" | "not-asked";

export async function listedSandboxes({ store, open, provider }: OpenSandboxes): Promise<Listed[]> {
  const [rows, sessions, running] = await Promise.all([
    store.knownSandboxes(),
    open.db
      .selectFrom("sessions")
      .select("state")
      .where(sql<boolean>`state->'sandbox'->>'is' <> 'none'`)
      .orderBy("updated_at", "desc")
      .execute(),
    provider.list(),
  ]);
  const known = owned(
    rows,
    sessions.map(({ state }) => state),
  );
  const names = new Set(known.map(({ name }) => name));
  const orphans = running.filter(({ name }) => !names.has(name));
  const nobody = orphans.map(({ name }): Found => ({ is: "nobody", name, session: null, row: null }));
  const byName = new Map(running.map((one) => [one.name, one]));
  return [...known, ...nobody].map((found) => listed(found, byName.get(found.name) ?? null, provider.kind));
}

export function listed(found: Found, machine: Running | null, kind: string): Listed {
  const { is, name, session, row } = found;
  const state = session?.sandbox ?? null;
  const home = homeOf(found) ?? kind;
  const runs = home === kind ? machine !== null : null;
  return {
    ...{ short: shortName(name), is, session: session?.id ?? null, runs, orphan: is === "nobody" },
    ...{ state: stateOf(found, runs), repository: repositoryOf(found), provider: home },
    ...{ prepared: row?.prepared ?? null, url: state && "url" in state ? state.url : (row?.url ?? null) },
    createdAt: machine?.createdAt ?? row?.createdAt.getTime() ?? (state && "since" in state ? state.since : null),
    endsAt: state && "endsAt" in state ? state.endsAt : (row?.endsAt?.getTime() ?? null),
  };
}

function stateOf({ session, row }: Found, runs: boolean | null): State {
  if (session?.sandbox.is === "asleep") return "asleep";
  if (runs === null) return "not-asked";
  if (session) return sessionState(session, runs);
  // Its daemon has never answered: somebody makes it just now, or was cut off.
  if (row && row.url === null) return "starting";
  return runs ? "running" : "gone";
}

function sessionState({ sandbox, turn }: Session, runs: boolean): State {
  switch (sandbox.is) {
    case "ready":
      if (!runs) return "gone";
      return turn ? "working" : "idle";
    case "starting":
    case "falling-asleep":
    case "asleep":
      return sandbox.is;
    case "none":
      return "gone";
    default:
      return sandbox satisfies never;
  }
}
