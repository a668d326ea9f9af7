/**
 * The port to machines. Two of them exist (local, Modal) and promise the same; both pass `test/contracts/provider.ts`.
 * A provider knows nothing of daemons, turns or git: `boot.ts` puts the daemon into whatever comes out of here.
 */

/** What a sleeping sandbox is woken with. Opaque to everybody but its provider; survives a restart of the bot. */
export type WakeToken = string;

export interface SandboxProvider {
  readonly kind: "local" | "modal";
  /**
   * The running sandbox of that name: the one that runs already, else woken from `from`, else a new and empty one.
   * Safe to repeat after a crash: a name never has two machines. Throws `sandbox.lost` when `from` cannot be woken any more.
   */
  start(name: string, from: WakeToken | null): Promise<Sandbox>;
  /** The running sandbox of that name, or null when there is none. Never starts anything. */
  find(name: string): Promise<Sandbox | null>;
  /** Stop paying for it, keep its files. Sleeping twice gives a token for the same files. */
  sleep(name: string): Promise<WakeToken>;
  /** Ends it and forgets its files, asleep or not. No such sandbox is fine. */
  destroy(name: string): Promise<void>;
  /** Names of the sandboxes that run now. */
  list(): Promise<string[]>;
  /** What a person should know before trusting it ("bubblewrap is missing: ..."), or null. */
  warning(): Promise<string | null>;
}

/** A running machine. */
export interface Sandbox {
  readonly name: string;
  /** Where its port answers, from here. */
  readonly url: string;
  /** Where the daemon has to listen, from inside. */
  readonly listen: { host: string; port: number };
  /** Folder for repositories, and folder for the daemon's own files; both survive sleep. */
  readonly workspace: string;
  readonly state: string;
  /** Writes one file, making its folder. Paths are those inside. */
  put(path: string, bytes: Uint8Array): Promise<void>;
  /** Starts a process that stays; its output goes to `logFile` inside. `node` as the command means the sandbox's own Node. */
  launch(command: string[], options: { env: Record<string, string>; logFile: string }): Promise<void>;
  /** The last lines of a file inside, for error messages. Empty when there is none. */
  tail(path: string, maxBytes: number): Promise<string>;
}
