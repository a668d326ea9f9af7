/** What Slack's composer makes of what a person types: mentions become tokens, and every message carries a rich_text block. */
import type { Json, Workspace } from "./types.ts";
import { findChannel } from "./workspace.ts";

/** `@grace look at #web & <b>` as it goes over the network. Tokens that the test wrote itself stay as they are. */
export function composed(ws: Workspace, typed: string): string {
  return outsideCode(typed, escaped, (prose) =>
    // A token of Slack's own, else a single character to escape.
    prose
      .replaceAll(/(<[@#!][^>]+>|<https?:[^>]+>)|[&<>]/g, (match, token) => token ?? escaped(match))
      .replaceAll(/(?<![\w<])@([\w.-]*\w)/g, (match, name: string) => mention(ws, name) ?? match)
      .replaceAll(/(?<![\w<&])#([\w-]+)/g, (match, name: string) => {
        const channel = findChannel(ws, name);
        return channel ? `<#${channel.id}|${channel.name}>` : match;
      }),
  );
}

/** The block that Slack stores beside the text of a person's message. */
export function richText(text: string, blockId: string): Json {
  const elements: Json[] = [];
  for (const piece of text.split(/(```[\s\S]*?```)/)) {
    if (piece.startsWith("```") && piece.length > 5)
      elements.push({
        type: "rich_text_preformatted",
        elements: [plain(piece.slice(3, -3).replace(/^\n/, ""))],
        border: 0,
      });
    else if (piece !== "") elements.push({ type: "rich_text_section", elements: sectionElements(piece) });
  }
  return { type: "rich_text", block_id: blockId, elements };
}

function sectionElements(text: string): Json[] {
  const parts = text.split(/(`[^`\n]+`|<[^>]+>)/).filter((part) => part !== "");
  return parts.map((part) => {
    if (part.startsWith("`") && part.length > 2) return { ...plain(part.slice(1, -1)), style: { code: true } };
    return part.startsWith("<") ? tokenElement(part.slice(1, -1)) : plain(part);
  });
}

function tokenElement(token: string): Json {
  const [target = "", label] = token.split("|");
  if (target.startsWith("@")) return { type: "user", user_id: target.slice(1) };
  if (target.startsWith("#")) return { type: "channel", channel_id: target.slice(1) };
  if (target.startsWith("!subteam^")) return { type: "usergroup", usergroup_id: target.slice("!subteam^".length) };
  if (target.startsWith("!")) return { type: "broadcast", range: target.slice(1) };
  return { type: "link", url: target, ...(label ? { text: label } : {}) };
}

function plain(text: string): Json {
  return { type: "text", text: unescaped(text) };
}

function mention(ws: Workspace, name: string): string | undefined {
  if (name === "here" || name === "channel" || name === "everyone") return `<!${name}>`;
  const person = ws.people.get(name) ?? [...ws.people.values()].find((other) => other.name === name);
  return person && `<@${person.id}>`;
}

/** In code a mention is only text, in Slack's composer as well. */
function outsideCode(text: string, code: (part: string) => string, prose: (part: string) => string): string {
  const parts = text.split(/(```[\s\S]*?```|`[^`\n]+`)/);
  return parts.map((part, index) => (index % 2 === 1 ? code(part) : prose(part))).join("");
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

export function unescaped(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
