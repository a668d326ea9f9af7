/**
 * The bot's own secrets, none of which is ever handed to a sandbox. Where a sandbox shares the bot's machine an agent may come upon one all
 * the same, so they are taken out of what it tells before that is kept or shown anywhere.
 */
import type { Config } from "./config.ts";

/** A secret that somebody has made up shorter than this may be an ordinary word. */
const SHORTEST = 16;

type Secrets = Pick<
  Config,
  "databaseUrl" | "metricsToken" | "apiClients" | "secretKeys" | "slack" | "github" | "modal"
>;

export function ownSecrets(config: Secrets): string[] {
  const { databaseUrl, metricsToken, apiClients, secretKeys, slack, github, modal } = config;
  const ofGitHub = github && ("token" in github.auth ? [github.auth.token] : keyLines(github.auth.privateKey));
  const values = [
    ...[databaseUrl && passwordIn(databaseUrl), metricsToken, ...apiClients.map(({ token }) => token)],
    ...secretKeys.map((key) => Buffer.from(key).toString("base64")),
    ...[slack?.botToken, slack?.signingSecret, slack?.appToken, slack?.oauth?.clientSecret],
    ...[...(ofGitHub ?? []), github?.webhookSecret, github?.previousWebhookSecret, github?.oauth?.clientSecret],
    ...[modal?.tokenId, modal?.tokenSecret],
  ];
  return values.filter((value): value is string => typeof value === "string" && value.length >= SHORTEST);
}

/** A line by itself is as good as the key to nobody, but it stands in what is printed of it. */
const keyLines = (pem: string): string[] => [pem, ...pem.split("\n").filter((line) => !line.startsWith("-----"))];

const passwordIn = (url: string): string | null =>
  URL.canParse(url) ? decodeURIComponent(new URL(url).password) || null : null;
