/** `threadbox fork`: a new sandbox from the files of a snapshot, or of another sandbox. */
import type { Command } from "commander";
import { command, run } from "./command.ts";
import type { Output } from "./output.ts";
import { makeSandbox } from "./sandbox-create.ts";
import { fullName } from "./sandbox-names.ts";
import { openSandboxes } from "./sandbox-open.ts";
import { preparation } from "./sandbox-prepare.ts";
import { anySource } from "./sandbox-source.ts";
import { tellMade } from "./sandbox-words.ts";

interface Options {
  json?: boolean;
  name?: string;
}

export function forkCommand(): Command {
  return command({
    name: "fork",
    summary: "Start a sandbox from a snapshot, or from another sandbox as it is now.",
    examples: [
      ["fork golden --name issue-123", "from the snapshot with the label golden"],
      ["fork calm-otter", "from another sandbox, which runs on"],
      ["fork s1a2", "from the sandbox of the session whose id begins with s1a2"],
    ],
  })
    .argument("<from>", "a snapshot's label; a sandbox's name, a session's id, or the beginning of one")
    .option("--name <name>", "what it is called: small letters, digits and -")
    .action((from: string, options: Options) => run(options, (output) => fork(from, options, output)));
}

async function fork(from: string, options: Options, output: Output): Promise<number> {
  const { name = null } = options;
  if (name !== null) fullName(name);
  await using closing = new AsyncDisposableStack();
  const sandboxes = closing.adopt(await openSandboxes(), ({ close }) => close());
  const source = await anySource(sandboxes, from);
  const prepare = preparation(sandboxes, { repository: null, fresh: false });
  const wanted = { name, from: source.from, repository: source.repository, daemon: true, prepare };
  tellMade(await makeSandbox(sandboxes, wanted), { provider: sandboxes.provider.kind, wanted }, output);
  return 0;
}
