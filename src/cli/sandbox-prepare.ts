/** What the daemon of a person's sandbox is handed: keys of the models always, and a repository where one is wanted. */
import { z } from "zod";
import { pause, systemClock } from "../clock.ts";
import type { Repository } from "../core/types.ts";
import { agentOf, forDaemon } from "../engine/agent.ts";
import { credentialsFor, type HandOver, initFor } from "../engine/send.ts";
import { ThreadboxError } from "../errors.ts";
import { forgeOf, githubOf } from "../forge.ts";
import type { DaemonClient } from "../sandboxes/daemon-client.ts";
import type { Sandbox } from "../sandboxes/provider.ts";
import { chosenAgent } from "../team-agents.ts";
import { agentGuard } from "../team-permissions.ts";
import type { StreamPosition } from "../wire/events.ts";
import type { Progress } from "./sandbox-create.ts";
import { shortName } from "./sandbox-names.ts";
import type { OpenSandboxes } from "./sandbox-open.ts";

/** `fresh`: it starts with no files, so its daemon knows of no workspace yet. */
export function preparation(
  sandboxes: OpenSandboxes,
  { repository, fresh }: { repository: Repository | null; fresh: boolean },
): (sandbox: Sandbox, progress: Progress) => Promise<void> {
  const { config, team, log, models, logins } = sandboxes;
  const { agents } = team;
  const { name } = chosenAgent(config, agents);
  const forge = forgeOf(githubOf({ config, log, clock: systemClock }), log);
  const settings = { ...config, agent: name, agents, models, logins, guard: agentGuard(team) };
  const handOver: HandOver = { forge, settings };
  return async (sandbox, progress) => {
    const daemon = sandboxes.connect(sandbox);
    if (repository) {
      progress.step(`repository ${repository.name}`);
      const located = await forge.locate(repository);
      await withRepository(handOver, { daemon, sandbox, repository: located }, progress);
      return;
    }
    await daemon.credentials({ version: "1", llm: models, ...logins?.() });
    const agent = forDaemon(agentOf(settings, {}, null));
    // One that was forked remembers what it works on, and must not be told that it is nothing.
    if (fresh) await daemon.init({ workspace: { repos: [] }, identity: await forge.identity(), agent });
  };
}

interface Into {
  daemon: DaemonClient;
  sandbox: Sandbox;
  repository: Repository;
}

type Step = "clone" | "fetch" | "setup";

async function withRepository(handOver: HandOver, into: Into, progress: Progress): Promise<void> {
  const { daemon, sandbox, repository } = into;
  await daemon.credentials(await credentialsFor(handOver, { repository }, "write"));
  const before = await daemon.status();
  const work = { repository, branch: `threadbox/${shortName(sandbox.name)}` };
  await daemon.init(await initFor(handOver, { agent: null, model: null }, work));
  const over = new AbortController();
  const signal = AbortSignal.any([progress.signal, over.signal]);
  let last: Step = "clone";
  const shown = eachStep(daemon, { cursor: before.cursor, epoch: before.epoch, signal }, (step) => {
    last = step;
    progress.step(WORDS[step](repository.name));
  });
  const ready = await isReady(into, progress);
  over.abort();
  await shown;
  if (!ready) throw await failureOf(into, last);
}

const ASK_EVERY_MS = 250;

/** Waits until it is ready, or has failed. A setup command may take many minutes; the daemon ends one that hangs. */
async function isReady({ daemon, repository }: Into, { signal }: Progress): Promise<boolean> {
  for (;;) {
    const { repositories } = await daemon.status();
    const state = repositories.find(({ id }) => id === repository.id)?.is ?? "failed";
    if (state !== "preparing") return state === "ready";
    await pause(systemClock, ASK_EVERY_MS, signal);
    signal.throwIfAborted();
  }
}

/** What the daemon does meanwhile. Only for the eyes: the outcome is asked for. */
async function eachStep(
  daemon: DaemonClient,
  from: StreamPosition & { signal: AbortSignal },
  tell: (step: Step) => void,
): Promise<void> {
  try {
    for await (const { event } of daemon.stream(from)) if (event.type === "workspace.preparing") tell(event.step);
  } catch {
    // A stream that breaks shows less, and the wait goes on.
  }
}

const WORDS: Record<Step, (name: string) => string> = {
  clone: (name) => `cloning ${name}`,
  fetch: (name) => `fetching what is new in ${name}`,
  setup: (name) => `running the setup command of ${name}`,
};

/** Enough for the last failure with the tail of what a setup command said. */
const LOG_BYTES = 32_000;

const Failed = z.object({ what: z.literal("workspace.failed"), error: z.object({ message: z.string() }) });

/** `/status` tells that it failed; why stands in the daemon's log. */
async function failureOf({ sandbox, repository: { name } }: Into, step: Step): Promise<ThreadboxError> {
  const log = await sandbox.tail(daemonLog(sandbox), LOG_BYTES).catch(() => "");
  const reasons = log.split("\n").flatMap((line) => {
    const said = Failed.safeParse(jsonOf(line));
    return said.success ? [said.data.error.message] : [];
  });
  const code = step === "setup" ? "git.setup-failed" : "git.clone-failed";
  return new ThreadboxError(code, `${name}: ${reasons.at(-1) ?? "the daemon did not say why"}`);
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null; // its beginning was cut off
  }
}

export const daemonLog = ({ state }: Pick<Sandbox, "state">): string => `${state}/daemon.log`;
