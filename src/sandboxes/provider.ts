/**
 * The port to machines. Two of them exist (local, Modal) and promise the same; both pass `test/contracts/provider.ts`.
 * A provider knows nothing of daemons, turns or git: `boot.ts` puts the daemon into whatever comes out of here.
 */

/** Files that were kept, to start a sandbox from. Opaque to everybody but its provider; survives a restart of the bot. */
export type WakeToken = string;

export interface Start {
  /** The files that it starts with; null for none but the image's. */
  from: WakeToken | null;
  /** Name of the repository that it is for, so that what the configuration mounts for that one is there. */
  repository?: string | undefined;
  /** For somebody who looks on: a start that has to build an image takes minutes. */
  progress?: StartProgress | undefined;
}

/** Words for people; a provider that is quick says nothing. */
export interface StartProgress {
  /** What begins now: "building the image, 2 of 7: packages: jq". */
  step(text: string): void;
  /** A line that comes out of it. */
  said(line: string): void;
}

/** A sandbox that runs now. */
export interface Listed {
  name: string;
  /** Milliseconds since the Unix epoch. */
  createdAt: number;
}

export interface SandboxProvider {
  readonly kind: "local" | "modal";
  /** How long the files behind a token are kept, in milliseconds; null where they stay until they are forgotten. */
  readonly keepsFilesMs: number | null;
  /** How often it is cheap enough to ask `find` whether one still runs, for each that somebody works in. */
  readonly askEveryMs: number;
  /**
   * The running sandbox of that name: the one that runs already, else woken from `from`, else a new and empty one.
   * Safe to repeat after a crash: a name never has two machines. Throws `sandbox.lost` when `from` cannot be woken any more.
   */
  start(name: string, start: Start): Promise<Sandbox>;
  /** The running sandbox of that name, or null when there is none. Never starts anything. */
  find(name: string): Promise<Sandbox | null>;
  /** What every request to a sandbox's url has to carry beside our own token, for whoever stands in front of it; often nothing. */
  headers(name: string): Promise<Record<string, string>>;
  /** Stop paying for it, keep its files. Sleeping twice gives a token for the same files. Throws `sandbox.snapshot-failed`, and then it runs on. */
  sleep(name: string): Promise<WakeToken>;
  /** Its files as they are now; it runs on. Each call makes another token, which lives until it is forgotten or `keepsFilesMs` are over. */
  snapshot(name: string): Promise<WakeToken>;
  /** The files behind that token are not needed any more. An unknown one is fine. */
  forget(token: WakeToken): Promise<void>;
  /** Ends it, asleep or not; its files go with it or with its token (`forget`). No such sandbox is fine. */
  destroy(name: string): Promise<void>;
  /** Those of this bot that run now, in no order. */
  list(): Promise<Listed[]>;
  /** What a person should know before trusting it ("bubblewrap is missing: ..."), or null. */
  warning(): Promise<string | null>;
}

/** A running machine. */
export interface Sandbox {
  readonly name: string;
  /** Where its port answers, from here. */
  readonly url: string;
  /** When its provider ends it, whatever goes on in it, in milliseconds since the Unix epoch; null: never. */
  readonly endsAt: number | null;
  /** Where the daemon has to listen, from inside. */
  readonly listen: { host: string; port: number };
  /** Folder for repositories, and folder for the daemon's own files; both survive sleep. */
  readonly workspace: string;
  readonly state: string;
  /** The user that the agent is to run as, where there is another one than the daemon's. */
  readonly agentUser: string | null;
  /** Writes one file, making its folder. Paths are those inside. */
  put(path: string, bytes: Uint8Array): Promise<void>;
  /** Starts a process that stays. */
  launch(command: string[], options: LaunchOptions): Promise<void>;
  /** Runs a command, its streams connected to ours. Resolves when it has started. */
  exec(command: string[], options?: ExecOptions): Promise<Execution>;
  /** The last lines of a file inside, for error messages. Empty when there is none. */
  tail(path: string, maxBytes: number): Promise<string>;
}

export interface LaunchOptions {
  env: Record<string, string>;
  /** Its output goes to this file inside. */
  logFile: string;
  /** A file that the command needs: written first, unless it is there already with this very content. */
  program?: { path: string; bytes: Uint8Array; sha256: string };
}

export interface ExecOptions {
  env?: Record<string, string>;
  /** The folder for repositories when it is left out. */
  cwd?: string;
  /** As the administrator of the sandbox rather than as the agent's user, where the two differ. */
  root?: boolean;
  /** A terminal of that size: what is typed goes to stdin as it is, and everything comes back on stdout. */
  terminal?: { rows: number; columns: number };
}

/** A command that runs in a sandbox. */
export interface Execution {
  /** Closing it is the end of the command's input. */
  stdin: WritableStream<Uint8Array>;
  stdout: ReadableStream<Uint8Array>;
  stderr: ReadableStream<Uint8Array>;
  /** 128 and the signal's number when one killed it. Rejects with `sandbox.lost` when the sandbox went away meanwhile. */
  exitCode: Promise<number>;
}
