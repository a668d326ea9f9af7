/** A turn on its way into the sandbox: credentials and repository first, then the words, fixed before they go out for the first time. */
import { pause } from "../clock.ts";
import type { Worker } from "../core/agent-choice.ts";
import type { Effect, SessionEvent } from "../core/decision.ts";
import { forkedFromText } from "../core/fork.ts";
import { handOverText, toldOf, unknownTo } from "../core/hand-over.ts";
import { pinOf } from "../core/head.ts";
import { lossesOf } from "../core/memory.ts";
import { commitSubject, promptText, steerText } from "../core/prompt.ts";
import type { Ask, Ms, Repository, Said, Session, Turn, Work } from "../core/types.ts";
import { ThreadboxError, toThreadboxError } from "../errors.ts";
import type { DaemonClient } from "../sandboxes/daemon-client.ts";
import type { Forge, GitPurpose } from "../surfaces/forge.ts";
import type { AgentRequest, CredentialsRequest, InitRequest } from "../wire/routes.ts";
import { WIRE_VERSION } from "../wire/version.ts";
import { agentOf, forDaemon, type Wishing, workerOf } from "./agent.ts";
import { handOver } from "./attachments.ts";
import { Fenced, type Write } from "./claim.ts";
import { linkedTo } from "./linked.ts";
import type { EngineDeps, EngineSettings } from "./ports.ts";
import { daemonOf, sandboxOf, surfaceOf } from "./reach.ts";

/** Null when the turn is over already, or waits again, for another sandbox. Asked twice, the daemon has it once: its id and its words are the same. */
export async function sendTurn(
  deps: EngineDeps,
  session: Session,
  id: string,
  write: Write,
): Promise<SessionEvent | null> {
  const { turn, work } = session;
  if (turn?.id !== id || turn.phase.is === "waiting" || !work) return null;
  const daemon = daemonOf(deps, session);
  const wishing = { ...session, ...turn.wished };
  let worker: Worker;
  try {
    await daemon.credentials(await credentialsFor(deps, work));
    const chosen = workerOf(deps.settings, agentOf(deps.settings, wishing, work.repository), session);
    await daemon.init(await initFor(deps, wishing, work, pinOf(turn, work)));
    deps.reached?.("sandbox.prepared");
    const words = await wordsOf(deps, { session, turn, work, worker: chosen });
    const message = await write((tx) => deps.store.fixPrompt(tx, id, words.text, lossesOf(session)));
    worker = words.worker;
    await daemon.prompt({
      id,
      message,
      attempt: turn.attempt,
      whileBusy: "queue",
      coAuthors: coAuthors(turn.asks),
      publish: publishing(work),
      subject: commitSubject(turn.asks),
    });
  } catch (thrown) {
    if (thrown instanceof Fenced) throw thrown;
    const error = await lostOr(deps, session, thrown);
    // Once: where it cannot be put to sleep either, it would be refused for as long as a turn may last.
    const isRefused = error.code === "daemon.refused" && turn.attempt === 1;
    if (isRefused && (await isOutdated(daemon))) return { type: "daemon.outdated", turn: id };
    throw error;
  }
  return { type: "turn.accepted", turn: id, worker };
}

/** It was there before the bot was upgraded. Where that cannot be told, its refusal stands. */
async function isOutdated(daemon: DaemonClient): Promise<boolean> {
  return daemon.health().then(
    ({ wire }) => wire !== WIRE_VERSION,
    () => false,
  );
}

/** Another ask for a running turn. `later`: the agent was done already, and the daemon did not take it. */
export async function passOn(
  deps: EngineDeps,
  session: Session,
  { turn, ask }: Extract<Effect, { do: "steer" }>,
): Promise<SessionEvent> {
  if (session.turn?.id !== turn || session.sandbox.is !== "ready")
    return { type: "steered", turn, ask, disposition: "later" };
  const files = await handOver(deps, session, [ask]);
  const sent = await daemonOf(deps, session).prompt({
    id: ask.id,
    message: steerText(ask, files.get(ask.id), session.work ? await linkedTo(deps, session.work, [ask]) : []),
    whileBusy: "steer",
    into: turn,
    coAuthors: coAuthors([ask]),
    publish: publishing(session.work),
    subject: commitSubject([ask]),
  });
  return { type: "steered", turn, ask, disposition: sent.disposition === "late" ? "later" : "steered" };
}

/** What a daemon is handed needs no more than this; the commands for sandboxes hand over the same. */
export interface HandOver {
  forge: Pick<Forge, "credential" | "identity">;
  settings: Pick<
    EngineSettings,
    "agent" | "model" | "agents" | "channelAgents" | "models" | "logins" | "commits" | "guard"
  >;
}

/**
 * Git credentials are as narrow and short-lived as the forge can make them; long turns get fresh ones (see `follow.ts`). They can read:
 * to push takes another one, which comes with the leave to push (see `identity.ts`). Whoever is asked for no leave says `write`.
 */
export async function credentialsFor(
  deps: HandOver,
  { repository }: Pick<Work, "repository">,
  purpose: GitPurpose = "read",
): Promise<CredentialsRequest> {
  const credential = await deps.forge.credential(repository, purpose);
  const { models, logins } = deps.settings;
  return { version: "1", llm: models, ...logins?.(), ...(credential ? { git: [credential] } : {}) };
}

/** What `/init` is told: the repository on its branch (its base before a session has one), who commits, and which agent works there. */
export async function initFor(
  deps: HandOver,
  wishing: Wishing,
  { repository, branch, fork }: Pick<Work, "repository"> & Partial<Pick<Work, "branch" | "fork">>,
  pin?: string,
): Promise<InitRequest> {
  return {
    workspace: {
      repos: [
        {
          id: repository.id,
          source: repository.url,
          path: folderOf(repository.name),
          ...(branch === undefined ? {} : { branch }),
          ...(repository.base ? { base: repository.base } : {}),
          ...(repository.setup ? { setup: repository.setup } : {}),
          ...(pin ? { pin } : {}),
          ...(fork && pin ? { pull: fork.number } : {}),
          ...(repository.github ? { workflows: deps.settings.commits?.workflows ?? false } : {}),
        },
      ],
    },
    identity: await deps.forge.identity(),
    agent: { ...forDaemon(agentOf(deps.settings, wishing, repository)), ...guardOf(deps, repository) },
  };
}

/** What it may do there, and how long it may be silent. */
function guardOf(
  { settings: { guard } }: HandOver,
  repository: Repository,
): Pick<AgentRequest, "permissions" | "silence"> {
  const permissions = guard?.permissions(repository);
  return { ...(permissions ? { permissions } : {}), ...(guard?.silence ? { silence: guard.silence } : {}) };
}

const folderOf = (name: string): string =>
  name
    .split("/")
    .at(-1)
    ?.replace(/[^\w.-]/g, "-") || "repository";

interface Handed {
  session: Session;
  turn: Turn;
  work: Work;
  worker: Worker;
}

/** The words of a turn, and who has them with what they were told of. */
async function wordsOf(
  deps: EngineDeps,
  { session, turn, work, worker }: Handed,
): Promise<{ text: string; worker: Worker }> {
  const before = (await deps.store.toldIn(session.id, turn.startedAt, MAX_EARLIER_TURNS + 1)).filter(
    (one) => one.turn.id !== turn.id,
  );
  const { known, turns } = unknownTo(session, worker, before);
  const since = known?.turn.startedAt ?? null;
  const asks = turn.asks.filter(({ id }) => !turn.joined?.includes(id));
  const [ask] = asks;
  const said = ask ? await contextOf(deps, ask) : [];
  const asked = new Set(turn.asks.map((one) => one.text));
  // What stands in what is handed over is not said twice.
  const told = new Set(turns.flatMap((one) => one.turn.asks).flatMap((one) => [one.text, one.at]));
  const context = said.filter(
    ({ at, text }) => (since === null || at > since) && !asked.has(text) && !told.has(text) && !told.has(at),
  );
  const forkedFrom = since === null ? await earlierOf(deps, session) : "";
  const text = promptText({
    asks,
    files: await handOver(deps, session, asks, context),
    context,
    linked: await linkedTo(deps, work, asks, context),
    earlier: [forkedFrom, handOverText(session, worker, turns)].filter(Boolean).join("\n\n"),
    work,
    first: since === null,
    after: turn.after,
    workflows: deps.settings.commits?.workflows ?? false,
  });
  return { text, worker: { ...worker, ...toldOf(worker, turns) } };
}

/** More than these nobody reads, and the newest say most. */
const MAX_EARLIER_TURNS = 20;

/** Empty where it goes on from no other session. */
async function earlierOf({ store }: EngineDeps, { forkOf, createdAt, thread }: Session): Promise<string> {
  return forkOf ? forkedFromText(await store.toldIn(forkOf, createdAt, MAX_EARLIER_TURNS), thread) : "";
}

/** How long a turn waits for the words before it. Many that begin at once share a vendor's rate; a stop stands behind this. */
const WORDS_WITHIN_MS: Ms = 2 * 60_000;

/**
 * Without the thread's earlier words the agent knows less; without the turn it does nothing. So a vendor that does not answer costs only
 * the context. One that says when it answers again is asked again: "fix this" means nothing without them.
 */
export async function contextOf(deps: Pick<EngineDeps, "surfaces" | "clock" | "log">, ask: Ask): Promise<Said[]> {
  const until = deps.clock.now() + WORDS_WITHIN_MS;
  for (;;) {
    try {
      return await surfaceOf(deps, ask.thread.surface).context(ask);
    } catch (thrown) {
      const { code, detail, retryAfterMs } = toThreadboxError(thrown);
      const isSoon = retryAfterMs !== undefined && deps.clock.now() + retryAfterMs <= until;
      if (code !== "surface.rate-limited" || !isSoon) {
        deps.log.warn({ turn: ask.id, code, detail }, "context.missing");
        return [];
      }
      // A rate limit that is over at once would be asked about without a pause.
      await pause(deps.clock, Math.max(MIN_PAUSE_MS, retryAfterMs));
    }
  }
}

const MIN_PAUSE_MS: Ms = 500;

/** On GitHub the token that can push is made when there is something to push, and not before: an agent that is at work has none near it. */
const publishing = (work: Work | null): true | "ask" => (work?.repository.github ? "ask" : true);

const coAuthors = (asks: Ask[]): { name: string; email: string }[] => {
  const people = new Map(asks.flatMap(({ author }) => (author.git ? [[author.git.email, author.git]] : [])));
  return [...people.values()];
};

/** A daemon that does not answer in a sandbox that is not there any more is a lost sandbox. */
async function lostOr(deps: EngineDeps, session: Session, thrown: unknown): Promise<ThreadboxError> {
  const error = toThreadboxError(thrown, "daemon.unreachable");
  if (error.code !== "daemon.unreachable") return error;
  const running = await deps.provider.find(sandboxOf(session));
  return running ? error : new ThreadboxError("sandbox.lost", "The sandbox does not run any more.", { cause: error });
}
