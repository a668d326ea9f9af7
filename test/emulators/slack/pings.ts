/**
 * Finds whom a message would have notified. Stricter than Slack where its behaviour is not documented: a bot that writes what a
 * language model says must not even come near a mention that it did not mean.
 */
import { isRecord } from "./blocks.ts";
import type { Json, Ping, PingKind } from "./types.ts";

export interface PingSource {
  text: string;
  blocks: Json[];
  attachments: Json[];
  /** `link_names` or `parse: "full"`: typed names become mentions. */
  linkNames: boolean;
}

export function pingsOf(source: PingSource): Ping[] {
  const found = new Map<string, Ping>();
  const add = (ping: Ping): void => void found.set(`${ping.kind}:${ping.id ?? ""}`, ping);
  scanTokens(source.text, add);
  if (source.linkNames) scanTyped(source.text, add);
  for (const part of [...source.blocks, ...source.attachments]) scanPart(part, add);
  for (const attachment of source.attachments)
    for (const field of ["text", "pretext", "fallback"])
      if (typeof attachment[field] === "string") scanTokens(attachment[field], add);
  return [...found.values()];
}

type Add = (ping: Ping) => void;

function scanPart(part: unknown, add: Add): void {
  if (Array.isArray(part)) {
    for (const item of part) scanPart(item, add);
    return;
  }
  if (!isRecord(part)) return;
  const text = typeof part.text === "string" ? part.text : "";
  switch (part.type) {
    case "mrkdwn":
      scanTokens(text, add);
      // Unless verbatim is set, Slack's documentation says that it parses "certain mentions" by itself.
      if (part.verbatim !== true) scanTyped(text, add);
      return;
    case "markdown":
      scanMarkdown(text, add);
      return;
    case "user":
      add({ kind: "user", id: String(part.user_id) });
      return;
    case "usergroup":
      add({ kind: "usergroup", id: String(part.usergroup_id) });
      return;
    case "broadcast":
      add({ kind: broadcastKind(String(part.range)) });
      return;
    case "plain_text":
      return;
    default:
      for (const field of Object.values(part)) scanPart(field, add);
  }
}

/** In Markdown, code is literal; everything else is alive, in Slack's own notation or as people type it. */
function scanMarkdown(text: string, add: Add): void {
  const prose = text.replaceAll(/^(`{3,}|~{3,})[\s\S]*?^\1/gm, "").replaceAll(/(`+)[\s\S]*?\1/g, "");
  scanTokens(prose, add);
  scanTyped(prose, add);
}

function scanTokens(text: string, add: Add): void {
  for (const [, name] of text.matchAll(/<!(channel|group|here|everyone)(?:\|[^>]*)?>/g))
    add({ kind: broadcastKind(name ?? "") });
  for (const [, id] of text.matchAll(/<!subteam\^(\w+)(?:\|[^>]*)?>/g)) add({ kind: "usergroup", id: id ?? "" });
  for (const [, id] of text.matchAll(/<@([UW]\w+)(?:\|[^>]*)?>/g)) add({ kind: "user", id: id ?? "" });
}

function scanTyped(text: string, add: Add): void {
  for (const [, name] of text.matchAll(/(?<![\w.@/<])@(channel|here|everyone)\b/g))
    add({ kind: broadcastKind(name ?? "") });
}

function broadcastKind(range: string): PingKind {
  return range === "here" || range === "everyone" ? range : "channel";
}
