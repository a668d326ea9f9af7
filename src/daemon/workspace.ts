/**
 * What the sandbox works on, as /init told it: at most one clone, prepared behind the answer. A turn waits for the preparation,
 * and tries a failed one again. Survives a restart of the daemon.
 */
import { mkdirSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";
import { InitRequest, type StatusResponse } from "../wire/routes.ts";
import { type Checkout, CheckoutError, type CheckoutReport, type CheckoutSpec } from "./checkout.ts";
import type { DaemonLog } from "./log.ts";
import type { AgentAccount } from "./ownership.ts";
import { DaemonProblem } from "./problem.ts";
import type { Storage } from "./storage.ts";

export interface WorkspaceParts {
  root: string;
  checkout(spec: CheckoutSpec): Checkout;
  storage: Storage;
  account: AgentAccount;
  append(event: CheckoutReport): void;
  log: DaemonLog;
}

/** Used when nobody says who commits; the bot always does. */
const DEFAULT_IDENTITY = { name: "Threadbox", email: "threadbox@localhost" };
const FACT = "init";

type State = "preparing" | "ready" | "failed";
interface Clone {
  path: string;
  checkout: Checkout;
  state: State;
  /** Under way, or done and not used by a turn yet; null: the next turn has to bring the clone up to date. */
  preparation: Promise<void> | null;
}

export class Workspace {
  readonly #parts: WorkspaceParts;
  #request: InitRequest | null;
  #clone: Clone | null;
  /** Settles when nothing is being prepared any more. */
  #before: Promise<void> = Promise.resolve();

  constructor(parts: WorkspaceParts) {
    this.#parts = parts;
    mkdirSync(parts.root, { recursive: true });
    parts.account.own(parts.root);
    const stored: unknown = JSON.parse(parts.storage.fact(FACT) ?? "null");
    // What a daemon of another version stored may not be understood; the bot says it again anyway.
    this.#request = InitRequest.nullable().catch(null).parse(stored);
    this.#clone = this.#request && this.#cloneOf(this.#request);
  }

  /** Takes over what is to be worked on, and begins to prepare it. The same once more changes nothing, unless that had failed. */
  init(request: InitRequest, turnRuns: boolean): void {
    const same = JSON.stringify(request) === JSON.stringify(this.#request);
    if (same && (!this.#clone || this.#clone.state === "ready" || this.#clone.preparation)) return;
    if (turnRuns && !same) throw new DaemonProblem("busy", "Wait for the turn to end, or abort it first.");
    this.#clone = this.#cloneOf(request);
    this.#request = request;
    this.#parts.storage.setFact(FACT, JSON.stringify(request));
    if (this.#clone) this.#prepare(this.#clone).catch(() => {});
  }

  /** The clone, up to date, or null when there is none. Rejects with what went wrong (`CheckoutError`). */
  async ready(): Promise<Checkout | null> {
    const clone = this.#clone;
    if (!clone) return null;
    await (clone.preparation ?? this.#prepare(clone));
    clone.preparation = null;
    return clone.checkout;
  }

  /** Where the agent works. */
  get cwd(): string {
    return this.#clone?.checkout.spec.dir ?? this.#parts.root;
  }

  /** Which agent is wished for; undefined: the daemon's default. */
  get agent(): InitRequest["agent"] {
    return this.#request?.agent;
  }

  get repositories(): StatusResponse["repositories"] {
    if (!this.#clone) return [];
    const { path, state, checkout } = this.#clone;
    return [{ id: checkout.spec.id, path, branch: checkout.spec.branch ?? null, is: state }];
  }

  #cloneOf({ workspace, identity = DEFAULT_IDENTITY }: InitRequest): Clone | null {
    const [repo] = workspace.repos;
    if (!repo) return null;
    const { id, source, path, branch, base, setup, pin, pull, workflows } = repo;
    const dir = folderBelow(this.#parts.root, path);
    try {
      const checkout = this.#parts.checkout({
        ...{ id, source, dir, branch, base, setup, identity },
        ...(workflows === undefined ? {} : { workflows }),
        ...(pin === undefined ? {} : { pin }),
        ...(pull === undefined ? {} : { pull }),
      });
      return { path, checkout, state: "preparing", preparation: null };
    } catch (error) {
      if (error instanceof CheckoutError) throw new DaemonProblem("invalid", `workspace.repos.0: ${error.message}`);
      throw error;
    }
  }

  /** One at a time: a second /init may name the folder that the first one still clones into. */
  #prepare(clone: Clone): Promise<void> {
    clone.state = "preparing";
    const preparation = this.#before
      .then(() => clone.checkout.prepare(this.#parts.append))
      .then(
        () => {
          clone.state = "ready";
        },
        (error: unknown) => {
          clone.state = "failed";
          clone.preparation = null;
          this.#parts.log.warn("workspace.failed", { repository: clone.checkout.spec.id, error });
          throw error;
        },
      );
    clone.preparation = preparation;
    this.#before = preparation.catch(() => {});
    return preparation;
  }
}

/** A path that leads out of the root would let whoever holds a token write anywhere in the sandbox. */
function folderBelow(root: string, path: string): string {
  const folder = resolve(root, path);
  const fromRoot = relative(root, folder);
  if (isAbsolute(path) || fromRoot === ".." || fromRoot.startsWith("../")) {
    throw new DaemonProblem("invalid", `workspace.repos.0.path: "${path}" is not a folder below the workspace.`);
  }
  return folder;
}
