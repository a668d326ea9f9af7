/** Does the model's provider answer, and does it take the key? Listing its models costs nothing. */
import { type Finding, fail, ok, warn } from "./doctor-finding.ts";
import type { Checked } from "./doctor-settings.ts";

const ANSWER_WITHIN_MS = 10_000;

export async function checkModel({ config }: Checked): Promise<Finding[]> {
  const { anthropicApiKey, anthropicBaseUrl, openaiApiKey, openaiBaseUrl } = config.models;
  const asked: Promise<Finding>[] = [];
  if (anthropicApiKey) {
    const url = anthropicBaseUrl ?? "https://api.anthropic.com";
    asked.push(ask("ANTHROPIC_API_KEY", url, { "x-api-key": anthropicApiKey, "anthropic-version": "2023-06-01" }));
  }
  if (openaiApiKey)
    asked.push(
      ask("OPENAI_API_KEY", openaiBaseUrl ?? "https://api.openai.com", { authorization: `Bearer ${openaiApiKey}` }),
    );
  if (asked.length > 0) return Promise.all(asked);
  if (config.agentLogins !== null) return [ok("model", "no key; only agents with a login of their own can think")];
  const remedy = "Set ANTHROPIC_API_KEY or OPENAI_API_KEY in .env; `threadbox demo` works without.";
  return [warn("model", "There is no key, so no agent can think.", remedy)];
}

async function ask(variable: string, baseUrl: string, headers: Record<string, string>): Promise<Finding> {
  // People write either with or without the version; the agents take both.
  const url = `${baseUrl.replace(/\/+$/, "").replace(/\/v1$/, "")}/v1/models`;
  const status = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }).then(
    async (response) => {
      await response.body?.cancel();
      return response.status;
    },
    () => null,
  );
  const where = new URL(url).host;
  if (status === null)
    return fail(variable, `${where} does not answer.`, "Check the network, and the base URL if you set one.");
  if (status === 401 || status === 403)
    return fail(
      variable,
      `${where} refuses the key (${status}).`,
      "Make a new key at the provider and replace it in .env.",
    );
  if (status === 200) return ok(variable, `${where} takes the key`);
  return warn(variable, `${where} answered ${status}.`, "It may be busy, or a proxy that does not list models.");
}
