/** `threadbox shell`: a terminal in a sandbox. */
import type { Command } from "commander";
import { environment } from "../config.ts";
import type { Sandbox } from "../sandboxes/provider.ts";
import { command, run } from "./command.ts";
import { Refused } from "./failure.ts";
import { type Found, findSandbox, mayBeRoot, runningOne } from "./sandbox-find.ts";
import { shortName } from "./sandbox-names.ts";
import { openSandboxes } from "./sandbox-open.ts";
import { connect } from "./sandbox-streams.ts";

interface Options {
  json?: boolean;
  root?: boolean;
}

export function shellCommand(): Command {
  return command({
    name: "shell",
    summary: "Open a shell in a sandbox, in this terminal. Its exit code is passed through.",
    examples: [
      ["shell calm-otter", "as the agent's user, in the folder of repositories"],
      ["shell calm-otter --root", "as root, to install things (Modal)"],
      ["shell s1a2", "in the sandbox of the session whose id begins with s1a2"],
    ],
  })
    .argument("<sandbox>", "its name, its session's id, or the beginning of one")
    .option("--root", "as root rather than as the agent's user")
    .action((id: string, options: Options) => run(options, () => shell(id, options)));
}

async function shell(id: string, { json = false, root = false }: Options): Promise<number> {
  if (json) throw new Refused("A shell has no JSON.", `Use: threadbox exec ${id} --json -- COMMAND`);
  const sandboxes = await openSandboxes();
  const sandbox = await findSandbox(sandboxes, id)
    .then((found) => {
      mayBeRoot(sandboxes.provider.kind, root);
      mustBeTerminal(found);
      return runningOne(sandboxes, found);
    })
    .finally(sandboxes.close);
  process.stderr.write(`In ${shortName(sandbox.name)}; leave with exit or Ctrl-D.\r\n`);
  return inTerminal(sandbox, root);
}

function mustBeTerminal({ name }: Found): void {
  if (process.stdin.isTTY && process.stdout.isTTY) return;
  const remedy = `Use: threadbox exec ${shortName(name)} -- COMMAND`;
  throw new Refused("This is no terminal, and a shell needs one.", remedy);
}

/** Not a login shell: /etc/profile would take the agent's own programs out of PATH. */
const SHELL = ["sh", "-c", "if command -v bash >/dev/null; then exec bash; else exec sh; fi"];

async function inTerminal(sandbox: Sandbox, root: boolean): Promise<number> {
  // Some terminals do not know how large they are.
  const terminal = { rows: process.stdout.rows || 24, columns: process.stdout.columns || 80 };
  const env = { TERM: environment().TERM || "xterm-256color" };
  const execution = await sandbox.exec(SHELL, { root, env, terminal });
  // From here on every key is the sandbox's, ctrl-c too; given back before the streams are, which close this terminal's input.
  process.stdin.setRawMode(true);
  const giveBack = (): void => void process.stdin.setRawMode(false);
  execution.exitCode.then(giveBack, giveBack);
  return connect(execution, { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr });
}
