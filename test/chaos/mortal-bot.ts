/** A bot that is started again whenever it has died, until it has died everywhere it was meant to. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Step } from "../../src/engine/steps.ts";
import type { Life } from "./bot-process.ts";

export interface MortalBot {
  /** Where it has died so far, in order. */
  deaths(): Step[];
  /** SIGKILL from outside, wherever it is; it is started again. */
  kill(): void;
  /** SIGTERM's way: in order. Rejects when it died of anything but what it was told to. */
  stop(): Promise<void>;
}

/** Hundreds are started; without a cache each compiles the whole bot anew. */
const CACHE = join(tmpdir(), "threadbox-test-compiled");

/** `revived` is called after each start. */
export function mortalBot(life: Life, revived: () => void): MortalBot {
  const deaths = (): Step[] =>
    existsSync(life.diary) ? (readFileSync(life.diary, "utf8").trimEnd().split("\n") as Step[]) : [];
  let stopping = false;
  let killed = false;
  let child: ChildProcess | null = null;

  const lives = async (): Promise<void> => {
    while (!stopping) {
      const died = deaths().length;
      child = fork(new URL("./bot-process.ts", import.meta.url), {
        serialization: "advanced",
        env: { ...process.env, NODE_COMPILE_CACHE: CACHE },
      });
      const exited = once(child, "exit");
      child.on("message", revived);
      child.send({ ...life, deadly: life.deadly.filter((step) => !deaths().includes(step)) } satisfies Life);
      const [code, signal] = await exited;
      if (process.env.DEBUG_TESTS) console.log(deaths().at(-1), code, signal, performance.now() | 0);
      const meant = killed || deaths().length > died;
      killed = false;
      if (!stopping && !meant) throw new Error(`the bot ended by itself with ${signal ?? code}`);
    }
  };
  const over = lives();
  over.catch(() => undefined);
  return {
    deaths,
    kill() {
      killed = true;
      child?.kill("SIGKILL");
    },
    async stop() {
      stopping = true;
      if (child?.connected) child.disconnect();
      await over;
    },
  };
}
