/** Ctrl-C for a command in a sandbox: no provider passes signals on, so its processes are found by a variable in their environment. */
import { PassThrough } from "node:stream";
import type { Sandbox } from "../sandboxes/provider.ts";
import { connect } from "./sandbox-streams.ts";

/** Its value, another for every command, is given to the command's processes and inherited by theirs. */
export const MARK = "THREADBOX_EXEC";

const INTERRUPT = `found=1
for one in /proc/[0-9]*; do
  if grep -qs "${MARK}=$1" "$one/environ"; then kill -INT "\${one#/proc/}" && found=0; fi
done
exit $found`;

/** Asks every process of that command to end, as a terminal does. False where none can be seen from beside it: those end with us. */
export async function interrupt(sandbox: Sandbox, mark: string, root: boolean): Promise<boolean> {
  try {
    const asking = await sandbox.exec(["sh", "-c", INTERRUPT, "sh", mark], { root });
    const nowhere = new PassThrough().resume();
    return (await connect(asking, { stdin: null, stdout: nowhere, stderr: nowhere })) === 0;
  } catch {
    return false; // the sandbox went away, and the command with it
  }
}
