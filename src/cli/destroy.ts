/** `threadbox destroy`: ends sandboxes with their files, or deletes snapshots. */
import { userInfo } from "node:os";
import type { Command } from "commander";
import { systemClock } from "../clock.ts";
import type { Session } from "../core/types.ts";
import { startJobs } from "../engine/jobs.ts";
import { createIngress } from "../engine/receive.ts";
import { ThreadboxError } from "../errors.ts";
import { command, run } from "./command.ts";
import { Refused } from "./failure.ts";
import type { Output } from "./output.ts";
import { type Found, findSandbox, mustBeHere } from "./sandbox-find.ts";
import { shortName } from "./sandbox-names.ts";
import { type OpenSandboxes, openSandboxes } from "./sandbox-open.ts";
import { dropSnapshot, lookForSnapshot } from "./sandbox-snapshots.ts";
import { confirmed, isTerminal } from "./sandbox-words.ts";

interface Options {
  json?: boolean;
  yes?: boolean;
  snapshot?: boolean;
}

export function destroyCommand(): Command {
  return command({
    name: "destroy",
    summary: "End a sandbox and delete its files. What it pushed stays.",
    examples: [
      ["destroy calm-otter", "asks first when a session's turn runs in it"],
      ["destroy s1a2 --yes", "the sandbox of a session, turn or not"],
      ["destroy --snapshot golden", "delete a snapshot; what was started from it stays"],
    ],
  })
    .argument("<sandbox>", "its name, its session's id, or the beginning of one")
    .option("-y, --yes", "do not ask")
    .option("--snapshot", "it is the label of a snapshot")
    .action((id: string, options: Options) => run(options, (output) => destroy(id, options, output)));
}

async function destroy(id: string, { yes = false, snapshot = false }: Options, output: Output): Promise<number> {
  await using closing = new AsyncDisposableStack();
  const sandboxes = closing.adopt(await openSandboxes(), ({ close }) => close());
  if (snapshot) return await deleteSnapshot(sandboxes, id, output);
  const found = await findSandbox(sandboxes, id).catch((thrown: unknown) => mayBeSnapshot(sandboxes, id, thrown));
  mustBeHere(sandboxes.provider.kind, found);
  if (found.session?.turn && !yes) await mustAgree(found);

  await end(sandboxes, found);
  output.say(`${shortName(found.name)} is gone.`);
  output.result({ ok: true, destroyed: shortName(found.name), session: found.session?.id ?? null });
  return 0;
}

async function mayBeSnapshot(sandboxes: OpenSandboxes, wanted: string, thrown: unknown): Promise<never> {
  const isUnknown = thrown instanceof ThreadboxError && thrown.code === "sandbox.unknown";
  const snapshot = isUnknown ? await lookForSnapshot(sandboxes, wanted) : null;
  if (!snapshot) throw thrown;
  throw new Refused(
    `${snapshot.label} is a snapshot.`,
    `Delete it with: threadbox destroy --snapshot ${snapshot.label}`,
  );
}

async function mustAgree({ name, session }: Found): Promise<void> {
  const what = `A turn of session ${session?.id} runs in ${shortName(name)}`;
  if (!isTerminal()) throw new ThreadboxError("sandbox.busy", `${what}.`);
  if (!(await confirmed(`${what}. Destroy it all the same?`)))
    throw new Refused("Nothing was destroyed.", "`threadbox logs` shows what the turn does.");
}

/** The session is told first, or it would take the end for a crash. The row goes last: while the machine may be there, the bot has to find it. */
async function end(sandboxes: OpenSandboxes, { name, session, row }: Found): Promise<void> {
  const { provider, store } = sandboxes;
  if (session) await tell(sandboxes, session);
  await provider.destroy(name);
  if (session?.sandbox.is === "asleep") await provider.forget(session.sandbox.token);
  if (row && !row.takenBy) await store.forgetSandbox(null, name);
}

async function tell({ open, store, log }: OpenSandboxes, session: Session): Promise<void> {
  await using closing = new AsyncDisposableStack();
  const jobs = closing.adopt(await startJobs({ connection: open.connection, log }), (started) => started.stop());
  const ingress = createIngress({ store, jobs, surfaces: {}, clock: systemClock, log });
  await ingress.destroyed(session.id, `${userInfo().username}, who destroyed the sandbox`);
}

async function deleteSnapshot(sandboxes: OpenSandboxes, wanted: string, output: Output): Promise<number> {
  const found = await lookForSnapshot(sandboxes, wanted);
  if (!found) throw new ThreadboxError("sandbox.unknown", `There is no snapshot ${JSON.stringify(wanted)}.`);
  await dropSnapshot(sandboxes, found.label);
  output.say(`The snapshot ${found.label} is gone.`);
  output.result({ ok: true, deleted: found.label });
  return 0;
}
