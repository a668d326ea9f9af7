import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { REFUSED_REASONS } from "../../../handlers/github/events.ts";
import { IGNORED_REASONS } from "../../../handlers/github/outcome.ts";
import { githubHandlers } from "../../../handlers/github/register.ts";
import { GITHUB_EVENTS, GITHUB_PERMISSIONS } from "../../../src/surfaces/github-app.ts";

const docs = readFileSync(new URL("../../../docs/github.md", import.meta.url), "utf8");

/** First cells of the table under this head, without their ticks. */
const firstColumn = (head: string): string[] => column(head, 1);

function column(head: string, index: number): string[] {
  const after = docs.split("\n").map((line) => line.trim());
  const start = after.findIndex((line) => line.startsWith(`| ${head} |`));
  const rows = after.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows
    .slice(0, end === -1 ? undefined : end)
    .map((row) => row.split("|")[index]?.trim().replaceAll("`", "") ?? "");
}

test("docs/github.md explains each reason for ignoring, and no other", () => {
  assert.deepEqual(firstColumn("reason").toSorted(), [...IGNORED_REASONS].toSorted());
});

test("docs/github.md explains each reason for refusing, and no other", () => {
  assert.deepEqual(firstColumn("refused").toSorted(), [...REFUSED_REASONS].toSorted());
});

test("docs/github.md subscribes to the events that are handled, and no other", () => {
  const handled = new Set(Object.keys(githubHandlers).map((name) => name.split(".")[0]));
  assert.deepEqual(firstColumn("event").toSorted(), [...handled].toSorted());
  assert.deepEqual([...GITHUB_EVENTS].toSorted(), [...handled].toSorted());
});

test("docs/github.md asks for the permissions of the App, and no other", () => {
  const told = firstColumn("permission").map((title, index) => [title, column("permission", 2)[index]]);
  const wanted = GITHUB_PERMISSIONS.map(({ title, access }) => [title, access === "read" ? "read" : "read and write"]);
  assert.deepEqual(told, wanted);
});
