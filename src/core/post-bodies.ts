/** The bodies of progress and answers, as the web surface stores them in JSON: checked wherever they come out again. */
import { z } from "zod";
import { Changes, Usage } from "../wire/events.ts";

const Outcome = z.enum(["done", "failed", "stopped", "timed-out"]);

export const ProgressBody = z.object({
  turn: z.string(),
  startedAt: z.number(),
  now: z.string(),
  steps: z.array(z.object({ call: z.string(), title: z.string(), state: z.enum(["running", "ok", "failed"]) })),
  earlierSteps: z.number(),
  said: z.string(),
  repository: z.string().nullable(),
  branch: z.string().nullable(),
  tools: z.number(),
  ended: Outcome.nullable(),
  changedAt: z.number(),
});

export const AnswerBody = z.object({
  turn: z.string(),
  session: z.string(),
  remedy: z.string().optional(),
  repository: z.string().nullable(),
  pullRequest: z.object({ number: z.number(), url: z.string() }).nullable(),
  tests: z.array(z.object({ command: z.string(), ok: z.boolean().nullable() })).optional(),
  worker: z.string().optional(),
  result: z.object({
    outcome: Outcome,
    answer: z.string(),
    failure: z.object({ code: z.string(), detail: z.string() }).optional(),
    stoppedBy: z.string().optional(),
    changes: Changes.optional(),
    branch: z.string().optional(),
    commit: z.string().optional(),
    usage: Usage.optional(),
    durationMs: z.number(),
  }),
});
