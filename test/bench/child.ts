/**
 * A process beside the benchmark that answers questions, so that nothing measures its own event loop. The child ends when its
 * parent does, however that came about.
 */
import { fork } from "node:child_process";
import { once } from "node:events";

/** What can be asked, by name. Inputs and answers cross a process boundary: plain data. */
export type Tasks = Record<string, (input: never) => unknown>;

type Answer<T> = T extends (input: never) => infer R ? Awaited<R> : never;
type Question<T> = T extends (input: infer I) => unknown ? I : never;

export interface Child<T extends Tasks> {
  ask<K extends keyof T & string>(task: K, input: Question<T[K]>): Promise<Answer<T[K]>>;
  /** Lets it close what it holds and waits for its end. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  processId: number;
}

interface Asked {
  id: number;
  task: string;
  input: unknown;
}
type Told = { id: number; value: unknown } | { id: number; failure: string };

/** Closing a bot with its sandboxes takes seconds; what hangs longer is killed. */
const STOP_WITHIN_MS = 30_000;

const running = new Set<{ stop(): Promise<void> }>();

/** For whoever is interrupted in the middle. */
export const stopChildren = async (): Promise<void> =>
  void (await Promise.all([...running].map((child) => child.stop())));

export function startChild<T extends Tasks>(file: string): Child<T> {
  const child = fork(new URL(file, import.meta.url), {
    execArgv: ["--expose-gc"],
    serialization: "advanced",
    stdio: ["ignore", 2, 2, "ipc"], // stdout belongs to the table
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  const exited = once(child, "exit");
  child.on("message", (told: Told) => {
    const asked = waiting.get(told.id);
    waiting.delete(told.id);
    if ("failure" in told) asked?.reject(new Error(`${file}: ${told.failure}`));
    else asked?.resolve(told.value);
  });
  child.once("exit", (code, signal) => {
    for (const asked of waiting.values()) asked.reject(new Error(`${file} ended with ${signal ?? code}`));
  });
  const handle: Child<T> = {
    ask<K extends keyof T & string>(task: K, input: Question<T[K]>) {
      const asked = Promise.withResolvers<unknown>();
      waiting.set(++lastId, asked);
      child.send({ id: lastId, task, input } satisfies Asked);
      return asked.promise as Promise<Answer<T[K]>>;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const kill = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
      if (child.connected) child.disconnect();
      await exited;
      clearTimeout(kill);
      running.delete(handle);
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
      running.delete(handle);
    },
    processId: child.pid ?? 0,
  };
  running.add(handle);
  return handle;
}

/** The other side: called once, by the child's own file. `close` runs when the parent lets go, or is gone. */
export function answerParent(tasks: Tasks, close: () => Promise<void> = async () => {}): void {
  process.on("message", ({ id, task, input }: Asked) => {
    const run = async (): Promise<unknown> => tasks[task]?.(input as never);
    run().then(
      (value) => process.send?.({ id, value } satisfies Told),
      (thrown: unknown) => process.send?.({ id, failure: textOf(thrown) } satisfies Told),
    );
  });
  // Ctrl-C reaches the whole group; the parent closes us in order.
  process.on("SIGINT", () => {});
  process.once("disconnect", () => {
    close()
      .catch((thrown: unknown) => process.stderr.write(`${textOf(thrown)}\n`))
      .finally(() => process.exit());
  });
}

const textOf = (thrown: unknown): string =>
  thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
