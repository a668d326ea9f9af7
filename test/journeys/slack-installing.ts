/** The whole bot for several workspaces of an emulated Slack, and people with browsers who install it. */
import { pino } from "pino";
import { type SlackEmulator, type SlackOptions, startSlack } from "../emulators/slack.ts";
import { startWorld, type World, type WorldOptions } from "../world.ts";

/** Where the bot says that it can be reached; the browsers of this journey know the way. */
const PUBLIC_URL = "https://threadbox.example.com";
export const FIRST_KEY = Buffer.alloc(32, 1).toString("base64");
export const SECOND_KEY = Buffer.alloc(32, 2).toString("base64");

export interface Page {
  status: number;
  html: string;
  headers: Headers;
}

export interface Installing {
  slack: SlackEmulator;
  world: World;
  /** Everything that was logged. */
  logged(): string;
  /** Somebody goes through all of it; gives back the last page. */
  installs(place: string, user: string, answer?: "allow" | "deny"): Promise<Page>;
  /** A browser of its own, with its cookies. */
  browser(): Browser;
  everything(): Promise<void>;
  restart(changed?: Parameters<World["restart"]>[0]): Promise<void>;
  stop(): Promise<void>;
}

export interface Browser {
  get(address: string): Promise<Page>;
  /** Answers Slack's question at that address; gives back where Slack sends the browser then. */
  answers(address: string, form: Record<string, string>): Promise<string>;
}

export async function startInstalling(
  teams: NonNullable<SlackOptions["teams"]>,
  options: WorldOptions & { rotates?: boolean; install: string[] },
): Promise<Installing> {
  const { rotates = false, install, ...rest } = options;
  const [first, ...others] = teams;
  const oauth = { redirectUrls: [`${PUBLIC_URL}/slack/oauth_redirect`], rotates };
  const slack = await startSlack({ ...first, teams: others, oauth });
  const lines: string[] = [];
  const world = await startWorld({
    ...rest,
    slack: { install },
    log: pino({ level: "debug" }, { write: (line: string) => void lines.push(line) }),
    variables: {
      PUBLIC_URL,
      SLACK_CLIENT_ID: slack.oauth.clientId,
      SLACK_CLIENT_SECRET: slack.oauth.clientSecret,
      SLACK_SIGNING_SECRET: slack.app.signingSecret,
      SLACK_API_URL: slack.apiUrl,
      THREADBOX_SECRET_KEYS: FIRST_KEY,
    },
  });
  const deliver = (): void => slack.deliverTo(`${world.url}/slack/events`);
  deliver();
  const browser = (): Browser => newBrowser(() => world.url);
  return {
    slack,
    world,
    logged: () => lines.join(""),
    browser,
    async installs(place, user, answer = "allow") {
      const mine = browser();
      const invitation = await mine.get("/slack/install");
      return mine.get(await mine.answers(linkIn(invitation), { place, user, answer }));
    },
    async everything() {
      await slack.settled();
      await world.settled();
    },
    async restart(changed) {
      await world.restart(changed);
      deliver();
    },
    async stop() {
      await world.stop();
      await slack.close();
    },
  };
}

function newBrowser(botUrl: () => string): Browser {
  const cookies = new Map<string, string>();
  const headers = (): Record<string, string> => ({
    host: new URL(PUBLIC_URL).host,
    cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
  });
  return {
    async get(address) {
      const path = address.replace(PUBLIC_URL, "");
      const response = await fetch(`${botUrl()}${path}`, { headers: headers(), redirect: "manual" });
      for (const line of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (/expires=thu, 01 jan 1970/i.test(line)) cookies.delete(name);
        else cookies.set(name, value);
      }
      return { status: response.status, html: await response.text(), headers: response.headers };
    },
    async answers(address, form) {
      const response = await fetch(address, { method: "POST", body: new URLSearchParams(form), redirect: "manual" });
      return response.headers.get("location") ?? `nowhere: ${await response.text()}`;
    },
  };
}

/** Where the one link of a page leads. */
export function linkIn({ html }: Page): string {
  const [, href = ""] = /<main[\s\S]*<a href="([^"]*)"/.exec(html) ?? [];
  return href.replaceAll("&amp;", "&");
}

/** What stands on a page, on one line. */
export const wordsOf = ({ html }: Page): string =>
  (/<main[^>]*>([\s\S]*)<\/main>/.exec(html)?.[1] ?? html)
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
