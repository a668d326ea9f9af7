/** One running local sandbox, as the port promises it. */
import { ThreadboxError } from "../errors.ts";
import { execInside } from "./local-exec.ts";
import type { Ground } from "./local-ground.ts";
import { type Inside, insideOf } from "./local-inside.ts";
import { launchInside, runInside } from "./local-launch.ts";
import { type RunningRecord, readRunning, writeRecord } from "./local-record.ts";
import type { Sandbox } from "./provider.ts";
import { PUT, TAIL } from "./shell.ts";

/** macOS has the second of them. */
const DIGEST = 'if [ -f "$1" ]; then sha256sum "$1" 2>/dev/null || shasum -a 256 "$1"; fi';

export function localSandbox(name: string, folder: string, running: RunningRecord, ground: Ground): Sandbox {
  const inside = insideAsStarted(name, folder, running, ground);
  return {
    name,
    url: `http://127.0.0.1:${running.port}`,
    endsAt: null,
    agentUser: null,
    listen: { host: "127.0.0.1", port: running.port },
    workspace: inside.workspace,
    state: inside.state,
    put: (path, bytes) => putInside(inside, path, bytes),
    async launch(command, { program, ...options }) {
      if (program && (await digestOf(inside, program.path)) !== program.sha256) {
        await putInside(inside, program.path, program.bytes);
      }
      await launchInside(inside, folder, { command, ...options }, async (id) => {
        const now = await readRunning(folder);
        if (!now) throw new ThreadboxError("sandbox.lost", `The sandbox ${name} does not run any more`);
        await writeRecord(folder, { ...now, processes: [...now.processes, id] });
      });
    },
    exec: (command, options) => execInside({ name, folder, running, inside }, command, options),
    tail: (path, maxBytes) => runInside(inside, ["/bin/sh", "-c", TAIL, "sh", path, `${maxBytes}`]),
  };
}

async function putInside(inside: Inside, path: string, bytes: Uint8Array): Promise<void> {
  await runInside(inside, ["/bin/sh", "-c", PUT, "sh", path], bytes);
}

/** In hexadecimal digits; empty when there is no such file. */
async function digestOf(inside: Inside, path: string): Promise<string> {
  return (await runInside(inside, ["/bin/sh", "-c", DIGEST, "sh", path])).slice(0, 64);
}

/** With the walls that it was started with, so that its paths stay the same until it sleeps. */
function insideAsStarted(name: string, folder: string, { walled }: RunningRecord, ground: Ground): Inside {
  const { walls, tools, home } = ground;
  if (!walled) return insideOf(folder, tools, home, { is: "missing", reason: "it was started without" });
  if (walls.is === "working") return insideOf(folder, tools, home, walls);
  throw new ThreadboxError("sandbox.unavailable", `${name} was started behind bubblewrap, and now: ${walls.reason}`);
}
