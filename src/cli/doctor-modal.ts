/** Modal: does it take the token, what are sandboxes there made of, and what of the settings cannot work there? */
import about from "../../package.json" with { type: "json" };
import { type Config, tellModalSdk } from "../config.ts";
import { isForTrial, type TeamSettings } from "../repositories.ts";
import type { NetworkSettings, SandboxSettings } from "../sandboxes/settings.ts";
import { defaultSandboxes } from "../team-sandboxes.ts";
import { type Finding, fail, ok, skip, tried, warn } from "./doctor-finding.ts";
import type { Checked } from "./doctor-settings.ts";

const DOCUMENT = "docs/modal.md";

export async function checkModalProvider({ config, team }: Checked): Promise<Finding[]> {
  const sandboxes = team?.sandboxes ?? defaultSandboxes;
  const { modal } = config;
  if (!modal) return notUsed(sandboxes);
  const asked = await tried("Modal", "Check the network, and MODAL_SERVER_URL if you set it.", () => ask(config, team));
  if (!team) return [...asked, skip("Modal sandboxes", "not asked: threadbox.yml cannot be read")];
  return [
    ...asked,
    ok("Modal image", imageText(sandboxes)),
    ok("Modal sandboxes", lifeText(sandboxes)),
    ...quietTurns(team),
    ...network(config, team, sandboxes),
    ...fromHere(config, team),
    ...stock(sandboxes),
  ];
}

/** Without Modal its mounts are nowhere, and work that counts on them fails in ways that say nothing of this. */
function notUsed({ repositories }: SandboxSettings): Finding[] {
  const mounting = Object.entries(repositories).filter(
    ([, { volumes, buckets }]) => volumes.length + buckets.length > 0,
  );
  if (mounting.length === 0) return [ok("Modal", "not set up")];
  const names = mounting.map(([name]) => name).join(", ");
  const remedy = "Set THREADBOX_PROVIDER=modal, or take them out of threadbox.yml.";
  return [warn("Modal", `Not used, so the volumes and buckets of ${names} are not there.`, remedy)];
}

async function ask(config: Config, team: TeamSettings | null): Promise<Finding[]> {
  if (!config.modal) return [];
  const sandboxes = team?.sandboxes ?? defaultSandboxes;
  const { app, environment } = sandboxes.modal;
  const secrets = secretsOf(sandboxes);
  tellModalSdk(config);
  // Only here: the client takes half a second to load.
  const { checkModal } = await import("../sandboxes/modal-check.ts");
  const { client, appIsThere, missingSecrets } = await checkModal({ ...config.modal, app, environment, secrets });
  const pinned = about.dependencies.modal;
  if (client !== pinned)
    return [fail("Modal", `Its client is ${client}, and not the ${pinned} that this was made with.`, "npm ci")];
  const where = `App ${app}${environment ? ` in environment ${environment}` : ""}`;
  const there = team ? [`${where} ${appIsThere ? "is there" : "is made with the first sandbox"}`] : [];
  const taken = ok("Modal", ["takes the token", ...there, `client ${client}`].join("; "));
  return [taken, ...ofSecrets(secrets, missingSecrets, environment)];
}

/** Those of every sandbox, and those that open a bucket. */
function secretsOf({ modal, repositories }: SandboxSettings): string[] {
  const ofBuckets = Object.values(repositories).flatMap(({ buckets }) => buckets.flatMap(({ secret }) => secret ?? []));
  return [...new Set([...modal.secrets, ...ofBuckets])];
}

function ofSecrets(all: string[], missing: string[], environment: string | null): Finding[] {
  const [where, option] = environment ? [` in environment ${environment}`, `--env ${environment} `] : ["", ""];
  const remedy = (name: string) =>
    `Make it: modal secret create ${option}${name} NAME=value; or take it out of threadbox.yml.`;
  const findings = missing.map((name) => fail("Modal secret", `There is no ${name}${where}.`, remedy(name)));
  const there = all.filter((name) => !missing.includes(name));
  return there.length > 0 ? [ok("Modal secrets", there.join(", ")), ...findings] : findings;
}

function imageText({ image: { base, packages, commands, env } }: SandboxSettings): string {
  const more = [
    counted(packages.length, "package"),
    counted(commands.length, "command"),
    counted(Object.keys(env).length, "variable"),
  ];
  return [base, ...more.filter(Boolean)].join(", ");
}

function lifeText({ modal }: SandboxSettings): string {
  const kept = modal.keepsFilesMs === null ? "for ever" : `for ${span(modal.keepsFilesMs)}`;
  const size = [
    modal.cpu && `${modal.cpu} cores`,
    modal.memoryMiB && `${modal.memoryMiB} MiB`,
    ...modal.regions,
  ].filter(Boolean);
  const life = `by ${modal.reach}; end after ${span(modal.lifetimeMs)}, or ${span(modal.idleTimeoutMs)} without use; files are kept ${kept}`;
  return [...size, life].join(", ");
}

/** Only of a tunnel does Modal say that an open connection counts as activity. */
function quietTurns(team: TeamSettings | null): Finding[] {
  if (!team) return [];
  const { reach, idleTimeoutMs } = team.sandboxes.modal;
  if (reach === "tunnel" || idleTimeoutMs >= team.turnLimitMs) return [];
  const detail = `By connect token a turn may be cut off after ${span(idleTimeoutMs)}: Modal does not say that its connection counts as activity.`;
  return [warn("Modal sandboxes", detail, "Make modal.idleMinutes as long as limits.turnMinutes.")];
}

function network({ models }: Config, team: TeamSettings | null, { modal }: SandboxSettings): Finding[] {
  const what = "Modal network";
  if (modal.network.block)
    return [
      warn(
        what,
        "Everything is blocked: a sandbox reaches no model and no git.",
        `${DOCUMENT} has what else there is.`,
      ),
    ];
  const needed = [
    models.anthropicApiKey && hostOf(models.anthropicBaseUrl ?? "https://api.anthropic.com"),
    models.openaiApiKey && hostOf(models.openaiBaseUrl ?? "https://api.openai.com"),
    ...(team?.repositories ?? []).map(({ url }) => hostOf(url)),
  ].filter((host) => typeof host === "string");
  const missing = [...new Set(needed)].filter((host) => !allows(modal.network, host));
  const findings = missing.map((host) =>
    warn(what, `${host} is needed, and not among modal.network.domains.`, "Add it to threadbox.yml."),
  );
  if (modal.keepTokensOutside)
    findings.push(
      warn(
        what,
        "Keys are put into requests outside of the sandbox, which is experimental at Modal.",
        `${DOCUMENT} says what it asks for.`,
      ),
    );
  return findings;
}

/** Addresses cannot be compared with names from here. */
function allows({ domains }: NetworkSettings, host: string): boolean {
  if (!domains) return true;
  return domains.some((domain) => (domain.startsWith("*.") ? host.endsWith(domain.slice(1)) : host === domain));
}

/** What is on this machine alone; a sandbox at Modal has a 127.0.0.1 of its own. */
function fromHere(config: Config, team: TeamSettings | null): Finding[] {
  const what = "Modal network";
  const remedy = "Give an address that can be reached from the internet.";
  const addresses: [string, string | undefined][] = [
    ["ANTHROPIC_BASE_URL", config.models.anthropicBaseUrl],
    ["OPENAI_BASE_URL", config.models.openaiBaseUrl],
    ...(team?.repositories ?? []).map(({ name, url }): [string, string] => [name, url]),
  ];
  const findings = addresses
    .filter(([, url]) => url && /^(?:localhost|127\.[\d.]+|::1|\[::1\])$/.test(hostOf(url) ?? ""))
    .map(([name]) => warn(what, `${name} points to this machine, which a sandbox at Modal cannot reach.`, remedy));
  if (team && isForTrial(team, config))
    findings.push(
      warn(
        what,
        "The demo repository is on this machine, where a sandbox at Modal cannot reach it.",
        "List a repository of yours in threadbox.yml.",
      ),
    );
  return findings;
}

function stock({ repositories }: SandboxSettings): Finding[] {
  const warm = Object.values(repositories).reduce((sum, one) => sum + one.warm, 0);
  return warm === 0
    ? []
    : [ok("Modal stock", `${counted(warm, "sandbox", "sandboxes")} kept running for the next mention, and paid for`)];
}

/** Also of `git@host:path`. */
function hostOf(url: string): string | null {
  const scp = /^[^/@\s]+@([^:/\s]+):/.exec(url);
  return scp?.[1] ?? (URL.canParse(url) ? new URL(url).hostname : null);
}

const counted = (count: number, one: string, many = `${one}s`): string =>
  count === 0 ? "" : `${count} ${count === 1 ? one : many}`;

function span(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes >= 2 * 1_440) return `${round(minutes / 1_440)} days`;
  return minutes > 120 ? `${round(minutes / 60)} h` : `${round(minutes)} min`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
