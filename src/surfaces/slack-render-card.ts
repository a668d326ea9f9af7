/**
 * A pull request in Slack: what it is, its checks and its reviews, in words. The title and the names of checks are foreign text: they ping
 * nobody and link nowhere. Pure.
 */
import type { types } from "@slack/bolt";
import type { Card, Checks, Review } from "../core/card.ts";
import type { Person } from "../core/types.ts";
import { changed, count } from "./figures.ts";
import { LINK_ACTION } from "./slack-actions.ts";
import { context, type KnownBlock, oneLine, plain, type Rendered, section } from "./slack-blocks.ts";

/** Slack's limits of a card. */
const MAX_TITLE_CHARS = 150;
const MAX_SUBTITLE_CHARS = 150;
const MAX_BODY_CHARS = 200;
const MAX_NAME_CHARS = 60;
const MAX_NAMED = 3;

/** `lines`: for a workspace that takes no cards. */
export type CardAs = "card" | "lines";

export function renderCard(card: Card, as: CardAs): Rendered {
  const { repository, number, url, title } = card;
  const name = `${repository}#${number}`;
  const facts = [checksText(card.checks), ...reviewTexts(card.reviews)].filter((fact) => fact !== null);
  const words = [`${oneLine(title, MAX_TITLE_CHARS)} (${STATES[stateOf(card)]})`, ...facts].join(" · ");
  return {
    text: `Pull request <${url}|${plain(name)}>: ${plain(words)}`,
    blocks: as === "card" ? [cardBlock(card, name, facts)] : lines(card, name, facts),
  };
}

/** A line that somebody has to act on. Of Markdown it holds links and code, both ours. */
export function renderPing(text: string, people: Person[]): Rendered {
  const ids = new Set(people.filter(({ surface }) => surface === "slack").map(({ id }) => id));
  const linked = plain(text).replace(/\[([^\][]+)\]\((https?:[^()\s|]+)\)/g, "<$2|$1>");
  const said = [...[...ids].map((id) => `<@${id}>`), linked].join(" ");
  return { text: said, blocks: [section(said)] };
}

function cardBlock(card: Card, name: string, facts: string[]): KnownBlock {
  const button: types.Button = {
    ...{ type: "button", action_id: LINK_ACTION, url: card.url },
    text: { type: "plain_text", text: "View on GitHub" },
    accessibility_label: oneLine(`View the pull request ${name} on GitHub`, 75),
  };
  const body = fitted(facts.join(" · "), MAX_BODY_CHARS);
  return {
    type: "card",
    title: mrkdwn(fitted(card.title, MAX_TITLE_CHARS)),
    subtitle: mrkdwn(fitted(aboutText(card, name), MAX_SUBTITLE_CHARS)),
    ...(body === "" ? {} : { body: mrkdwn(body) }),
    actions: [button],
  };
}

function lines(card: Card, name: string, facts: string[]): KnownBlock[] {
  const title = fitted(card.title, MAX_TITLE_CHARS);
  const about = fitted([aboutText(card, name), ...facts].join(" · "), 2 * MAX_BODY_CHARS);
  return [section(`<${card.url}|${title}>`), context(about)];
}

const STATES = { open: "open", draft: "draft", merged: "merged", closed: "closed without being merged" } as const;
const stateOf = ({ state, draft }: Card): keyof typeof STATES => (state === "open" && draft ? "draft" : state);

function aboutText(card: Card, name: string): string {
  const state = STATES[stateOf(card)];
  return [`${state[0]?.toUpperCase()}${state.slice(1)}`, name, changed(card.changes)].join(" · ");
}

/** Null where there are none. */
function checksText(checks: Checks | null): string | null {
  if (!checks) return null;
  const { passed, failed, running } = checks;
  const all = passed + failed + running;
  if (all === 0) return null;
  const left = running > 0 ? `, ${running} running` : "";
  if (failed > 0) return `✗ ${failed} of ${count(all, "check")} failed${left}: ${namesText(checks)}`;
  return running > 0 ? `${passed} of ${count(all, "check")} passed${left}` : `✓ ${count(all, "check")} passed`;
}

function namesText({ failing, failed }: Checks): string {
  const named = failing.slice(0, MAX_NAMED).map((name) => oneLine(name, MAX_NAME_CHARS));
  return [...named, ...(failed > named.length ? [`${failed - named.length} more`] : [])].join(", ");
}

function reviewTexts(reviews: Review[]): string[] {
  const by = (says: Review["says"]): string => reviews.flatMap((one) => (one.says === says ? [one.by] : [])).join(", ");
  const [asked, approved] = [by("changes-requested"), by("approved")];
  return [...(asked ? [`changes requested by ${asked}`] : []), ...(approved ? [`approved by ${approved}`] : [])];
}

const mrkdwn = (text: string): types.MrkdwnElement => ({ type: "mrkdwn", text, verbatim: true });

/** On one line, harmless, and not longer than Slack takes: what is escaped grows. */
function fitted(text: string, maxChars: number): string {
  for (let chars = maxChars; chars > 0; chars -= 10) {
    const line = plain(oneLine(text, chars));
    if (line.length <= maxChars) return line;
  }
  return "";
}
