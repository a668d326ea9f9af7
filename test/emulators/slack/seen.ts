/** What a person reads on the screen, as plain text: for assertions and for printing a thread. */
import { isRecord, recordsIn } from "./blocks.ts";
import { unescaped } from "./rich-text.ts";
import type { Json, Message, Workspace } from "./types.ts";

/** The blocks when there are any, else the text. */
export function seen(
  ws: Workspace,
  message: { text: string; blocks: Json[]; attachments?: Json[]; files?: string[] },
): string {
  const lines =
    message.blocks.length > 0 ? message.blocks.map((block) => blockText(ws, block)) : [mrkdwn(ws, message.text)];
  const cards = (message.attachments ?? []).map(
    (card) => `| ${mrkdwn(ws, String(card.title ?? card.text ?? card.fallback ?? ""))}`,
  );
  const files = (message.files ?? []).map((id) => `(file: ${ws.files.get(id)?.name ?? id})`);
  return [...lines, ...cards, ...files].filter((line) => line !== "").join("\n");
}

/** A thread as it is seen: one line of who and one per line of what, with the reactions. */
export function printed(ws: Workspace, messages: readonly Message[]): string {
  return messages.map((message) => `${nameOf(ws, message.author)}: ${seen(ws, message)}${marks(message)}`).join("\n");
}

export function nameOf(ws: Workspace, id: string): string {
  return ws.people.get(id)?.name ?? id;
}

function marks(message: Message): string {
  const reactions = message.reactions.map(
    ({ name, users }) => `:${name}:${users.length > 1 ? ` ${users.length}` : ""}`,
  );
  const edited = message.edits > 0 ? ["(edited)"] : [];
  return [...edited, ...reactions].map((mark) => ` ${mark}`).join("");
}

function blockText(ws: Workspace, block: Json): string {
  const render = renderers[String(block.type)];
  return render ? render(ws, block) : `(${String(block.type)})`;
}

type Render = (ws: Workspace, block: Json) => string;

const renderers: Readonly<Record<string, Render>> = {
  divider: () => "---",
  header: (ws, block) => textOf(ws, block.text),
  alert: (ws, block) => `! ${textOf(ws, block.text)}`,
  markdown: (ws, block) => mrkdwn(ws, String(block.text ?? "")),
  section: (ws, block) => {
    const texts = [block.text, ...recordsIn(block.fields)].filter(isRecord).map((text) => textOf(ws, text));
    const beside = isRecord(block.accessory) ? [element(ws, block.accessory)] : [];
    return [...texts, ...beside].join("\n");
  },
  context: (ws, block) => elementsOf(ws, block, "  "),
  actions: (ws, block) => elementsOf(ws, block, " "),
  context_actions: (ws, block) => elementsOf(ws, block, " "),
  rich_text: (ws, block) => richTextOf(ws, block),
  image: (_, block) => `(image: ${String(block.alt_text)})`,
  input: (ws, block) => `${textOf(ws, block.label)}: ____`,
  file: () => "(file)",
  video: (ws, block) => `(video: ${textOf(ws, block.title)})`,
  task_card: (ws, block) => {
    const mark = { pending: "[ ]", in_progress: "[~]", complete: "[x]", error: "[!]" }[String(block.status)] ?? "[?]";
    const more = [block.details, block.output].filter(isRecord).map((part) => `    ${richTextOf(ws, part)}`);
    return [`${mark} ${String(block.title)}`, ...more].join("\n");
  },
  plan: (ws, block) => [String(block.title), ...recordsIn(block.tasks).map((step) => blockText(ws, step))].join("\n"),
  card: (ws, block) =>
    ["title", "subtitle", "body"]
      .map((field) => textOf(ws, block[field]))
      .filter(Boolean)
      .concat(elementsOf(ws, { elements: block.actions }, " "))
      .filter(Boolean)
      .join("\n"),
  carousel: (ws, block) =>
    recordsIn(block.elements)
      .map((card) => blockText(ws, card))
      .join("\n"),
  container: (ws, block) =>
    [textOf(ws, block.title), ...recordsIn(block.child_blocks).map((child) => blockText(ws, child))].join("\n"),
  table: (ws, block) => rows(ws, block),
  data_table: (ws, block) => [String(block.caption), rows(ws, block)].join("\n"),
};

function rows(ws: Workspace, block: Json): string {
  const lines = Array.isArray(block.rows) ? block.rows : [];
  return lines
    .map((row) =>
      recordsIn(row)
        .map((cell) => (cell.type === "rich_text" ? richTextOf(ws, cell) : String(cell.text ?? cell.value ?? "")))
        .join(" | "),
    )
    .join("\n");
}

function elementsOf(ws: Workspace, block: Json, between: string): string {
  return recordsIn(block.elements)
    .map((part) => element(ws, part))
    .join(between);
}

function element(ws: Workspace, part: Json): string {
  if (part.type === "mrkdwn" || part.type === "plain_text") return textOf(ws, part);
  if (part.type === "image") return `(image: ${String(part.alt_text)})`;
  const label = textOf(ws, part.text ?? part.placeholder);
  return `[${label || String(part.type)}]`;
}

function textOf(ws: Workspace, text: unknown): string {
  if (!isRecord(text)) return "";
  const raw = String(text.text ?? "");
  return text.type === "mrkdwn" ? mrkdwn(ws, raw) : raw;
}

function richTextOf(ws: Workspace, part: Json): string {
  const parts = recordsIn(part.elements);
  const lines = part.type === "rich_text" || part.type === "rich_text_list";
  if (parts.length > 0)
    return parts
      .map((inner) => `${part.type === "rich_text_list" ? "• " : ""}${richTextOf(ws, inner)}`)
      .join(lines ? "\n" : "");
  switch (part.type) {
    case "user":
      return `@${nameOf(ws, String(part.user_id))}`;
    case "channel":
      return `#${ws.channels.get(String(part.channel_id))?.name ?? String(part.channel_id)}`;
    case "broadcast":
      return `@${String(part.range)}`;
    case "emoji":
      return `:${String(part.name)}:`;
    default:
      return String(part.text ?? part.url ?? "");
  }
}

/** Tokens as people see them: `<@U0ADA>` is @ada, `<https://x|y>` is y (https://x). */
function mrkdwn(ws: Workspace, text: string): string {
  const shown = text.replaceAll(/<([^<>]+)>/g, (whole, token: string) => {
    const [target = "", label] = token.split("|");
    if (target.startsWith("@")) return `@${nameOf(ws, target.slice(1))}`;
    if (target.startsWith("#")) return `#${label ?? ws.channels.get(target.slice(1))?.name ?? target.slice(1)}`;
    if (target.startsWith("!date^")) return label ?? target;
    if (target.startsWith("!")) return `@${label ?? target.slice(1)}`;
    if (!/^(https?|mailto):/.test(target)) return whole;
    return label && label !== target ? `${label} (${target})` : target;
  });
  return unescaped(shown);
}
