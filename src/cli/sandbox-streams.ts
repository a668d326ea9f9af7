/** The streams of a command in a sandbox, connected to those of this process. */
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { ThreadboxError } from "../errors.ts";
import type { Execution } from "../sandboxes/provider.ts";
import { Refused } from "./failure.ts";

export interface Ends {
  /** Null: the command's input is empty. */
  stdin: Readable | null;
  stdout: Writable;
  stderr: Writable;
}

/** The command's exit code, once everything that it said has been passed on. */
export async function connect(execution: Execution, { stdin, stdout, stderr }: Ends): Promise<number> {
  const said = Promise.all([pour(execution.stdout, stdout), pour(execution.stderr, stderr)]);
  const input = feed(execution, stdin);
  try {
    const code = await execution.exitCode;
    await said;
    return code;
  } catch (thrown) {
    throw thrown instanceof ThreadboxError && thrown.code === "sandbox.lost"
      ? new Refused(thrown.detail, "It was ended meanwhile; `threadbox list` shows what runs.")
      : thrown;
  } finally {
    // Whoever types on, or a pipe that stays open, must not keep us: nobody reads it any more.
    stdin?.destroy();
    await input;
    // When the sandbox went away the streams may end badly as well; the exit code tells that already.
    await said.catch(() => undefined);
  }
}

/** Never rejects: a command may end without having read its input. */
async function feed({ stdin: into }: Execution, from: Readable | null): Promise<void> {
  const writer = into.getWriter();
  try {
    for await (const chunk of from ?? []) await writer.write(chunk);
    await writer.close();
  } catch {
    await writer.abort().catch(() => undefined);
  }
}

async function pour(from: ReadableStream<Uint8Array>, to: Writable): Promise<void> {
  for await (const chunk of from) if (!to.write(chunk)) await once(to, "drain");
}
