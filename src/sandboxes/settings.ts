/** What a team says of its sandboxes in `threadbox.yml`, as the providers take it. */

export interface SandboxSettings {
  image: ImageSettings;
  modal: ModalSettings;
  /** By name of the repository. */
  repositories: Record<string, RepositorySandbox>;
}

/** What the image has beside the daemon and the agents. */
export interface ImageSettings {
  /** A public image with Node 22.19 or newer and apt-get. */
  base: string;
  /** Debian packages. */
  packages: string[];
  /** Shell commands, run as root, one layer each. */
  commands: string[];
  env: Record<string, string>;
}

export interface ModalSettings {
  /** The App that the sandboxes belong to; made when it is missing. */
  app: string;
  /** Modal's environment; the profile's default when it is null. */
  environment: string | null;
  /** How the daemon is reached: Modal's encrypted tunnel (public, guarded by our tokens), or Modal's connect token in front of it. */
  reach: "tunnel" | "connect-token";
  /** At most 24 hours. */
  lifetimeMs: number;
  idleTimeoutMs: number;
  /** How long files of a sleeping sandbox are kept; null for ever. */
  keepsFilesMs: number | null;
  /** Physical cores; Modal's default when it is null. */
  cpu: number | null;
  memoryMiB: number | null;
  regions: string[];
  /** Modal secrets by name: their variables are in the environment of every process of the sandbox. */
  secrets: string[];
  network: NetworkSettings;
  /** Model keys are put into requests outside of the sandbox (`ExperimentalOutboundPolicy`); it never holds them. */
  keepTokensOutside: boolean;
}

/** Outbound. With nothing set everything is reachable. */
export interface NetworkSettings {
  block: boolean;
  cidrs: string[] | null;
  domains: string[] | null;
}

export interface RepositorySandbox {
  /** Prepare a sandbox that often, for sessions to start from; null: never. */
  goldenEveryMs: number | null;
  /** Sandboxes that are kept running for the next mention. */
  warm: number;
  volumes: { name: string; path: string; readOnly: boolean }[];
  buckets: {
    bucket: string;
    path: string;
    secret: string | null;
    prefix: string | null;
    readOnly: boolean;
    endpoint: string | null;
  }[];
}
