/** Which sandbox a person means: by its name, by the session that uses it, or by the beginning of either. */
import type { Session } from "../core/types.ts";
import { sandboxOf } from "../engine/reach.ts";
import { ThreadboxError } from "../errors.ts";
import type { Sandbox } from "../sandboxes/provider.ts";
import type { KnownSandbox } from "../store/sandboxes.ts";
import { Refused } from "./failure.ts";
import { pick, shortName } from "./sandbox-names.ts";
import type { OpenSandboxes } from "./sandbox-open.ts";

/** Who has it. `nobody`: it runs at the provider, and stands nowhere in the store. */
export type Found =
  | { is: "session"; name: string; session: Session; row: KnownSandbox | null }
  | { is: KnownSandbox["kind"]; name: string; session: null; row: KnownSandbox }
  | { is: "nobody"; name: string; session: null; row: null };

/** Throws `sandbox.unknown` and `sandbox.ambiguous`. */
export async function findSandbox(sandboxes: OpenSandboxes, wanted: string): Promise<Found> {
  const found = await lookFor(sandboxes, wanted);
  if (found) return found;
  throw new ThreadboxError("sandbox.unknown", `There is no sandbox ${JSON.stringify(wanted)}.`);
}

/** As `findSandbox`, with null for an unknown one. */
export async function lookFor(sandboxes: OpenSandboxes, wanted: string): Promise<Found | null> {
  const known = await lookInStore(sandboxes, wanted);
  if (known) return known;
  const short = shortName(wanted);
  // Only now, because it is a call to the provider that nearly nobody needs.
  const running = (await sandboxes.provider.list()).map(({ name }): Found => ({ is: "nobody", name, ...NOTHING }));
  return pick(short, running, namesOf);
}

/** Among those that stand in the store, and the sessions. */
export async function lookInStore(sandboxes: OpenSandboxes, wanted: string): Promise<Found | null> {
  const short = shortName(wanted);
  return pick(short, await knownOnes(sandboxes, short), namesOf);
}

const NOTHING = { session: null, row: null } as const;

/** Everything that the store knows and that may be meant. */
async function knownOnes({ store, open }: OpenSandboxes, short: string): Promise<Found[]> {
  const rows = await store.knownSandboxes();
  const taken = rows.flatMap(({ takenBy }) => (takenBy ? [takenBy] : []));
  const begun = /^[a-z0-9]+$/.test(short) ? `${short}%` : "";
  const sessions = await open.db
    .selectFrom("sessions")
    .select("state")
    .where((is) => is.or([is("id", "like", begun), is("id", "in", ["", ...taken])]))
    .limit(MAX_SESSIONS)
    .execute();
  return owned(
    rows,
    sessions.map(({ state }) => state),
  );
}

/** Far more than anybody reads the names of; there are as many as stock sandboxes that are in use. */
const MAX_SESSIONS = 2_000;

/** Each machine once: one out of the stock that a session took is that session's. */
export function owned(rows: KnownSandbox[], sessions: Session[]): Found[] {
  const ofSessions = sessions.map((session): Found => {
    const taken = rows.find((row) => row.takenBy === session.id);
    const name = "name" in session.sandbox || !taken ? sandboxOf(session) : taken.name;
    return { is: "session", name, session, row: rows.find((row) => row.name === name) ?? null };
  });
  const names = new Set(ofSessions.map(({ name }) => name));
  const rest = rows.filter(({ name }) => !names.has(name));
  return [...ofSessions, ...rest.map((row): Found => ({ is: row.kind, name: row.name, session: null, row }))];
}

export function namesOf({ name, session }: Found): string[] {
  return session ? [session.id, shortName(name)] : [shortName(name)];
}

export const repositoryOf = ({ session, row }: Found): string | null =>
  session?.work?.repository.name ?? row?.repository ?? null;

/**
 * The provider that has it, as far as that is written down; null where nothing tells. A session does not name its provider: of those that
 * are awake only Modal's have an end, and of those that sleep the files are an image there, or stand under their sandbox's name here.
 */
export function homeOf({ row, session }: Pick<Found, "row" | "session">): string | null {
  if (row) return row.provider;
  const state = session?.sandbox;
  if (!state || state.is === "none") return null;
  if ("endsAt" in state) return state.endsAt === null ? "local" : "modal";
  const token = state.is === "asleep" ? state.token : state.from;
  if (token?.startsWith("im-")) return "modal";
  return token && /^(?:threadbox-|snapshot:)/.test(token) ? "local" : null;
}

/** The machine itself. Refuses one that does not run, and says how its files can still be had. */
export async function runningOne({ provider }: OpenSandboxes, found: Found): Promise<Sandbox> {
  mustBeHere(provider.kind, found);
  const sandbox = await provider.find(found.name);
  if (sandbox) return sandbox;
  if (found.is !== "session") {
    const name = shortName(found.name);
    throw new Refused(
      `The sandbox ${name} does not run any more.`,
      `Start another from what it has left, if that is still there: \`threadbox fork ${name}\`; or forget it: \`threadbox destroy ${name}\`.`,
    );
  }
  const { id, sandbox: state } = found.session;
  if (state.is === "asleep")
    throw new Refused(
      `The sandbox of session ${id} sleeps.`,
      `Write in its thread to wake it, or start another one from its files: \`threadbox fork ${id}\`.`,
    );
  throw new Refused(`Session ${id} has no running sandbox.`, "Write in its thread to start one.");
}

/** A local sandbox has one user; saying nothing would let a person believe that what they did was done as root. */
export function mayBeRoot(kind: string, root: boolean): void {
  if (root && kind === "local")
    throw new Refused("A local sandbox has one user, and no root.", "Leave --root out; it is for sandboxes at Modal.");
}

/** Another provider's sandboxes stand in the same store when THREADBOX_PROVIDER was changed. */
export function mustBeHere(kind: string, found: Found): void {
  const home = homeOf(found);
  if (home === null || home === kind) return;
  throw new Refused(
    `The sandbox ${shortName(found.name)} is one of the provider ${home}, and ${kind} is set.`,
    `Set THREADBOX_PROVIDER=${home}.`,
  );
}
