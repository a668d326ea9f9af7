/**
 * The emulated Modal speaks the wire of the SDK that is installed: every field and method of our part of the schema is compared
 * with what its bundle encodes. An SDK that moves something fails here, by name. Fields that only the SDK knows are not looked at.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { before, describe, test } from "node:test";
import { ModalClient } from "modal";
import { CREATE } from "./modal/account-methods.ts";
import { DEVNULL, STDERR } from "./modal/router-methods.ts";
import { NETWORK, STATUS } from "./modal/sandbox.ts";
import { H2 } from "./modal/tunnels.ts";
import { type FieldSpec, fieldsOf, type MessageName, type Method, methods } from "./modal/wire.ts";
import { MESSAGES } from "./modal/wire-schema.ts";

let bundle = "";

before(() => {
  const { resolve } = createRequire(import.meta.url);
  bundle = readFileSync(resolve("modal"), "utf8");
});

test("the SDK is the one that was looked at", () => {
  // Another package goes by the same name with a higher number; this is Modal Labs'.
  assert.equal(new ModalClient({ tokenId: "ak-none", tokenSecret: "as-none" }).version(), "0.11.1");
});

describe("the emulated part of the schema", () => {
  test("has the numbers, kinds and names of the SDK's fields", () => {
    const names = Object.keys(MESSAGES) as MessageName[];
    assert.deepEqual(
      names.flatMap((name) => differences(name, fieldsOf(name), encodedFields(name))),
      [],
    );
  });

  test("has the SDK's methods with their messages", () => {
    const wrong = methods.filter((method) => !definitionOf(method));
    assert.deepEqual(
      wrong.map((method) => method.rpc),
      [],
    );
  });

  const values: [name: string, ours: number][] = [
    ["GENERIC_STATUS_SUCCESS", STATUS.success],
    ["GENERIC_STATUS_FAILURE", STATUS.failure],
    ["GENERIC_STATUS_TERMINATED", STATUS.terminated],
    ["GENERIC_STATUS_TIMEOUT", STATUS.timeout],
    ["GENERIC_STATUS_IDLE_TIMEOUT", STATUS.idle],
    ["OBJECT_CREATION_TYPE_CREATE_IF_MISSING", CREATE.ifMissing],
    ["OBJECT_CREATION_TYPE_EPHEMERAL", CREATE.ephemeral],
    ["BLOCKED", NETWORK.blocked],
    ["ALLOWLIST", NETWORK.allowlist],
    ["TASK_EXEC_STDOUT_CONFIG_DEVNULL", DEVNULL],
    ["TASK_EXEC_STDERR_CONFIG_DEVNULL", DEVNULL],
    ["TASK_EXEC_STDIO_FILE_DESCRIPTOR_STDERR", STDERR],
    ["SANDBOX_STDIO_FILE_DESCRIPTOR_STDERR", STDERR],
    ["TUNNEL_TYPE_H2", H2],
  ];
  for (const [name, ours] of values)
    test(`means the same by ${name}`, () => {
      assert.ok(bundle.includes(`case "${name}":\n      return ${ours} /* ${name} */;`));
    });

  test("is told apart when a number, a kind or a name moves", () => {
    const field: FieldSpec = { name: "sandboxId", id: 1, rule: "one", kind: "string" };
    const moved: FieldSpec[] = [
      { ...field, id: 2 },
      { ...field, kind: "bytes" },
      { ...field, rule: "repeated" },
      { ...field, name: "id" },
    ];
    for (const theirs of moved) assert.equal(differences("SandboxTagsGetRequest", [field], [theirs]).length, 1);
    assert.deepEqual(differences("SandboxTagsGetRequest", [field], [field, ...moved]), []);
  });
});

function differences(message: string, ours: FieldSpec[], theirs: FieldSpec[] | null): string[] {
  if (!theirs) return [`${message} is not in the SDK`];
  const known = new Set(theirs.map(said));
  return ours.filter((field) => !known.has(said(field))).map((field) => `${message}: ${said(field)} is not in the SDK`);
}

const said = ({ name, id, rule, kind }: FieldSpec): string => `${id} ${rule} ${kind} ${name}`;

/** The fields of a message as the SDK writes them: it is compiled to one statement for each, with the tag as a number. */
function encodedFields(message: string): FieldSpec[] | null {
  const start = bundle.indexOf(`\nvar ${message} = {\n  encode(`);
  if (start < 0) return null;
  const body = bundle.slice(start, bundle.indexOf("\n  decode(", start)).replace(/\s+/g, " ");
  return body.split(/(?=if \(message\.|for \(const v of message\.|Object\.entries\(message\.)/).flatMap(encodedField);
}

function encodedField(statement: string): FieldSpec[] {
  const name = /^[^)]*?\bmessage\.(\w+)/.exec(statement)?.[1];
  const tag = /writer\.uint32\((\d+)\)/.exec(statement)?.[1];
  if (!name || !tag) return [];
  const scalar = /writer\.uint32\(\d+\)\.(\w+)\((?:message\.|v\))/.exec(statement)?.[1];
  const nested = /(\w+)\.encode\(/.exec(statement)?.[1] ?? "";
  const found = { name, id: Number(tag) >>> 3 };
  if (statement.startsWith("Object.entries")) {
    const value = encodedFields(nested)?.find((field) => field.name === "value");
    return [{ ...found, rule: "map", kind: value?.kind ?? "" }];
  }
  if (statement.startsWith("for")) return [{ ...found, rule: "repeated", kind: scalar ?? nested }];
  if (scalar && /!== void 0/.test(statement)) return [{ ...found, rule: "optional", kind: scalar }];
  return [{ ...found, rule: "one", kind: scalar ?? nested }];
}

function definitionOf({ service, rpc, request, answer, requestStream, responseStream }: Method): boolean {
  const from = bundle.indexOf(`fullName: "${service}"`);
  const lines = [
    `name: "${rpc}",`,
    `requestType: ${request},`,
    `requestStream: ${requestStream},`,
    `responseType: ${answer},`,
    `responseStream: ${responseStream},`,
  ];
  return from > 0 && bundle.slice(from).replace(/\s+/g, " ").includes(lines.join(" "));
}
