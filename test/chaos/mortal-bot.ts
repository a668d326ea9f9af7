/** A bot in a process of its own, that dies and is started again, or is held still, or ends as it should. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import type { Step } from "../../src/engine/steps.ts";
import { compiledFolder, programFile } from "../programs.ts";
import type { Life } from "./bot-process.ts";

export interface MortalBot {
  /** Where it has died so far, in order. */
  deaths(): Step[];
  /** SIGKILL from outside, wherever it is; it is started again. */
  kill(): void;
  /** SIGKILL, and it stays dead. */
  die(): Promise<void>;
  /** SIGSTOP: it sleeps, and knows nothing of it; SIGCONT: it goes on where it was. */
  freeze(): void;
  thaw(): void;
  /** Rejects when it ended of anything but what it was told to; resolves when it was stopped. */
  readonly over: Promise<void>;
  /** In order, as with SIGTERM. Rejects when it died of anything but what it was told to. */
  stop(): Promise<void>;
}

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
      child = fork(programFile("test/chaos/bot-process.ts"), {
        serialization: "advanced",
        env: { ...process.env, NODE_COMPILE_CACHE: compiledFolder() },
      });
      const exited = once(child, "exit");
      child.on("message", revived);
      child.send({ ...life, deadly: life.deadly.filter((step) => !deaths().includes(step)) } satisfies Life);
      const [code, signal] = await exited;
      const meant = killed || stopping || deaths().length > died;
      killed = false;
      if (!meant || (stopping && code !== 0 && signal !== "SIGKILL"))
        throw new Error(`the bot ended with ${signal ?? code}`);
    }
  };
  const over = lives();
  over.catch(() => undefined);
  const kill = (): void => {
    killed = true;
    child?.kill("SIGKILL");
  };
  return {
    ...{ deaths, kill, over },
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    async die() {
      stopping = true;
      kill();
      await over;
    },
    async stop() {
      stopping = true;
      if (child?.connected) child.disconnect();
      await over;
    },
  };
}
