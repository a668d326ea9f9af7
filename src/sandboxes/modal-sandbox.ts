/** One running sandbox at Modal, as the port promises it. */
import { createHash } from "node:crypto";
import { ThreadboxError } from "../errors.ts";
import { asAgent, execute, mustRun, runShort, whyOf } from "./modal-exec.ts";
import { type Ground, type Handle, lifeOf, type Reach } from "./modal-handle.ts";
import { AGENT, STATE, WORKSPACE } from "./modal-image.ts";
import { launchCommand, launchScript, OTHER_PROGRAM, PORT } from "./modal-supervise.ts";
import type { LaunchOptions, Sandbox } from "./provider.ts";
import { PUT, TAIL } from "./shell.ts";

export function sandboxAtModal(ground: Ground, handle: Handle, { url }: Reach): Sandbox {
  return {
    name: handle.name,
    url,
    endsAt: handle.tags.ends,
    // The tunnel and the gate arrive from outside of the loopback.
    listen: { host: "0.0.0.0", port: PORT },
    workspace: WORKSPACE,
    state: STATE,
    agentUser: AGENT,
    put: (path, bytes) => put(ground, handle, path, bytes),
    launch: (command, options) => launch(ground, handle, command, options),
    exec: (command, options = {}) => execute(ground, handle, command, options),
    async tail(path, maxBytes) {
      const argv = asOwnerOf(path, ["/bin/sh", "-c", TAIL, "sh", path, `${maxBytes}`]);
      const what = { doing: `read ${path}`, deadlineMs: ground.connection.deadlines.command };
      return mustRun(ground, handle, { ...what, argv, output: true });
    },
  };
}

async function put(ground: Ground, handle: Handle, path: string, bytes: Uint8Array): Promise<void> {
  const argv = asOwnerOf(path, ["/bin/sh", "-c", PUT, "sh", path]);
  // A megabyte a second is slow, and still no reason to give up.
  const deadlineMs = ground.connection.deadlines.command + bytes.length / 1_000;
  await mustRun(ground, handle, { argv, deadlineMs, doing: `write ${path}`, input: bytes });
}

/** The agent can put a link wherever it may write, and root would follow it into the daemon's files. */
const asOwnerOf = (path: string, command: string[]): string[] =>
  path.startsWith("/threadbox/") ? command : asAgent(command);

async function launch(
  ground: Ground,
  handle: Handle,
  command: string[],
  { env, logFile, program }: LaunchOptions,
): Promise<void> {
  // The same command with the same log is the same process: launched again, it is replaced.
  const name = createHash("sha256")
    .update(JSON.stringify([command, logFile]))
    .digest("hex")
    .slice(0, 16);
  const script = launchScript({ command, env, logFile, cwd: WORKSPACE });
  const what = {
    argv: launchCommand(lifeOf(handle), { name, script, program }),
    doing: `start ${command[0]}`,
    deadlineMs: ground.connection.deadlines.command,
  };
  let { code, complaints } = await runShort(ground, handle, what);
  if (code === OTHER_PROGRAM && program) {
    await put(ground, handle, program.path, program.bytes);
    ({ code, complaints } = await runShort(ground, handle, what));
  }
  if (code === 0) return;
  const detail = `A process could not be started in the sandbox ${handle.name}: ${await whyOf({ code, complaints })}`;
  throw new ThreadboxError("sandbox.unavailable", detail);
}
