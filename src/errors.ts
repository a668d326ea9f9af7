/**
 * Every failure that a person can meet: its code, whether trying again helps, and what to do about it.
 * A code without a remedy does not compile. Foreign errors are turned into these once, where they are met.
 * `docs/errors.md` lists the same codes; a test compares the two.
 */

/** `now`: again with backoff; `later`: the same effect again when the other side allows; `never`: a person has to act. */
export type Retry = "now" | "later" | "never";

const CATALOG = {
  "config.invalid": {
    retry: "never",
    remedy: "Fix that and start again; `threadbox doctor` checks every setting.",
  },
  "database.unavailable": {
    retry: "never",
    remedy: "Fix what is said above, or set DATABASE_URL to a PostgreSQL server of your own (15 or newer).",
  },
  "repository.unknown": { retry: "never", remedy: "Name one with `repo=owner/name`, or add it to threadbox.yml." },
  "repository.ambiguous": { retry: "never", remedy: "Say which one: `repo=owner/name`." },
  "surface.not-allowed": {
    retry: "never",
    remedy: "Ask somebody who may write to the repository, or an admin of the allow-list in threadbox.yml.",
  },
  "surface.bot": { retry: "never", remedy: "Bots cannot start turns." },
  "surface.unknown": { retry: "later", remedy: "It could not be checked whether you may ask. Try again in a minute." },
  "surface.unauthorized": {
    retry: "never",
    remedy:
      "The token was refused. Replace it in .env and restart, or install the app again; `threadbox doctor` checks it.",
  },
  "surface.not-installed": {
    retry: "never",
    remedy: "Install the app in that workspace: /slack/install of PUBLIC_URL.",
  },
  "github.app-not-made": {
    retry: "never",
    remedy: "Run `threadbox github create-app` again; a code of GitHub's is good once, and for an hour.",
  },
  "surface.not-in-channel": { retry: "never", remedy: "Invite the bot: /invite @threadbox." },
  "surface.thread-gone": { retry: "never", remedy: "The thread was deleted or archived; start a new one." },
  "surface.rate-limited": { retry: "later", remedy: "Nothing to do: it is sent again when the limit allows." },
  "surface.unavailable": { retry: "now", remedy: "Nothing to do: it is sent again." },
  "surface.refused": { retry: "never", remedy: "The other side refused the message; the log has its words." },
  "sandbox.boot-timeout": {
    retry: "never",
    remedy: "Look at the sandbox's log (`threadbox logs`), then write `retry`.",
  },
  "sandbox.unavailable": {
    retry: "now",
    remedy: "The provider did not do what it was asked. Try again later; in a thread, write `retry`.",
  },
  "sandbox.lost": { retry: "never", remedy: "The sandbox is gone. Write `retry`: it starts from what was pushed." },
  "sandbox.unauthorized": {
    retry: "never",
    remedy:
      "Make a new token (`modal token new`), and set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET; a bot has to be restarted.",
  },
  "sandbox.quota": {
    retry: "later",
    remedy:
      "The provider's limit is reached. End sandboxes that nobody needs (`threadbox list`), or have the limit raised.",
  },
  "sandbox.image-failed": {
    retry: "never",
    remedy: "Fix `image:` in threadbox.yml; a bot has to be restarted then.",
  },
  "sandbox.snapshot-failed": {
    retry: "now",
    remedy: "The files could not be kept; the sandbox runs on. Try again; it may be too large or the provider busy.",
  },
  "sandbox.unknown": { retry: "never", remedy: "`threadbox list` shows the sandboxes and snapshots that there are." },
  "sandbox.ambiguous": { retry: "never", remedy: "Type more of the name; `threadbox list` shows them." },
  "sandbox.name-taken": {
    retry: "never",
    remedy: "Choose another name, or destroy that one first: `threadbox destroy`.",
  },
  "sandbox.busy": { retry: "never", remedy: "Wait, write `stop` in its thread, or say `--yes`." },
  "sandbox.expired": {
    retry: "never",
    remedy:
      "The files were deleted, by somebody or by the provider after `modal.snapshotDays` (threadbox.yml). Make the snapshot anew.",
  },
  "daemon.unreachable": { retry: "now", remedy: "The daemon did not answer; write `retry`." },
  "daemon.refused": { retry: "never", remedy: "The daemon refused the prompt; its log has the reason." },
  "daemon.journal-lost": {
    retry: "never",
    remedy: "The daemon's journal is gone with its sandbox. Write `retry`: it starts from what was pushed.",
  },
  "daemon.unauthorized": {
    retry: "never",
    remedy: "The sandbox was started by a bot with another key. Write `retry`; if it stays, restart the sandbox.",
  },
  "agent.not-found": {
    retry: "never",
    remedy: "Install the agent where the sandbox runs, or choose another with `agent=`.",
  },
  "agent.not-installed": {
    retry: "never",
    remedy: "Mend what npm complains of, and run `threadbox agents install` again.",
  },
  "agent.unknown": { retry: "never", remedy: "Choose an agent that exists: `agent=pi`." },
  "agent.exited": { retry: "never", remedy: "The agent's process died. Write `retry` to go on from where it was." },
  "agent.stalled": {
    retry: "never",
    remedy:
      "Write `retry` to go on from where it was. If what ran is always that quiet, have `limits.silentMinutes` or `limits.silentToolMinutes` raised (threadbox.yml).",
  },
  "agent.failed": {
    retry: "never",
    remedy: "The agent would not begin; its words are above. Check its command, its version and its keys.",
  },
  "agent.no-model": {
    retry: "never",
    remedy:
      "Set the key that it needs in .env and restart (`threadbox agents` shows which), or choose another model or agent (`model=`, `agent=`).",
  },
  "model.unauthorized": {
    retry: "never",
    remedy: "The model's provider refused the key. Check ANTHROPIC_API_KEY or OPENAI_API_KEY.",
  },
  "model.rate-limited": {
    retry: "later",
    remedy: "The model's provider is limiting us. Write `retry` in a few minutes.",
  },
  "model.unavailable": {
    retry: "later",
    remedy:
      "The model's provider does not answer. Write `retry` in a few minutes; check ANTHROPIC_BASE_URL or OPENAI_BASE_URL if one is set.",
  },
  "model.failed": {
    retry: "never",
    remedy: "The model refused; its words are above. Write `retry`, or `fresh <what to do>` to begin anew.",
  },
  "git.clone-failed": { retry: "never", remedy: "Check the repository's URL and that the bot may read it." },
  "git.unauthorized": {
    retry: "never",
    remedy: "The bot may not read or push this repository. Install the GitHub App on it, or give GITHUB_TOKEN access.",
  },
  "git.push-refused": {
    retry: "never",
    remedy:
      "The remote refused the push (a protected branch or a hook). The commits are in the sandbox; fix the rule and write `retry`.",
  },
  "git.workflows": {
    retry: "never",
    remedy:
      "A person who may change workflows applies that part by hand: the diff is on the session's page. Or ask here to leave those files as they were. Or set `github.workflows: true` in threadbox.yml and give the App the permission Workflows.",
  },
  "git.secret": {
    retry: "never",
    remedy:
      "Nothing was pushed. Ask here to take it out of those commits (not only of the files), and replace the credential if anybody else may have seen it.",
  },
  "git.diverged": {
    retry: "never",
    remedy: "Somebody else's commits on the branch conflict with these. Merge them by hand, then write `retry`.",
  },
  "git.head-moved": {
    retry: "never",
    remedy: "Look at what stands there now. To have that worked on, write `retry`, or ask again.",
  },
  "git.setup-failed": { retry: "never", remedy: "The repository's setup command failed; fix it in threadbox.yml." },
  "push.not-allowed": {
    retry: "never",
    remedy:
      "The work is committed in the sandbox of this thread. Have write access given, or let somebody who has it ask here to go on: it is pushed then.",
  },
  "github.pull-request-failed": {
    retry: "never",
    remedy: "The branch is pushed; open the pull request by hand, or give the App write access to pull requests.",
  },
  "turn.timed-out": {
    retry: "never",
    remedy: "The turn took longer than allowed and was stopped. Write `retry` to go on.",
  },
  "limit.person": {
    retry: "never",
    remedy: "Wait until tomorrow (UTC), or have `limits.turnsPerDay.person` in threadbox.yml raised.",
  },
  "limit.channel": {
    retry: "never",
    remedy: "Wait until tomorrow (UTC), or have `limits.turnsPerDay.channel` in threadbox.yml raised.",
  },
  "limit.repository": {
    retry: "never",
    remedy: "Wait until tomorrow (UTC), or have `limits.turnsPerDay.repository` in threadbox.yml raised.",
  },
  "limit.organisation": {
    retry: "never",
    remedy: "Wait until tomorrow (UTC), or have `limits.turnsPerDay.organisation` in threadbox.yml raised.",
  },
  "limit.day-tokens": {
    retry: "never",
    remedy: "Wait until tomorrow (UTC), or have `limits.tokensPerDay` in threadbox.yml raised.",
  },
  "limit.day-cost": {
    retry: "never",
    remedy: "Wait until tomorrow (UTC), or have `limits.dollarsPerDay` in threadbox.yml raised.",
  },
  "limit.tokens": {
    retry: "never",
    remedy: "Write `retry` to go on with as many again, or have `limits.tokensPerTurn` in threadbox.yml raised.",
  },
  "limit.cost": {
    retry: "never",
    remedy: "Write `retry` to go on for as much again, or have `limits.dollarsPerTurn` in threadbox.yml raised.",
  },
  "limit.session-tokens": {
    retry: "never",
    remedy: "Go on in a new thread, or have `limits.tokensPerSession` in threadbox.yml raised.",
  },
  "limit.session-cost": {
    retry: "never",
    remedy:
      "Have `limits.dollarsPerSession` in threadbox.yml raised, or this session's own budget by `budget +5` here; or go on in a new thread.",
  },
  "limit.sandboxes": {
    retry: "never",
    remedy: "Write `retry` when others are done, or have `limits.sandboxes` in threadbox.yml raised.",
  },
  "queue.full": { retry: "never", remedy: "Wait until the session has worked off its queue, or write `stop`." },
  "key.taken": { retry: "never", remedy: "Another session holds that branch or pull request already; go on there." },
  "secret.unreadable": {
    retry: "never",
    remedy:
      "Put the key that it was sealed with back into THREADBOX_SECRET_KEYS, behind the first one; or install the app again.",
  },
  "database.newer": {
    retry: "never",
    remedy: "Start the version of Threadbox that wrote it, or a newer one; or point DATABASE_URL elsewhere.",
  },
  internal: {
    retry: "never",
    remedy: "This is a defect of Threadbox. The log has the details under the session's id.",
  },
} as const satisfies Record<string, { retry: Retry; remedy: string }>;

export type ErrorCode = keyof typeof CATALOG;
/** Every code; `docs/errors.md` has a row for each. */
export const ERROR_CODES = Object.keys(CATALOG) as ErrorCode[];

/** False for codes of a newer daemon, say. */
export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(CATALOG, code);

/** How to go on after this code; `internal` for codes that we do not know (a newer daemon's). */
export function catalogEntry(code: string): { retry: Retry; remedy: string } {
  return CATALOG[isErrorCode(code) ? code : "internal"];
}

/** A failure with a code. `detail` is one line for people: no secrets, no stack. The cause goes to the log only. */
export class ThreadboxError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  /** Milliseconds until trying again makes sense, when the other side said so. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, detail: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ThreadboxError";
    this.code = code;
    this.detail = detail;
    this.retryAfterMs = options.retryAfterMs;
  }

  get remedy(): string {
    return CATALOG[this.code].remedy;
  }
}

/** Anything thrown, as one of ours. */
export function toThreadboxError(thrown: unknown, fallback: ErrorCode = "internal"): ThreadboxError {
  if (thrown instanceof ThreadboxError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ThreadboxError(fallback, message.split("\n")[0] ?? "", { cause: thrown });
}
