/** Slack, with the very tokens that the bot would use. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { toThreadboxError } from "../errors.ts";
import { call, slackClients } from "../surfaces/slack-calls.ts";
import { type Finding, fail, ok, tried, warn } from "./doctor-finding.ts";
import type { Checked } from "./doctor-settings.ts";
import { checkWorkspaces } from "./doctor-workspaces.ts";

export async function checkSlack(settings: Checked): Promise<Finding[]> {
  const { slack } = settings.config;
  if (!slack) return [ok("Slack", "not set up")];
  const { botToken: token } = slack;
  if (!token) return checkWorkspaces(settings);
  return tried("Slack", "Check the network, and SLACK_API_URL if you set it.", async () => {
    const { reads } = slackClients({ token, apiUrl: slack.apiUrl }, settings.log);
    const answer = await call(() => reads.auth.test());
    const bot = ok("Slack", `@${answer.user} in ${answer.team}`);
    return [bot, ofScopes(answer.response_metadata?.scopes ?? []), await checkSocket(settings)];
  });
}

async function checkSocket({ config: { slack }, log }: Checked): Promise<Finding> {
  const what = "Slack events";
  if (!slack?.appToken) return ok(what, "over HTTP, at /slack/events of PUBLIC_URL");
  try {
    const { reads } = slackClients({ token: slack.appToken, apiUrl: slack.apiUrl }, log);
    await call(() => reads.apps.connections.open({}));
    return ok(what, "over Socket Mode");
  } catch (thrown) {
    const remedy = "Turn on Socket Mode, and give SLACK_APP_TOKEN the scope connections:write.";
    return fail(what, toThreadboxError(thrown).detail, remedy);
  }
}

const Manifest = z.object({ oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }) });

/** The manifest is what people make the app from; an app of an older one lacks what has come since. */
function ofScopes(given: string[]): Finding {
  const manifest = Manifest.parse(parse(readFileSync(new URL("../../manifest.yml", import.meta.url), "utf8")));
  const missing = manifest.oauth_config.scopes.bot.filter((scope) => !given.includes(scope));
  if (given.length === 0) return warn("Slack scopes", "Slack did not say.", "Compare them with manifest.yml.");
  if (missing.length === 0) return ok("Slack scopes", "all that manifest.yml asks for");
  const remedy = "Update the app from manifest.yml and install it again.";
  return fail("Slack scopes", `The app lacks ${missing.join(", ")}.`, remedy);
}
