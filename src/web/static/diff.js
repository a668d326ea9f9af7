/** A unified diff as elements: one fold per file, each line with its sign and its colour. */
import { h } from "./dom.js";
import { count } from "./format.js";

/** Beyond this, only the names stand there until one unfolds them. */
const MAX_OPEN_LINES = 300;

export function diffView(patch, cut) {
  const files = filesOf(patch);
  const open = files.reduce((sum, file) => sum + file.lines.length, 0) <= MAX_OPEN_LINES;
  return h(
    "section",
    { class: "diff", "aria-label": "Changes" },
    files.map((file) => fileView(file, open)),
    cut && h("p", { class: "hint" }, "The diff is longer than what is kept; the branch has all of it."),
  );
}

function fileView({ name, lines }, open) {
  const added = lines.filter((line) => line.kind === "add").length;
  const removed = lines.filter((line) => line.kind === "del").length;
  return h(
    "details",
    { class: "file", open },
    h(
      "summary",
      {},
      h("code", {}, name),
      h(
        "span",
        { class: "counts" },
        h("span", { class: "plus" }, `+${added}`),
        " ",
        h("span", { class: "minus" }, `−${removed}`),
        h("span", { class: "unseen" }, ` ${count(added, "line")} added, ${count(removed, "line")} removed`),
      ),
    ),
    h(
      "pre",
      { tabindex: 0, "aria-label": `Diff of ${name}` },
      h(
        "code",
        {},
        lines.map(({ kind, text }) => h("span", { class: `line ${kind}` }, `${text}\n`)),
      ),
    ),
  );
}

/** Cuts the patch at its file headers. The header lines of git itself carry nothing that the name does not say. */
function filesOf(patch) {
  const files = [];
  let inHunk = false;
  for (const text of patch.replace(/\n$/, "").split("\n")) {
    const header = /^diff --git a\/.* b\/(.*)$/.exec(text);
    if (header || files.length === 0) {
      files.push({ name: header?.[1] ?? "changes", lines: [] });
      inHunk = false;
    }
    if (text.startsWith("@@")) inHunk = true;
    if (inHunk || /^(?:new|deleted|rename|Binary)/.test(text))
      files.at(-1).lines.push({ kind: kindOf(text, inHunk), text });
  }
  return files;
}

function kindOf(text, inHunk) {
  if (!inHunk) return "meta";
  if (text.startsWith("@@")) return "hunk";
  if (text.startsWith("+")) return "add";
  if (text.startsWith("-")) return "del";
  return "same";
}
