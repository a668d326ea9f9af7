/**
 * Every route of the daemon: method, path, scope, and the schemas of what goes in and out.
 * Names and shapes of /credentials, /init, /prompt, /abort and /stream are those that people drive by hand with curl.
 */
import * as z from "zod";
import { Usage } from "./events.ts";
import { AgentLogins } from "./logins.ts";

/** `observer` may look, `control` may do everything. Health needs no token and tells nothing about the work. */
export type Scope = "open" | "observer" | "control";

/** Basic credentials for one git origin ("https://github.com"). */
const GitLogin = z.strictObject({
  origin: z.string(),
  username: z.string(),
  password: z.string(),
  expiresAt: z.int().optional(),
});
export type GitLogin = z.infer<typeof GitLogin>;

/** Replaces all credentials of the sandbox. Held in the daemon's memory (keys of models: a 0600 file), never in the journal. */
export const CredentialsRequest = z.strictObject({
  version: z.string().min(1),
  llm: z
    .strictObject({
      anthropicApiKey: z.string().optional(),
      openaiApiKey: z.string().optional(),
      anthropicBaseUrl: z.url().optional(),
      openaiBaseUrl: z.url().optional(),
    })
    .optional(),
  /** Login files of agents, by kind. What could renew them is taken out again here, should it be in there. */
  logins: AgentLogins.optional(),
  /** A token for https://github.com; the short form of an entry in `git`. */
  github: z
    .strictObject({ token: z.string(), username: z.string().optional(), email: z.string().optional() })
    .optional(),
  /** For git. They lie here as long as a turn lasts, so they can only read, wherever the host can narrow them; see /publish. */
  git: z.array(GitLogin).optional(),
  extra: z.strictObject({ env: z.record(z.string(), z.string()) }).optional(),
});
export type CredentialsRequest = z.infer<typeof CredentialsRequest>;

/** What an agent may do without asking: the first rule that fits decides. */
export const Permissions = z.strictObject({
  rules: z
    .array(
      z.strictObject({
        /** The agent's own name of the tool, or its class: run, edit, read, fetch. Any, when it is left out. */
        tool: z.string().min(1).optional(),
        /** Fits the whole command, path or address; `*` is anything. Any, when it is left out. */
        pattern: z.string().min(1).optional(),
        decide: z.enum(["ask", "allow", "deny"]),
      }),
    )
    .max(100),
  /** Where no rule fits. */
  otherwise: z.enum(["ask", "allow", "deny"]),
});
export type Permissions = z.infer<typeof Permissions>;

/** Which agent, and how it is to be used. */
export const AgentRequest = z.strictObject({
  kind: z.string().min(1),
  model: z.string().optional(),
  /** What the team calls it, where that is not its kind: an agent of its own, with a conversation of its own. */
  name: z.string().min(1).optional(),
  /** The command of an `acp` agent with its arguments. */
  command: z.array(z.string().min(1)).min(1).optional(),
  /** More of its environment; no secrets. */
  env: z.record(z.string(), z.string()).optional(),
  /** Everything is allowed, when it is left out. */
  permissions: Permissions.optional(),
  /** How long nothing may come from it: while the model is waited for, and while a tool runs. Questions do not count. */
  silence: z.strictObject({ modelMs: z.int().positive(), toolMs: z.int().positive() }).optional(),
});
export type AgentRequest = z.infer<typeof AgentRequest>;

/**
 * What the sandbox works on. Asking twice with the same body is asking once; the clone itself goes on behind the answer,
 * and a prompt that comes meanwhile waits for it.
 */
export const InitRequest = z.strictObject({
  workspace: z.strictObject({
    repos: z
      .array(
        z.strictObject({
          id: z.string().min(1),
          /** A git URL, or `github:owner/name`. */
          source: z.string().min(1),
          /** Folder below the workspace root. */
          path: z.string().min(1),
          /** The branch that is worked on and pushed. Made from `base` when the remote does not have it. */
          branch: z.string().min(1).optional(),
          base: z.string().min(1).optional(),
          /** Shell command run once after a fresh clone. Not for a `pull`. */
          setup: z.string().min(1).optional(),
          /** The commit that it is about: what is worked on has to contain it. */
          pin: z
            .string()
            .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
            .optional(),
          /** Number of the pull request whose head `pin` is, where that lies in another repository: nobody there is trusted. */
          pull: z.int().positive().optional(),
          /** False: a turn whose commits change `.github/workflows` pushes nothing, and ends as failed (`git.workflows`). */
          workflows: z.boolean().optional(),
        }),
      )
      .max(1),
  }),
  /** Author and committer of every commit. */
  identity: z.strictObject({ name: z.string().min(1), email: z.string().min(1) }).optional(),
  agent: AgentRequest.optional(),
});
export type InitRequest = z.infer<typeof InitRequest>;

export const PromptRequest = z.strictObject({
  message: z.string().min(1),
  /** Idempotency key: the same id is the same prompt. Made up by the daemon when it is missing. */
  id: z.string().min(1).max(200).optional(),
  /**
   * Which attempt at this prompt it is. A higher one begins a turn anew that was cut short when its machine was replaced. One that
   * was not cut short is not begun again: it ends as that attempt, or tells its end once more. Its message may be another
   * one, with what was lost since; in all other ways the same id is the same prompt.
   */
  attempt: z.int().positive().default(1),
  /** What to do when a turn runs already. */
  whileBusy: z.enum(["steer", "queue"]).default("steer"),
  /** For this turn and no other: when that takes nothing any more, the prompt is not taken at all (`late`). */
  into: z.string().min(1).optional(),
  /** People named as co-authors of the commits of this turn. */
  coAuthors: z.array(z.strictObject({ name: z.string(), email: z.string() })).default([]),
  /** Commit what is left over and push the branch when the agent is done; with `ask`, only once /publish allows it. */
  publish: z.union([z.boolean(), z.literal("ask")]).default(true),
  /** First line of the commit of what the agent left uncommitted; the first line of the message when it is missing. */
  subject: z.string().min(1).max(200).optional(),
});
export type PromptRequest = z.infer<typeof PromptRequest>;

export const PromptResponse = z.strictObject({
  success: z.literal(true),
  command: z.literal("prompt"),
  /** The prompt's id. */
  id: z.string(),
  /** The turn that it belongs to: its own id when it started one. */
  turn: z.string(),
  disposition: z.enum(["started", "queued", "steered", "duplicate", "late"]),
});
export type PromptResponse = z.infer<typeof PromptResponse>;

export const AbortRequest = z.strictObject({ reason: z.string().optional(), turn: z.string().optional() });
export type AbortRequest = z.infer<typeof AbortRequest>;
/** `idle` when nothing ran; `stopped` after the turn has ended and no process of it is left. */
export const AbortResponse = z.strictObject({
  success: z.literal(true),
  command: z.literal("abort"),
  outcome: z.enum(["stopped", "idle"]),
});
export type AbortResponse = z.infer<typeof AbortResponse>;

/** A person's answer to a question of the agent. */
export const AnswerRequest = z.strictObject({ question: z.string().min(1), answer: z.string().min(1).max(10_000) });
export type AnswerRequest = z.infer<typeof AnswerRequest>;
/** `over`: it was answered otherwise, its time was up, its turn has ended, or nobody asked it. The same answer twice is one. */
export const AnswerResponse = z.strictObject({
  success: z.literal(true),
  command: z.literal("answer"),
  outcome: z.enum(["answered", "over"]),
});
export type AnswerResponse = z.infer<typeof AnswerResponse>;

/** Where the commits of a turn are made through the host's API instead of being pushed, so that the host signs them. */
const Verified = z.strictObject({
  /** As the host calls it: `owner/name`. */
  repository: z.string().min(1),
  restUrl: z.url(),
  graphqlUrl: z.url(),
});
export type Verified = z.infer<typeof Verified>;

/** May the work of this turn be pushed (`push.asked`)? Said no, it stays in the sandbox, and the turn ends as failed with this reason. */
export const PublishRequest = z.discriminatedUnion("allowed", [
  z.strictObject({
    turn: z.string().min(1),
    allowed: z.literal(true),
    /** For this one push, then forgotten; where it is left out, those of /credentials have to do. */
    git: z.array(GitLogin).optional(),
    verified: Verified.optional(),
  }),
  z.strictObject({ turn: z.string().min(1), allowed: z.literal(false), code: z.string(), detail: z.string() }),
]);
export type PublishRequest = z.infer<typeof PublishRequest>;
/** `over`: nobody waits for it (any more). */
export const PublishResponse = z.strictObject({
  success: z.literal(true),
  command: z.literal("publish"),
  outcome: z.enum(["heard", "over"]),
});
export type PublishResponse = z.infer<typeof PublishResponse>;

export const HealthResponse = z.strictObject({ ok: z.literal(true), wire: z.int(), sandbox: z.string() });
export type HealthResponse = z.infer<typeof HealthResponse>;

export const StatusResponse = z.strictObject({
  wire: z.int(),
  sandbox: z.string(),
  epoch: z.string(),
  cursor: z.int().nonnegative(),
  agent: z.strictObject({ kind: z.string(), is: z.enum(["stopped", "idle", "working"]) }),
  turn: z.strictObject({ id: z.string(), startedAt: z.int() }).nullable(),
  queued: z.int().nonnegative(),
  repositories: z.array(
    z.strictObject({
      id: z.string(),
      path: z.string(),
      branch: z.string().nullable(),
      is: z.enum(["preparing", "ready", "failed"]),
    }),
  ),
  usage: Usage,
});
export type StatusResponse = z.infer<typeof StatusResponse>;

/** GET /stream?cursor=N&follow=1[&epoch=E]: everything after cursor N as SSE; ends after the replay without `follow`. */
export const StreamQuery = z.object({
  cursor: z.coerce.number().int().nonnegative().default(0),
  follow: z
    .enum(["0", "1", "true", "false"])
    .default("0")
    .transform((v) => v === "1" || v === "true"),
  epoch: z.string().optional(),
});

/** RFC 9457 problem document; `code` is what the bot decides by. */
export const Problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum([
    "unauthorized",
    "forbidden",
    "not-found",
    "invalid",
    "too-large",
    "epoch-mismatch",
    "prompt-conflict",
    "busy",
    "queue-full",
    "not-ready",
    "internal",
  ]),
  detail: z.string(),
});
export type Problem = z.infer<typeof Problem>;

export const ROUTES = {
  health: { method: "GET", path: "/health", scope: "open" },
  status: { method: "GET", path: "/status", scope: "observer" },
  stream: { method: "GET", path: "/stream", scope: "observer" },
  credentials: { method: "POST", path: "/credentials", scope: "control" },
  init: { method: "POST", path: "/init", scope: "control" },
  prompt: { method: "POST", path: "/prompt", scope: "control" },
  abort: { method: "POST", path: "/abort", scope: "control" },
  answer: { method: "POST", path: "/answer", scope: "control" },
  publish: { method: "POST", path: "/publish", scope: "control" },
} as const satisfies Record<string, { method: "GET" | "POST"; path: string; scope: Scope }>;

/** Claims of a token. `aud` is the sandbox's name where the daemon was given one; `exp` in seconds cuts streams too. */
export const TokenClaims = z.object({
  sub: z.string().optional(),
  scope: z.enum(["observer", "control"]),
  aud: z.union([z.string(), z.array(z.string())]).optional(),
  exp: z.number(),
});
export type TokenClaims = z.infer<typeof TokenClaims>;
