/**
 * Reads a GraphQL document, of the language what clients send here: one operation with variables, arguments, aliases and inline fragments
 * (https://spec.graphql.org/October2021/#sec-Language). Named fragments, directives and block strings are refused by name, not passed over.
 */

export interface Operation {
  is: "query" | "mutation";
  variables: { name: string; required: boolean; preset: Value | null }[];
  selections: Selection[];
}

export type Selection =
  | { is: "field"; name: string; as: string; args: [string, Value][]; selections: Selection[] }
  | { is: "fragment"; on: string | null; selections: Selection[] };

export type Value =
  | { is: "variable"; name: string }
  | { is: "constant"; value: unknown }
  | { is: "list"; of: Value[] }
  | { is: "object"; of: [string, Value][] };

export class SyntaxProblem extends Error {}

const TOKEN =
  /[\s,\ufeff]+|#[^\n]*|(\.\.\.|[!$():=@[\]{|}&]|[_A-Za-z]\w*|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|"(?:[^"\\\n]|\\.)*")|([\s\S])/g;

export function parseOperation(source: string): Operation {
  const tokens = [...source.matchAll(TOKEN)].flatMap(([, token, unknown]) => {
    if (unknown !== undefined) throw new SyntaxProblem(`Unexpected character: ${JSON.stringify(unknown)}`);
    return token === undefined ? [] : [token];
  });
  const reader = new Reader(tokens);
  const operation = reader.operation();
  reader.end();
  return operation;
}

const isName = (token: string | undefined): token is string => token !== undefined && /^[_A-Za-z]/.test(token);

class Reader {
  readonly #tokens: string[];
  #at = 0;

  constructor(tokens: string[]) {
    this.#tokens = tokens;
  }

  operation(): Operation {
    if (this.#peek() === "{") return { is: "query", variables: [], selections: this.#selections() };
    const is = this.#next();
    if (is !== "query" && is !== "mutation") throw new SyntaxProblem(`Expected an operation, got ${is}`);
    if (isName(this.#peek())) this.#next();
    const variables = this.#peek() === "(" ? this.#all("(", ")", () => this.#variable()) : [];
    return { is, variables, selections: this.#selections() };
  }

  end(): void {
    if (this.#peek() !== undefined) throw new SyntaxProblem(`One operation is emulated; then came ${this.#peek()}`);
  }

  #variable(): Operation["variables"][number] {
    this.#take("$");
    const name = this.#name();
    this.#take(":");
    const required = this.#type();
    const preset = this.#skip("=") ? this.#value() : null;
    return { name, required, preset };
  }

  /** Whether it has to be given. */
  #type(): boolean {
    if (this.#peek() === "[") {
      this.#take("[");
      this.#type();
      this.#take("]");
    } else this.#name();
    return this.#skip("!");
  }

  #selections(): Selection[] {
    return this.#all("{", "}", () => (this.#peek() === "..." ? this.#fragment() : this.#field()));
  }

  #fragment(): Selection {
    this.#take("...");
    const isTyped = this.#peek() === "on";
    if (!isTyped && this.#peek() !== "{") throw new SyntaxProblem("Named fragments are not emulated");
    if (isTyped) this.#take("on");
    const on = isTyped ? this.#name() : null;
    return { is: "fragment", on, selections: this.#selections() };
  }

  #field(): Selection {
    const first = this.#name();
    const name = this.#skip(":") ? this.#name() : first;
    const args = this.#peek() === "(" ? this.#all("(", ")", () => this.#pair()) : [];
    if (this.#peek() === "@") throw new SyntaxProblem("Directives are not emulated");
    return { is: "field", name, as: first, args, selections: this.#peek() === "{" ? this.#selections() : [] };
  }

  #pair(): [string, Value] {
    const name = this.#name();
    this.#take(":");
    return [name, this.#value()];
  }

  #value(): Value {
    const token = this.#peek();
    if (token === "[") return { is: "list", of: this.#all("[", "]", () => this.#value()) };
    if (token === "{") return { is: "object", of: this.#all("{", "}", () => this.#pair()) };
    const taken = this.#next();
    if (taken === "$") return { is: "variable", name: this.#name() };
    if (taken.startsWith('"') || /^-?\d/.test(taken) || ["true", "false", "null"].includes(taken))
      return { is: "constant", value: JSON.parse(taken) };
    // A member of an enum.
    if (isName(taken)) return { is: "constant", value: taken };
    throw new SyntaxProblem(`Expected a value, got ${taken}`);
  }

  #all<T>(open: string, close: string, one: () => T): T[] {
    this.#take(open);
    const all: T[] = [];
    while (this.#peek() !== close) all.push(one());
    this.#take(close);
    return all;
  }

  #name(): string {
    const token = this.#next();
    if (!isName(token)) throw new SyntaxProblem(`Expected a name, got ${token}`);
    return token;
  }

  #take(wanted: string): void {
    const token = this.#next();
    if (token !== wanted) throw new SyntaxProblem(`Expected ${wanted}, got ${token}`);
  }

  #skip(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }

  #next(): string {
    const token = this.#peek();
    if (token === undefined) throw new SyntaxProblem("Unexpected end of document");
    this.#at++;
    return token;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }
}
