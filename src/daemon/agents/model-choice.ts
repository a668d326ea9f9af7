/** Which model an agent works with, and whose, where it can use several providers. */
import { KEY_OWNERS, KEY_VARIABLES, type KeyOwner } from "../../wire/agents.ts";
import type { Failure } from "./supervised.ts";

export interface ChosenModel {
  provider: string;
  model: string;
}

/** The two providers that the bot hands credentials over for, best first; the models are of pi 0.87.1's catalogue. */
const STANDARD: Record<KeyOwner, string> = { anthropic: "claude-sonnet-5", openai: "gpt-5.5" };

/** Those that a team has put into the environment itself (`env` of an agent). */
const OTHER_KEYS: Record<KeyOwner, readonly string[]> = {
  anthropic: ["ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_OAUTH_TOKEN"],
  openai: [],
};

export const isKnownProvider = (provider: string): provider is KeyOwner => KEY_OWNERS.some((one) => one === provider);

/** `provider/model` as it stands, a bare model by its family, nothing: the first provider that has a key. Null: no key for it. */
export function chooseModel(wanted: string | undefined, env: Record<string, string>): ChosenModel | null {
  const withKey = KEY_OWNERS.filter((owner) => [KEY_VARIABLES[owner], ...OTHER_KEYS[owner]].some((key) => env[key]));
  const named = splitModel(wanted);
  if (named) return isKnownProvider(named.provider) && !withKey.includes(named.provider) ? null : named;
  const family = wanted && /^(gpt|chatgpt|codex|o\d)/i.test(wanted) ? "openai" : "anthropic";
  const provider = withKey.includes(family) ? family : withKey[0];
  return provider ? { provider, model: wanted || STANDARD[provider] } : null;
}

export const noKeyFor = (wanted = "any model"): { failure: Failure } => ({
  failure: { code: "agent.no-model", detail: `No key for ${wanted}.` },
});

/** Null: it names no provider. */
export function splitModel(wanted = ""): ChosenModel | null {
  const slash = wanted.indexOf("/");
  return slash > 0 ? { provider: wanted.slice(0, slash), model: wanted.slice(slash + 1) } : null;
}
