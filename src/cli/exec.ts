/** `threadbox exec`: a command in a sandbox, its streams and its exit code passed through. */
import { randomUUID } from "node:crypto";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import type { Execution, Sandbox } from "../sandboxes/provider.ts";
import { command, run } from "./command.ts";
import { INTERRUPTED } from "./failure.ts";
import type { Output } from "./output.ts";
import { findSandbox, mayBeRoot, runningOne } from "./sandbox-find.ts";
import { interrupt, MARK } from "./sandbox-interrupt.ts";
import { shortName } from "./sandbox-names.ts";
import { openSandboxes } from "./sandbox-open.ts";
import { connect } from "./sandbox-streams.ts";
import { onInterrupt } from "./signals.ts";

interface Options {
  json?: boolean;
  root?: boolean;
}

export function execCommand(): Command {
  return command({
    name: "exec",
    summary: "Run a command in a sandbox. What it reads, writes and ends with is passed through.",
    examples: [
      ["exec calm-otter -- npm test", "in the folder of repositories, as the agent's user"],
      ["exec calm-otter --root -- apt-get install -y jq", "as root, where there is one (Modal)"],
      ["exec s1a2 --json -- git status", "in a session's sandbox; the outcome as JSON"],
    ],
  })
    .argument("<sandbox>", "its name, its session's id, or the beginning of one")
    .argument("<command...>", "what to run; write -- before it, so that its options are its own")
    .option("--root", "as root rather than as the agent's user")
    .action((id: string, words: string[], options: Options) =>
      run(options, (output) => exec(id, words, options, output)),
    );
}

async function exec(id: string, words: string[], { root = false }: Options, output: Output): Promise<number> {
  const sandboxes = await openSandboxes();
  const sandbox = await findSandbox(sandboxes, id)
    .then((found) => {
      mayBeRoot(sandboxes.provider.kind, root);
      return runningOne(sandboxes, found);
    })
    .finally(sandboxes.close);
  const mark = randomUUID();
  const execution = await sandbox.exec(words, { root, env: { [MARK]: mark } });
  const giveBack = onInterrupt(async () => {
    if (!(await interrupt(sandbox, mark, root))) process.exit(INTERRUPTED);
  });
  try {
    return output.json
      ? await collected({ sandbox, words, execution }, output)
      : await connect(execution, { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr });
  } finally {
    giveBack();
  }
}

async function collected(
  { sandbox, words, execution }: { sandbox: Sandbox; words: string[]; execution: Execution },
  output: Output,
): Promise<number> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const said = Promise.all([text(stdout), text(stderr)]);
  const exitCode = await connect(execution, { stdin: process.stdin, stdout, stderr });
  stdout.end();
  stderr.end();
  const [out, err] = await said;
  output.result({ sandbox: shortName(sandbox.name), command: words, stdout: out, stderr: err, exitCode });
  return exitCode;
}
