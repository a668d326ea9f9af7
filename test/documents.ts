/** The documents as tests read them: which there are, their tables, their code, their links. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** Paths from the project's folder. */
export const DOCUMENTS = [
  "README.md",
  "CHANGELOG.md",
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`)
    .sort(),
];

export const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** The rows of every table whose first column is called that, each as its cells. */
export function rowsUnder(head: string, text: string): string[][] {
  const rows: string[][] = [];
  let inside = false;
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (!line.startsWith("|")) inside = false;
    else if (cellsOf(line)[0] === head) inside = true;
    else if (inside && !/^[|\s:-]+$/.test(line)) rows.push(cellsOf(line));
  }
  return rows;
}

const cellsOf = (line: string): string[] =>
  line
    .replaceAll("\\|", "\u0000")
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.replaceAll("\u0000", "|").trim());

/** What stands in ticks, without them. */
export const ticked = (text: string): string[] => [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? "");

/** Targets of links, without those to other places and without the anchor. */
export function relativeLinks(text: string): string[] {
  const prose = text.replace(/^( *)```[\s\S]*?^\1```/gm, "");
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => target.split("#")[0] ?? "")
    .filter(Boolean);
}
