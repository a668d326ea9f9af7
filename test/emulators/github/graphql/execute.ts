/** Executes one operation on objects that know their fields, and answers as GitHub does: what was asked for, and a list of what went wrong. */
import type { Operation, Selection, Value } from "./parse.ts";

/** Fields by name: values, or what gives them for arguments. An unknown name is an error, never null. */
export interface GraphObject {
  __typename: string;
  [field: string]: GraphValue | ((args: Record<string, unknown>) => GraphValue);
}
export type GraphValue = string | number | boolean | null | GraphObject | GraphValue[];

/** Something that a field refuses; the rest of the answer stands. */
export class FieldRefused extends Error {
  readonly type: "FORBIDDEN" | "NOT_FOUND" | "UNPROCESSABLE";

  constructor(type: FieldRefused["type"], message: string) {
    super(message);
    this.type = type;
  }
}

/** The document asks for what is not there: nothing of it is executed. */
export class DocumentRefused extends Error {}

interface GraphError {
  type?: string;
  path: (string | number)[];
  message: string;
}

/** Which types count as which interface. */
export type Interfaces = Record<string, readonly string[]>;

export function execute(
  operation: Operation,
  root: GraphObject,
  { given, interfaces }: { given: Record<string, unknown>; interfaces: Interfaces },
): { data: Record<string, unknown> | null; errors?: GraphError[] } {
  const run = new Run(variablesOf(operation, given), interfaces);
  const data = run.object(root, operation.selections, []);
  return run.errors.length > 0 ? { data, errors: run.errors } : { data };
}

function variablesOf({ variables }: Operation, given: Record<string, unknown>): Map<string, unknown> {
  return new Map(
    variables.map(({ name, required, preset }) => {
      const value = given[name] ?? (preset ? resolved(preset, new Map()) : null);
      if (required && value === null)
        throw new DocumentRefused(`Variable $${name} was provided invalid value: Expected value to not be null`);
      return [name, value];
    }),
  );
}

function resolved(value: Value, variables: ReadonlyMap<string, unknown>): unknown {
  switch (value.is) {
    case "variable":
      if (!variables.has(value.name)) throw new DocumentRefused(`Variable $${value.name} is used but not declared`);
      return variables.get(value.name);
    case "constant":
      return value.value;
    case "list":
      return value.of.map((one) => resolved(one, variables));
    case "object":
      return Object.fromEntries(value.of.map(([name, one]) => [name, resolved(one, variables)]));
    default:
      return value satisfies never;
  }
}

class Run {
  readonly errors: GraphError[] = [];
  readonly #variables: ReadonlyMap<string, unknown>;
  readonly #interfaces: Interfaces;

  constructor(variables: ReadonlyMap<string, unknown>, interfaces: Interfaces) {
    this.#variables = variables;
    this.#interfaces = interfaces;
  }

  object(object: GraphObject, selections: Selection[], path: (string | number)[]): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    for (const selection of selections) {
      if (selection.is === "field") found[selection.as] = this.#field(object, selection, [...path, selection.as]);
      else if (this.#isOf(object, selection.on)) Object.assign(found, this.object(object, selection.selections, path));
    }
    return found;
  }

  #isOf({ __typename: type }: GraphObject, on: string | null): boolean {
    return on === null || on === type || (this.#interfaces[on]?.includes(type) ?? false);
  }

  #field(object: GraphObject, field: Extract<Selection, { is: "field" }>, path: (string | number)[]): unknown {
    const { name, args } = field;
    if (!Object.hasOwn(object, name))
      throw new DocumentRefused(`Field '${name}' doesn't exist on type '${object.__typename}'`);
    const has = object[name];
    try {
      const given = Object.fromEntries(args.map(([arg, value]) => [arg, resolved(value, this.#variables)]));
      return this.#value(typeof has === "function" ? has(given) : (has ?? null), field, path);
    } catch (thrown) {
      if (!(thrown instanceof FieldRefused)) throw thrown;
      this.errors.push({ type: thrown.type, path, message: thrown.message });
      return null;
    }
  }

  #value(value: GraphValue, field: Extract<Selection, { is: "field" }>, path: (string | number)[]): unknown {
    if (Array.isArray(value)) return value.map((one, index) => this.#value(one, field, [...path, index]));
    if (value === null || typeof value !== "object") return value;
    if (field.selections.length === 0)
      throw new DocumentRefused(`Field must have selections (field '${field.name}' returns ${value.__typename})`);
    return this.object(value, field.selections, path);
  }
}
