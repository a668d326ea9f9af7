/** What threadbox.yml says of GitHub: numbers, an empty list is nobody, and a list that is none does not start. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ThreadboxError } from "../src/errors.ts";
import { readTeamSettings } from "../src/repositories.ts";

const folder = mkdtempSync(join(tmpdir(), "threadbox-github-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function read(yaml: string) {
  const path = join(folder, "threadbox.yml");
  writeFileSync(path, yaml);
  return readTeamSettings(path);
}

test("what is left out is open, and what is empty is closed", () => {
  assert.deepEqual(read("").github, {});
  assert.deepEqual(read("github: {organisations: [], people: [], bots: [], apps: []}").github, {
    ...{ organisations: [], people: [], bots: [], apps: [] },
  });
});

test("a repository may have people and an assignee of its own", () => {
  const { people, assignees, labels } = read(
    'repositories:\n  - {name: acme/api, people: ["1"], assignee: coder}\n  - {name: acme/web, people: []}\n  - {name: acme/doc}\n',
  );
  assert.deepEqual([people, assignees, labels], [{ "acme/api": ["1"], "acme/web": [] }, { "acme/api": "coder" }, {}]);
});

describe("does not start", () => {
  const rows: [name: string, yaml: string, says: RegExp][] = [
    ["with nothing behind the colon", "github:\n  people:\n", /github\.people: has to be a list/],
    ["with one person and no list", 'github: {people: "583231"}', /github\.people: has to be a list/],
    ["with a login", "github: {people: [alice]}", /github\.people\.0: has to be the number of the account on GitHub/],
    ["with a number that YAML makes a number", "github: {people: [583231]}", /github\.people\.0: has to be text/],
    ["with the name of an organisation", "github: {organisations: [acme]}", /number of the organisation or account/],
    ["with a word for everybody", 'github: {organisations: "*"}', /github\.organisations: has to be a list/],
    ["with the name of an App", "github: {apps: [linear]}", /number of the App/],
    ["with another spelling", "github: {organizations: []}", /nothing is called organizations here/],
    [
      "with a login in a repository's list",
      "repositories: [{name: a/b, people: [alice]}]",
      /repositories\.0\.people\.0/,
    ],
    [
      "with a path for an address",
      "repositories: [{name: a/b, url: /srv/b.git}]",
      /repositories\.0\.url: is no git URL/,
    ],
    ["with an empty assignee", 'repositories: [{name: a/b, assignee: ""}]', /repositories\.0\.assignee/],
  ];
  for (const [name, yaml, says] of rows)
    test(name, () =>
      assert.throws(
        () => read(yaml),
        (thrown) => thrown instanceof ThreadboxError && thrown.code === "config.invalid" && says.test(thrown.detail),
      ),
    );
});
