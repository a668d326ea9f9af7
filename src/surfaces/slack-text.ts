/**
 * Slack's own text format, both ways. What people type arrives as mrkdwn: `<https://x|label>`, `<@U1>`, `&lt;`; an agent and the command
 * grammar want what the person saw. What we put into a section or a context block has to be escaped. Pure.
 */
import { z } from "zod";
import { SlackFile } from "./slack-attached.ts";

/** The text as the person saw it. People stay `<@U1>` where Slack gave no name with the id. */
export function plainText(mrkdwn: string): string {
  return mrkdwn.replace(/<([^<>\n]+)>/g, (all, inner: string) => shown(inner) ?? all).replace(ENTITY, unescaped);
}

/** Foreign text inside a `mrkdwn` field: nothing in it is a link or a ping any more. */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Slack makes a link of everything that looks like a host, `index.ts` too; then the label is what was typed. */
function shown(token: string): string | null {
  const bar = token.indexOf("|");
  const target = bar < 0 ? token : token.slice(0, bar);
  const label = bar < 0 ? null : token.slice(bar + 1);
  if (target.startsWith("@")) return label === null ? null : `@${label.replace(/^@/, "")}`;
  if (target.startsWith("#")) return `#${label || target.slice(1)}`;
  if (target.startsWith("!")) return label ?? `@${target.slice(1).replace(/^subteam\^/, "")}`;
  if (!/^[a-z][a-z0-9+.-]*:/i.test(target)) return null;
  if (label === null || label === target) return target.replace(/^mailto:/, "");
  return target.replace(/^(?:https?:\/\/|mailto:)/, "").replace(/\/$/, "") === label ? label : `${label} (${target})`;
}

const ENTITY = /&(amp|lt|gt);/g;
const CHARACTERS: Record<string, string> = { amp: "&", lt: "<", gt: ">" };
const unescaped = (_all: string, name: string): string => CHARACTERS[name] ?? "";

/** The part of an attachment that we read. A forwarded message is an attachment of the one that forwards it. */
export const Attachment = z.object({
  is_share: z.boolean().nullish(),
  is_msg_unfurl: z.boolean().nullish(),
  author_name: z.string().nullish(),
  text: z.string().nullish(),
  from_url: z.string().nullish(),
  files: z.array(SlackFile).nullish().catch(null),
});
export type Attachment = z.infer<typeof Attachment>;

/** Messages that were forwarded along with one; previews of web pages are left out, nobody wrote them here. */
const forwarded = (attachments: Attachment[] | null | undefined): Attachment[] =>
  (attachments ?? []).filter((one) => one.is_share || one.is_msg_unfurl);

/** What was attached to them comes along as well. */
export const forwardedFiles = (attachments: Attachment[] | null | undefined): SlackFile[] =>
  forwarded(attachments).flatMap(({ files }) => files ?? []);

export function forwardedText(attachments: Attachment[] | null | undefined): string {
  return forwarded(attachments)
    .filter(({ text }) => text)
    .map((one) => {
      const from = one.author_name ? ` from ${one.author_name}` : "";
      const where = one.from_url ? ` (${one.from_url})` : "";
      return `Forwarded message${from}${where}:\n${plainText(one.text ?? "")}`;
    })
    .join("\n\n");
}
