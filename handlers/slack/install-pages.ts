/** What people read who install the app: plain pages that say what happened and what to do next. No token, no code, no stack. */
import type { ServerResponse } from "node:http";
import { INSTALL_PATH, type Installation } from "../../src/installation.ts";
import { slackWord } from "../../src/surfaces/slack-calls.ts";

/** Of `install.html`, which escapes them. */
export interface Words {
  heading: string;
  text: string;
  /** Where its one link leads, and what is written on it. */
  href: string;
  link: string;
}

/** The address of the answer holds a code and the state, so nothing of it goes to anybody, and no page is kept. */
export const HEADERS: Record<string, string> = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

export function send(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { "content-type": "text/html; charset=utf-8" }).end(html);
}

const AGAIN = { href: INSTALL_PATH, link: "Begin again" };

export const invitation = (name: string, address: string): Words => ({
  heading: `Add ${name} to Slack`,
  text: `Slack asks you for which workspace, and shows what ${name} may do there. You need to be allowed to install apps.`,
  ...{ href: address, link: "Go on at Slack" },
});

export function installed(name: string, { team, enterprise, name: where }: Installation): Words {
  const heading = `${name} is installed in ${where}`;
  const text = `Invite it into a channel (/invite @${name}), then write “@${name} help” there.`;
  if (team) return { heading, text, href: `https://app.slack.com/client/${team}`, link: "Open Slack" };
  const first =
    "It is in none of the organisation's workspaces yet: an owner adds it to them in Slack's administration.";
  return {
    heading,
    text: `${first} There: ${text}`,
    href: `https://app.slack.com/manage/${enterprise}`,
    link: "Open Slack",
  };
}

export function refused({ team, enterprise, name: where }: Installation): Words {
  const id = team ?? enterprise ?? "";
  const text = `Nothing was installed. Whoever runs this bot can let ${where} in: ${id} has to stand under slack.install in threadbox.yml, and the bot has to be restarted. Then begin again.`;
  return { heading: `${where} may not install this bot`, text, ...AGAIN };
}

export const failed = (text: string): Words => ({
  heading: "It could not be installed",
  text: text || "The bot could not do its part. Its log says why; begin again when that is mended.",
  ...AGAIN,
});

/** By the code of Slack's library, and by Slack's own word where Slack refused. */
export function failure(error: Error & { code: string }): { status: number; words: Words } {
  const word = slackWord(error);
  if (word)
    return {
      status: 502,
      words: failed(
        `Slack answered “${word}”. ${REASONS[word] ?? "Begin again; a code works once, and not for long."}`,
      ),
    };
  if (error.code === "slack_oauth_installer_authorization_error")
    return {
      status: 200,
      words: { ...failed("You did not allow it at Slack, so nothing was changed."), heading: "Nothing was installed" },
    };
  if (OF_THE_BROWSER.has(error.code))
    return {
      status: 400,
      words: { ...failed(OVER), heading: "This page is over" },
    };
  return { status: 500, words: failed("") };
}

/** Also for whoever loads the page again that said that it is installed. */
const OVER =
  "It counts once, within ten minutes, and in the browser that began. Nothing was changed now: what was installed before stays installed.";

const OF_THE_BROWSER = new Set(["slack_oauth_missing_state", "slack_oauth_invalid_state", "slack_oauth_missing_code"]);

/** What whoever runs the bot has to mend. */
const REASONS: Record<string, string> = {
  bad_client_secret: "SLACK_CLIENT_SECRET of this bot is not that of its Slack app.",
  invalid_client_id: "SLACK_CLIENT_ID of this bot is not that of a Slack app.",
  bad_redirect_uri: "The redirect URLs of the Slack app have to name PUBLIC_URL/slack/oauth_redirect.",
};
