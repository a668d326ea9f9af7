/** `threadbox snapshot`: the files of a sandbox as they are now, to start others from. */
import type { Command } from "commander";
import { command, run } from "./command.ts";
import { Interrupted } from "./failure.ts";
import { type Output, paint } from "./output.ts";
import { findSandbox, repositoryOf, runningOne } from "./sandbox-find.ts";
import { checkLabel, madeUpName, shortName } from "./sandbox-names.ts";
import { openSandboxes } from "./sandbox-open.ts";
import { dropSnapshot, keepSnapshot, mustBeFree } from "./sandbox-snapshots.ts";
import { left, timeOf } from "./sandbox-words.ts";
import { onInterrupt } from "./signals.ts";

interface Options {
  json?: boolean;
  label?: string;
  replace?: boolean;
}

export function snapshotCommand(): Command {
  return command({
    name: "snapshot",
    summary: "Keep the files of a sandbox as they are now, to start others from. It runs on.",
    examples: [
      ["snapshot calm-otter --label golden", "then: threadbox fork golden"],
      ["snapshot calm-otter --label golden --replace", "give the label to the new one; the old one is deleted"],
      ["snapshot s1a2", "of a session's sandbox, with a label that is made up"],
    ],
  })
    .argument("<sandbox>", "its name, its session's id, or the beginning of one")
    .option("--label <label>", "what it is called")
    .option("--replace", "take the label away from the snapshot that has it")
    .action((id: string, options: Options) => run(options, (output) => snapshot(id, options, output)));
}

async function snapshot(id: string, options: Options, output: Output): Promise<number> {
  const { label = madeUpName(), replace = false } = options;
  checkLabel(label);
  await using closing = new AsyncDisposableStack();
  const sandboxes = closing.adopt(await openSandboxes(), ({ close }) => close());
  const found = await findSandbox(sandboxes, id);
  await runningOne(sandboxes, found);
  if (!replace) await mustBeFree(sandboxes, label);
  let interrupted = false;
  const giveBack = onInterrupt(() => {
    interrupted = true;
    output.warn("Waiting for the provider, to delete what it keeps; press Ctrl-C again to leave at once.");
  });
  closing.defer(giveBack);

  output.warn(`· keeping the files of ${shortName(found.name)}`);
  const { token, expiresAt } = await keepSnapshot(sandboxes, found, { label, replace });
  if (interrupted) {
    await dropSnapshot(sandboxes, label);
    throw new Interrupted();
  }
  const ends = expiresAt === null ? "" : `, which expires in ${left(expiresAt.getTime() - Date.now())}`;
  output.say(`${shortName(found.name)} is kept as the snapshot ${label}${ends}.`);
  output.say(paint(["dim"], `Start from it with: threadbox fork ${label}`, output.colour));
  output.result({
    ...{ ok: true, label, token, sandbox: shortName(found.name), provider: sandboxes.provider.kind },
    ...{ repository: repositoryOf(found), expiresAt: timeOf(expiresAt) },
  });
  return 0;
}
