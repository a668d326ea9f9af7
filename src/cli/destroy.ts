/** `threadbox destroy`: ends sandboxes with their files, or deletes snapshots. */
import type { Command } from "commander";
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
  const found = await findSandbox(sandboxes, id);
  mustBeHere(sandboxes.provider.kind, found);
  if (found.session?.turn && !yes) await mustAgree(found);

  await end(sandboxes, found);
  output.say(`${shortName(found.name)} is gone.`);
  output.result({ ok: true, destroyed: shortName(found.name), session: found.session?.id ?? null });
  return 0;
}

async function mustAgree({ name, session }: Found): Promise<void> {
  const what = `A turn of session ${session?.id} runs in ${shortName(name)}`;
  if (!isTerminal()) throw new ThreadboxError("sandbox.busy", `${what}.`);
  if (!(await confirmed(`${what}. Destroy it all the same?`)))
    throw new Refused("Nothing was destroyed.", "`threadbox logs` shows what the turn does.");
}

/** The row goes last: while the machine may still be there, the bot has to find it. */
async function end({ provider, store }: OpenSandboxes, { name, session, row }: Found): Promise<void> {
  await provider.destroy(name);
  if (session?.sandbox.is === "asleep") await provider.forget(session.sandbox.token);
  if (row && !row.takenBy) await store.forgetSandbox(name);
}

async function deleteSnapshot(sandboxes: OpenSandboxes, wanted: string, output: Output): Promise<number> {
  const found = await lookForSnapshot(sandboxes, wanted);
  if (!found) throw new ThreadboxError("sandbox.unknown", `There is no snapshot ${JSON.stringify(wanted)}.`);
  await dropSnapshot(sandboxes, found.label);
  output.say(`The snapshot ${found.label} is gone.`);
  output.result({ ok: true, deleted: found.label });
  return 0;
}
