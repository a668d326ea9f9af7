/** Checks blocks the way Slack does before it accepts a message: known types, required fields and the documented limits. */
import type { Json } from "./types.ts";

export interface BlockProblem {
  /** A JSON pointer into the array. */
  pointer: string;
  message: string;
}

export type BlockVerdict =
  | { is: "fine" }
  | { is: "invalid_blocks"; problems: BlockProblem[] }
  | { is: "msg_blocks_too_long" };

type Report = (pointer: string, message: string) => void;
type Check = (block: Json, at: string, report: Report) => void;

const maxBlocks = { message: 50, view: 100 };
/** Documented as the sum over all markdown blocks of one payload. */
const maxMarkdown = 12_000;
/** Undocumented; measured by others between 13,172 and 13,297 characters, depending on the kinds of blocks. */
const maxCharacters = 13_200;

export function checkBlocks(blocks: unknown, where: keyof typeof maxBlocks = "message"): BlockVerdict {
  const problems: BlockProblem[] = [];
  const report: Report = (pointer, message) => void problems.push({ pointer, message });
  if (!Array.isArray(blocks))
    return { is: "invalid_blocks", problems: [{ pointer: "/blocks", message: "must be an array" }] };
  if (blocks.length > maxBlocks[where]) report("/blocks", `no more than ${maxBlocks[where]} items allowed`);
  blocks.forEach((block, index) => {
    checkBlock(block, `/blocks/${index}`, report);
  });
  checkTogether(blocks, report);
  if (problems.length > 0) return { is: "invalid_blocks", problems };
  return where === "message" && charactersOf(blocks) > maxCharacters ? { is: "msg_blocks_too_long" } : { is: "fine" };
}

/** As Slack words them in `response_metadata.messages`. */
export function inWords(problem: BlockProblem): string {
  return `[ERROR] ${problem.message} [json-pointer:${problem.pointer}]`;
}

export function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function recordsIn(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function checkBlock(block: unknown, at: string, report: Report): void {
  const check = isRecord(block) ? checks[String(block.type)] : undefined;
  if (!isRecord(block)) report(at, "must be an object");
  else if (!check) report(`${at}/type`, `unsupported type: ${String(block.type)}`);
  else {
    atMost(block.block_id, 255, `${at}/block_id`, report);
    check(block, at, report);
  }
}

/** Rules over the whole payload. */
function checkTogether(blocks: unknown[], report: Report): void {
  const all = recordsIn(blocks);
  const seen = new Set<unknown>();
  all.forEach((block, index) => {
    if (block.block_id !== undefined && seen.has(block.block_id))
      report(`/blocks/${index}/block_id`, "block_id already exists");
    seen.add(block.block_id);
  });
  const markdown = all.filter((block) => block.type === "markdown").map((block) => String(block.text ?? ""));
  if (markdown.join("").length > maxMarkdown)
    report("/blocks", `must be less than ${maxMarkdown + 1} characters in markdown blocks`);
  if (all.filter((block) => block.type === "table").length > 1) report("/blocks", "only one table allowed");
}

const checks: Readonly<Record<string, Check>> = {
  divider: () => {},
  file: () => {},
  video: (block, at, report) => textObject(block.title, 200, `${at}/title`, report, "plain_text"),
  rich_text: (block, at, report) => list(block.elements, Number.POSITIVE_INFINITY, `${at}/elements`, report),
  header: (block, at, report) => textObject(block.text, 150, `${at}/text`, report, "plain_text"),
  section: checkSection,
  context: (block, at, report) => {
    const elements = list(block.elements, 10, `${at}/elements`, report);
    elements.forEach((element, i) => {
      if (element.type !== "image") textObject(element, 2000, `${at}/elements/${i}`, report);
    });
  },
  actions: (block, at, report) =>
    checkElements(list(block.elements, 25, `${at}/elements`, report), `${at}/elements`, report),
  context_actions: (block, at, report) => void list(block.elements, 5, `${at}/elements`, report),
  input: (block, at, report) => {
    textObject(block.label, 2000, `${at}/label`, report, "plain_text");
    if (!isRecord(block.element)) report(at, "missing required field: element");
  },
  image: (block, at, report) => {
    required(block.alt_text, "alt_text", at, report);
    if (!block.image_url && !block.slack_file) report(at, "missing required field: image_url");
  },
  markdown: (block, at, report) => {
    if (typeof block.text !== "string") return report(at, "missing required field: text");
    if (block.text === "") report(`${at}/text`, "must be more than 0 characters");
  },
  alert: (block, at, report) => {
    textObject(block.text, 3000, `${at}/text`, report);
    oneOf(block.level, ["default", "info", "warning", "error", "success"], `${at}/level`, report);
  },
  card: (block, at, report) => {
    if (!["hero_image", "title", "actions", "body"].some((field) => field in block))
      report(at, "missing required field: title");
    for (const [field, max] of Object.entries({ title: 150, subtitle: 150, body: 200 }))
      if (field in block) textObject(block[field], max, `${at}/${field}`, report);
    if ("actions" in block) checkElements(list(block.actions, 5, `${at}/actions`, report), `${at}/actions`, report);
  },
  carousel: (block, at, report) => {
    const cards = list(block.elements, 10, `${at}/elements`, report);
    cards.forEach((card, i) => {
      checkBlock(card, `${at}/elements/${i}`, report);
    });
  },
  container: (block, at, report) => {
    if (!block.rich_text_title) textObject(block.title, 150, `${at}/title`, report, "plain_text");
    list(block.child_blocks, 10, `${at}/child_blocks`, report).forEach((child, i) => {
      checkBlock(child, `${at}/child_blocks/${i}`, report);
    });
  },
  plan: (block, at, report) => {
    required(block.title, "title", at, report);
    recordsIn(block.tasks).forEach((step, i) => {
      checkBlock(step, `${at}/tasks/${i}`, report);
    });
  },
  task_card: (block, at, report) => {
    required(block.task_id, "task_id", at, report);
    required(block.title, "title", at, report);
    oneOf(block.status ?? "missing", ["pending", "in_progress", "complete", "error"], `${at}/status`, report);
  },
  table: (block, at, report) => checkRows(block, at, report),
  data_table: (block, at, report) => {
    required(block.caption, "caption", at, report);
    checkRows(block, at, report);
  },
};

function checkSection(block: Json, at: string, report: Report): void {
  const fields = list(block.fields ?? [], 10, `${at}/fields`, report, 0);
  if (block.text === undefined && fields.length === 0) report(at, "missing required field: text");
  if (block.text !== undefined) textObject(block.text, 3000, `${at}/text`, report);
  fields.forEach((field, i) => {
    textObject(field, 2000, `${at}/fields/${i}`, report);
  });
  if (isRecord(block.accessory)) checkElements([block.accessory], `${at}/accessory`, report);
}

function checkElements(elements: Json[], at: string, report: Report): void {
  const actionIds = new Set<unknown>();
  elements.forEach((element, i) => {
    const here = `${at}/${i}`;
    if (element.action_id !== undefined && actionIds.has(element.action_id))
      report(`${here}/action_id`, "action_id already exists");
    actionIds.add(element.action_id);
    atMost(element.action_id, 255, `${here}/action_id`, report);
    if (element.type === "button") checkButton(element, here, report);
    else checkOptions(element, here, report);
  });
}

function checkButton(button: Json, at: string, report: Report): void {
  textObject(button.text, 75, `${at}/text`, report, "plain_text");
  atMost(button.value, 2000, `${at}/value`, report);
  atMost(button.url, 3000, `${at}/url`, report);
  oneOf(button.style, ["primary", "danger"], `${at}/style`, report);
}

function checkOptions(element: Json, at: string, report: Report): void {
  if (!("options" in element)) return;
  list(element.options, 100, `${at}/options`, report).forEach((option, i) => {
    textObject(option.text, 75, `${at}/options/${i}/text`, report);
    atMost(option.value, 150, `${at}/options/${i}/value`, report);
  });
}

function checkRows(block: Json, at: string, report: Report): void {
  const rows = Array.isArray(block.rows) ? block.rows : [];
  if (rows.length === 0) report(at, "missing required field: rows");
  if (rows.length > 100) report(`${at}/rows`, "no more than 100 items allowed");
  rows.forEach((row, r) => {
    const cells = list(row, 20, `${at}/rows/${r}`, report);
    cells.forEach((cell, c) => {
      if (cell.type === "raw_text" && !cell.text) report(`${at}/rows/${r}/${c}/text`, "must be more than 0 characters");
    });
  });
}

function textObject(value: unknown, max: number, at: string, report: Report, type?: string): void {
  const types = type ? [type] : ["plain_text", "mrkdwn"];
  if (!isRecord(value)) report(at, "missing required field: text");
  else {
    if (!types.includes(String(value.type))) report(`${at}/type`, `must be one of ${types.join(", ")}`);
    if (typeof value.text !== "string" || value.text === "") report(`${at}/text`, "must be more than 0 characters");
    atMost(value.text, max, `${at}/text`, report);
  }
}

function list(value: unknown, max: number, at: string, report: Report, min = 1): Json[] {
  if (!Array.isArray(value)) {
    report(at, "must be an array");
    return [];
  }
  if (value.length < min) report(at, `no fewer than ${min} items allowed`);
  if (value.length > max) report(at, `no more than ${max} items allowed`);
  return value.filter(isRecord);
}

function required(value: unknown, field: string, at: string, report: Report): void {
  if (typeof value !== "string" || value === "") report(at, `missing required field: ${field}`);
}

function atMost(value: unknown, max: number, at: string, report: Report): void {
  if (typeof value === "string" && value.length > max) report(at, `must be less than ${max + 1} characters`);
}

function oneOf(value: unknown, allowed: string[], at: string, report: Report): void {
  if (value !== undefined && !allowed.includes(String(value))) report(at, `must be one of ${allowed.join(", ")}`);
}

/** What people read in them: every text and title, however deep. */
function charactersOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + charactersOf(item), 0);
  if (!isRecord(value)) return 0;
  return Object.entries(value).reduce((sum, [key, field]) => {
    const counts = typeof field === "string" && (key === "text" || key === "title");
    return sum + (counts ? field.length : charactersOf(field));
  }, 0);
}
