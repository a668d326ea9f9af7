/** The table of settings in docs/modal.md, held to what `threadbox.yml` is checked with. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { File } from "../../src/repositories.ts";
import { ofRepository } from "../../src/team-sandbox-sections.ts";
import { toSandboxSettings } from "../../src/team-sandboxes.ts";
import { rowsUnder, textOf, ticked } from "../documents.ts";
import { editorSchema } from "../schema.ts";

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  required?: string[];
}

const { properties: { image = {}, modal = {}, repositories = {} } = {} }: Schema = editorSchema();

/** `modal.network.block`, `repositories[].volumes[].name`: what has a value, and is no group of others. */
function settings(schema: Schema, path: string): { path: string; required: boolean }[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const inside = property.items?.properties ? property.items : property;
    const own = `${path}.${name}${inside === property ? "" : "[]"}`;
    const required = schema.required?.includes(name) ?? false;
    return inside.properties ? settings(inside, own) : [{ path: own, required }];
  });
}

const ofSandboxes = new RegExp(`^repositories\\[\\]\\.(?:${Object.keys(ofRepository).join("|")})\\b`);
const known = [
  ...settings(image, "image"),
  ...settings(modal, "modal"),
  ...settings(repositories.items ?? {}, "repositories[]").filter(({ path }) => ofSandboxes.test(path)),
];
const rows = rowsUnder("setting", textOf("docs/modal.md")).map(([path = "", leftOut = ""]) => ({
  path: ticked(path)[0] ?? "",
  leftOut,
}));

describe("the table of settings for sandboxes", () => {
  test("has every one of them, and no other", () => {
    assert.deepEqual(
      rows.map(({ path }) => path),
      known.map(({ path }) => path),
    );
  });

  test("says which have to be there", () => {
    assert.deepEqual(
      rows.filter(({ leftOut }) => leftOut === "has to be there").map(({ path }) => path),
      known.filter(({ required }) => required).map(({ path }) => path),
    );
  });

  test("has the defaults that the code has: writing them down changes nothing", () => {
    const volume = { name: "cache", path: "/data" };
    const bucket = { bucket: "fixtures", path: "/fixtures" };
    const plain = {
      image: {},
      modal: {},
      repositories: [{ name: "a/b", warm: 0, volumes: [volume], buckets: [bucket] }],
    };
    const written = structuredClone(plain);
    const defaults = rows.flatMap(({ path, leftOut }) => {
      const [value] = /^`[^`]+`$/.test(leftOut) ? ticked(leftOut) : [];
      return value === undefined ? [] : [{ steps: path.replaceAll("[]", ".0").split("."), value: parse(value) }];
    });
    for (const { steps, value } of defaults) set(written, steps, value);
    assert.equal(defaults.length, 15);
    const read = (file: unknown) => toSandboxSettings(File.parse(file));
    assert.deepEqual(read(written), read(plain));
  });
});

function set(into: object, [first = "", ...rest]: string[], value: unknown): void {
  if (rest.length === 0) Object.assign(into, { [first]: value });
  else {
    if (!Object.hasOwn(into, first)) Object.assign(into, { [first]: {} });
    set(Object.entries(into).find(([name]) => name === first)?.[1], rest, value);
  }
}
