/** The content of a message as `chat.*` takes it: text, blocks, Markdown, attachments and metadata, with Slack's refusals. */
import { checkBlocks, inWords, isRecord, recordsIn } from "../blocks.ts";
import { escaped } from "../rich-text.ts";
import type { Json } from "../types.ts";
import { type Call, flagArg, nestedArg, refuse, textArg } from "./method.ts";

export interface Content {
  text: string | undefined;
  blocks: Json[] | undefined;
  attachments: Json[] | undefined;
  metadata: Json | undefined;
  linkNames: boolean;
}

/** Documented for the argument `markdown_text`. */
const maxMarkdownText = 12_000;

/** Reads and checks it. Refuses an empty message. */
export function contentArg(call: Call): Content {
  const text = textArg(call, "text");
  const markdown = textArg(call, "markdown_text");
  const blocks = blocksArg(call);
  const attachments = attachmentsArg(call);
  if (markdown !== undefined && (text !== undefined || blocks !== undefined)) refuse("markdown_text_conflict");
  if (!text && !markdown && !blocks?.length && !attachments?.length) refuse("no_text");
  const linkNames = flagArg(call, "link_names") || textArg(call, "parse") === "full";
  const shared = { attachments, metadata: metadataArg(call), linkNames };
  if (markdown === undefined) return { text, blocks, ...shared };
  if (markdown.length > maxMarkdownText) refuse("msg_too_long");
  return { text: plainTextOf(markdown), blocks: [{ type: "markdown", text: markdown }], ...shared };
}

export function blocksArg(call: Call): Json[] | undefined {
  const blocks = nestedArg(call, "blocks", "invalid_blocks_format");
  if (blocks === undefined) return undefined;
  if (!Array.isArray(blocks)) refuse("invalid_blocks_format");
  const verdict = checkBlocks(blocks);
  if (verdict.is === "invalid_blocks") {
    const messages = verdict.problems.map(inWords);
    refuse("invalid_blocks", { errors: messages, response_metadata: { messages } });
  }
  if (verdict.is === "msg_blocks_too_long") refuse("msg_blocks_too_long");
  return recordsIn(blocks);
}

function attachmentsArg(call: Call): Json[] | undefined {
  const attachments = nestedArg(call, "attachments", "invalid_attachments");
  if (attachments === undefined) return undefined;
  if (!Array.isArray(attachments)) refuse("invalid_attachments");
  const found = recordsIn(attachments);
  return found.length > 100 ? refuse("too_many_attachments") : found;
}

/** `{event_type, event_payload}`; an empty object clears what an earlier version carried. */
function metadataArg(call: Call): Json | undefined {
  const metadata = nestedArg(call, "metadata", "invalid_metadata_format");
  if (metadata === undefined) return undefined;
  if (!isRecord(metadata)) return refuse("invalid_metadata_format");
  if (Object.keys(metadata).length === 0 || "entities" in metadata) return metadata;
  const sound = typeof metadata.event_type === "string" && isRecord(metadata.event_payload);
  return sound ? metadata : refuse("invalid_metadata_schema");
}

/** What notifications and screen readers get of a Markdown message. What was code stays literal. */
function plainTextOf(markdown: string): string {
  const literal = markdown.replaceAll(/(`+)[\s\S]*?\1/g, (code) => escaped(code));
  return literal.replaceAll(/[*_~`#]/g, "").trim();
}
