/** What a team says of its sandboxes in `threadbox.yml`, as the providers and the engine take it: complete, and in their units. */
import type { RepositorySandbox, SandboxSettings } from "./sandboxes/settings.ts";
import { DEFAULTS, IDLE_MARGIN_MINUTES, type OfRepository, type SandboxSections } from "./team-sandbox-sections.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export function toSandboxSettings({ image, modal, limits, repositories }: SandboxSections): SandboxSettings {
  const { lifetimeMinutes = DEFAULTS.lifetimeMinutes, snapshotDays = DEFAULTS.snapshotDays, network = {} } = modal;
  const sleepsAfter = limits.idleAfterMinutes ?? DEFAULTS.idleAfterMinutes;
  const { idleMinutes = Math.max(DEFAULTS.idleMinutes, sleepsAfter + IDLE_MARGIN_MINUTES) } = modal;
  const { base = DEFAULTS.base, packages = [], commands = [], env = {} } = image;
  return {
    image: { base, packages, commands, env },
    modal: {
      app: modal.app ?? DEFAULTS.app,
      environment: modal.environment ?? null,
      reach: modal.reach ?? "tunnel",
      lifetimeMs: lifetimeMinutes * MINUTE_MS,
      idleTimeoutMs: Math.min(idleMinutes, lifetimeMinutes) * MINUTE_MS,
      keepsFilesMs: snapshotDays === "never" ? null : snapshotDays * DAY_MS,
      cpu: modal.cpu ?? null,
      memoryMiB: modal.memoryMiB ?? null,
      regions: modal.regions ?? [],
      secrets: modal.secrets ?? [],
      network: { block: network.block ?? false, cidrs: network.cidrs ?? null, domains: network.domains ?? null },
      keepTokensOutside: modal.keepTokensOutside ?? false,
    },
    repositories: Object.fromEntries(
      repositories.filter(saysSomething).map((one) => [one.name, toRepositorySandbox(one)]),
    ),
  };
}

const saysSomething = ({ goldenMinutes, warm, volumes, buckets }: OfRepository): boolean =>
  [goldenMinutes, warm, volumes, buckets].some((said) => said !== undefined);

function toRepositorySandbox({ goldenMinutes, warm = 0, volumes = [], buckets = [] }: OfRepository): RepositorySandbox {
  return {
    goldenEveryMs: goldenMinutes === undefined ? null : goldenMinutes * MINUTE_MS,
    warm,
    volumes: volumes.map(({ name, path, readOnly = false }) => ({ name, path, readOnly })),
    buckets: buckets.map(({ bucket, path, secret = null, prefix = null, readOnly = false, endpoint = null }) => ({
      bucket,
      path,
      secret,
      prefix,
      readOnly,
      endpoint,
    })),
  };
}

/** Of a repository that says nothing about its sandboxes. */
export const plainRepository: RepositorySandbox = { goldenEveryMs: null, warm: 0, volumes: [], buckets: [] };

/** Where threadbox.yml says nothing at all. */
export const defaultSandboxes: SandboxSettings = toSandboxSettings({
  image: {},
  modal: {},
  limits: {},
  repositories: [],
});
