/**
 * Notices an agent from which nothing comes any more: a model that took the request and never answers, a tool that waits for input that
 * nobody will give. Half the time it may be silent is told; at the end of it the turn ends. Without this it would end with its wall time.
 *
 *   heard --> quiet --half--> silent (told) --the other half--> stalled
 *     ^---------+----------------+   any report
 *   paused while a person is asked; longer where the agent itself says that it waits (`retrying`)
 */
import type { AgentEvent } from "../wire/events.ts";
import type { AgentRequest } from "../wire/routes.ts";
import type { AgentReport } from "./agents/agent.ts";
import type { DaemonClock } from "./clock.ts";

/** It may announce what it likes: after this it should have been heard of. Also more than a timer can wait for (24 days). */
const MAX_ANNOUNCED_MS = 60 * 60_000;

export interface SilenceWatch {
  heard(report: AgentReport): void;
  /** A person is asked; the returned function says that it is over. */
  pause(): () => void;
  close(): void;
}

export type Silent = Pick<Extract<AgentEvent, { type: "turn.silent" }>, "silentMs" | "stopsInMs" | "during">;

export interface SilenceParts {
  /** Null: it may be silent for ever. */
  limits: NonNullable<AgentRequest["silence"]> | null;
  clock: Pick<DaemonClock, "after">;
  /** Once for each silence. */
  silent(told: Silent): void;
  /** Once. */
  stalled(what: { afterMs: number; during: string | null }): void;
}

export function watchSilence({ limits, clock, silent, stalled }: SilenceParts): SilenceWatch {
  /** Titles of the tools that run, by call. */
  const tools = new Map<string, string>();
  let paused = 0;
  let closed = false;
  let cancel = () => {};
  listen();

  return {
    heard(report) {
      if (report.type === "tool.started") tools.set(report.call, report.title);
      if (report.type === "tool.ended") tools.delete(report.call);
      listen(report.type === "retrying" ? Math.min(Math.max(0, report.delayMs), MAX_ANNOUNCED_MS) : 0);
    },
    pause() {
      paused += 1;
      listen();
      return () => {
        paused -= 1;
        listen();
      };
    },
    close() {
      closed = true;
      cancel();
    },
  };

  /** Anew from now. */
  function listen(announcedMs = 0): void {
    cancel();
    if (closed || paused > 0 || limits === null) return;
    const during = [...tools.values()].at(-1) ?? null;
    const afterMs = announcedMs + (during === null ? limits.modelMs : limits.toolMs);
    const silentMs = Math.round(afterMs / 2);
    cancel = clock.after(silentMs, () => {
      silent({ silentMs, stopsInMs: afterMs - silentMs, during });
      cancel = clock.after(afterMs - silentMs, () => {
        closed = true;
        stalled({ afterMs, during });
      });
    });
  }
}
