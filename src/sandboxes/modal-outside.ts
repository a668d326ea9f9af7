/**
 * Keeping the model's keys out of the sandbox: Modal puts them into the requests that leave it, and the agent has words that mean
 * nothing. Experimental at Modal.
 */
import { createHash } from "node:crypto";
import { ExperimentalOutboundPolicy, type Secret } from "modal";
import { ThreadboxError } from "../errors.ts";
import type { Connection } from "./modal-client.ts";
import type { Ground } from "./modal-handle.ts";
import type { ModelKeys } from "./modal-things.ts";

/** Agents want a key before they begin; this one is replaced on its way. */
const PLACEHOLDER = "kept-outside-of-the-sandbox";

/** What the daemon is given instead: everything but the keys. */
export function placeholderModels<M extends ModelKeys>(models: M): M {
  return {
    ...models,
    ...(models.anthropicApiKey ? { anthropicApiKey: PLACEHOLDER } : {}),
    ...(models.openaiApiKey ? { openaiApiKey: PLACEHOLDER } : {}),
  };
}

interface Replacement {
  domain: string;
  headers: Record<string, string>;
}

/** `$NAME` in a header is the variable of that name in the secret, which Modal fills in outside. */
export function replacementsFor(models: ModelKeys): Replacement[] {
  const { anthropicApiKey, openaiApiKey, anthropicBaseUrl, openaiBaseUrl } = models;
  return [
    ...(anthropicApiKey
      ? [
          {
            domain: hostOf(anthropicBaseUrl ?? "https://api.anthropic.com", "ANTHROPIC_BASE_URL"),
            headers: { "x-api-key": "$ANTHROPIC_API_KEY" },
          },
        ]
      : []),
    ...(openaiApiKey
      ? [
          {
            domain: hostOf(openaiBaseUrl ?? "https://api.openai.com", "OPENAI_BASE_URL"),
            headers: { Authorization: "Bearer $OPENAI_API_KEY" },
          },
        ]
      : []),
  ];
}

function hostOf(baseUrl: string, variable: string): string {
  const { protocol, hostname } = new URL(baseUrl);
  if (protocol === "https:") return hostname;
  const detail = `With keepTokensOutside ${variable} has to begin with https://, as Modal changes no other requests`;
  throw new ThreadboxError("config.invalid", detail);
}

/** Null when nothing is to be kept outside. */
export async function outboundPolicy(ground: Ground): Promise<ExperimentalOutboundPolicy | null> {
  if (!ground.settings.modal.keepTokensOutside) return null;
  refuseTogether(ground);
  const replacements = replacementsFor(ground.models);
  if (replacements.length === 0) return null;
  const secret = await ground.things.keys();
  return replacements.reduce(
    (policy, one) => policy.withHeaderReplacement({ ...one, secret }),
    new ExperimentalOutboundPolicy(),
  );
}

function refuseTogether({ settings: { modal } }: Ground): void {
  const { block, domains } = modal.network;
  if (!block && !domains) return;
  const other = block ? "network.block" : "network.domains";
  throw new ThreadboxError("config.invalid", `modal.keepTokensOutside cannot go together with ${other}`);
}

/** `ObjectCreationType` on the wire. */
const CREATE_IF_MISSING = 1;

/**
 * A secret of Modal's with the keys. Policies take none but named ones, and the SDK makes none of those, so this is the call that its
 * command line makes. Named after what it holds: another key makes another secret, and no bot changes another one's.
 */
export async function keysSecret(connection: Connection, instance: string, models: ModelKeys): Promise<Secret> {
  const { client, call, deadlines } = connection;
  const envDict = {
    ...(models.anthropicApiKey ? { ANTHROPIC_API_KEY: models.anthropicApiKey } : {}),
    ...(models.openaiApiKey ? { OPENAI_API_KEY: models.openaiApiKey } : {}),
  };
  const digest = createHash("sha256")
    .update(JSON.stringify([instance, envDict]))
    .digest("hex")
    .slice(0, 16);
  const name = `threadbox-models-${digest}`;
  return call({ doing: "keep the model's keys", deadlineMs: deadlines.question }, async () => {
    await client.cpClient.secretGetOrCreate({
      deploymentName: name,
      environmentName: client.environmentName(),
      objectCreationType: CREATE_IF_MISSING,
      envDict,
    });
    return client.secrets.fromName(name);
  });
}
