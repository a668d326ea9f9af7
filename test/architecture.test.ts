import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";
import { MAY_IMPORT, TYPES_ONLY } from "./arrows.ts";

/** The composition roots and their parts put everything together, so they know everything. */
const ROOTS = new Set([
  ...["src/main.ts", "src/machines.ts", "src/forge.ts", "src/slack.ts", "src/ways-in.ts", "src/identities.ts"],
  ...["src/daemon/main.ts", "src/cli/main.ts"],
]);

/** What lies in `src/` itself, and everybody may use but those who must run alone or stay pure. */
const ALONE = new Set(["src/core", "src/wire", "src/daemon"]);

interface Import {
  file: string;
  to: string;
  typeOnly: boolean;
}

const folderOf = (file: string): string =>
  Object.keys(MAY_IMPORT).find((folder) => file.startsWith(`${folder}/`)) ?? posix.dirname(file);

export function crossed({ file, to, typeOnly }: Import): string | null {
  const from = folderOf(file);
  const target = folderOf(to);
  if (ROOTS.has(file) || from === target) return null;
  if (from === "src")
    return MAY_IMPORT[target] && target !== "src/core" && target !== "src/wire" && !typeOnly
      ? `${file} may not import ${to}`
      : null;
  if (target === "src")
    return ALONE.has(from) || (ROOTS.has(to) && from !== "src/cli") ? `${file} may not import ${to}` : null;
  if (!MAY_IMPORT[from]?.includes(target)) return `${file} may not import ${to}`;
  if (from === "src/engine" && TYPES_ONLY.has(target) && !typeOnly) return `${file} may import only types of ${to}`;
  return null;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/^(?:import|export)\s+(type\s+)?[^;]*?from\s+"(\.[^"]+\.ts)"/gms)].map((match) => ({
    file,
    to: posix.join(posix.dirname(file), match[2] ?? ""),
    typeOnly: Boolean(match[1]),
  }));
}

const files = ["src", "handlers"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => posix.join(folder, name)),
);

test("imports follow the arrows", () => assert.deepEqual(files.flatMap(importsOf).map(crossed).filter(Boolean), []));

test("a bad import is found", () => {
  const bad: [Import, string][] = [
    [
      { file: "src/daemon/x.ts", to: "src/core/types.ts", typeOnly: true },
      "src/daemon/x.ts may not import src/core/types.ts",
    ],
    [{ file: "src/core/x.ts", to: "src/log.ts", typeOnly: false }, "src/core/x.ts may not import src/log.ts"],
    [
      { file: "src/surfaces/x.ts", to: "src/store/store.ts", typeOnly: true },
      "src/surfaces/x.ts may not import src/store/store.ts",
    ],
    [
      { file: "src/engine/x.ts", to: "src/surfaces/slack.ts", typeOnly: false },
      "src/engine/x.ts may import only types of src/surfaces/slack.ts",
    ],
    [
      { file: "src/errors.ts", to: "src/store/store.ts", typeOnly: false },
      "src/errors.ts may not import src/store/store.ts",
    ],
  ];
  for (const [wrong, message] of bad) assert.equal(crossed(wrong), message);
});

test("no two files import each other, however far around", () => {
  const graph = new Map(
    files.map((file) => [
      file,
      importsOf(file)
        .filter((one) => !one.typeOnly)
        .map((one) => one.to),
    ]),
  );
  const done = new Set<string>();
  const rings: string[] = [];
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file)) rings.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (done.has(file) || path.includes(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  assert.deepEqual(rings, []);
});

test("the environment is read in one place on each side", () => {
  const readers = files.filter((file) =>
    /\bprocess\.env\b/.test(readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "")),
  );
  assert.deepEqual(
    readers.filter((file) => file !== "src/config.ts" && file !== "src/daemon/config.ts"),
    [],
  );
});

test("the core has no clock, no chance and nothing to wait for", () => {
  const impure = files.filter(
    (file) =>
      file.startsWith("src/core/") && /Date\.now|Math\.random|\bawait\b|from "node:/.test(readFileSync(file, "utf8")),
  );
  assert.deepEqual(impure, []);
});

test("no file is a drawer", () => {
  const drawers = files.filter((file) => /(^|[/-])(utils?|helpers?|common|manager|service)(\/|\.|-|s\.)/.test(file));
  assert.deepEqual(drawers, []);
});

/** Synonyms of the nine words in README.md. People say `status` to the bot, and GitHub says pull request. */
const SYNONYMS =
  /platform|integration|adapter|conversation|room|request|task|trigger|slug|workspace|chat|container|bridge|runner|execution|status|update/i;
const SAID_BY_OTHERS = /pullRequest|statusText/i;

test("core and engine speak of things by the nine words", () => {
  const names = files
    .filter((file) => /^src\/(core|engine)\//.test(file))
    .flatMap((file) => [...readFileSync(file, "utf8").matchAll(/^export (?:async )?[a-z]+ (\w+)/gm)])
    .map((match) => match[1] ?? "");
  assert.ok(names.includes("decide"));
  assert.deepEqual(
    names.filter((name) => SYNONYMS.test(name) && !SAID_BY_OTHERS.test(name)),
    [],
  );
});

test("files can be read in one sitting", () => {
  const long = files
    .map((file) => [file, readFileSync(file, "utf8").split("\n").length] as const)
    .filter(([, lines]) => lines > 350);
  assert.deepEqual(long, []);
});
