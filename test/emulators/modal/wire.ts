/** Modal's messages between bytes and objects: types and codecs, both made from the one table in `wire-schema.ts`. */
import protobuf from "protobufjs";
import { MESSAGES, METHODS } from "./wire-schema.ts";

export type MessageName = keyof typeof MESSAGES;

interface Scalars {
  string: string;
  bytes: Uint8Array;
  bool: boolean;
  int32: number;
  uint32: number;
  int64: number;
  uint64: number;
  float: number;
  double: number;
}

type One<K> = K extends keyof Scalars ? Scalars[K] : K extends MessageName ? Message<K> : never;

type Field<F> = F extends `${number} repeated ${infer K}`
  ? One<K>[]
  : F extends `${number} map ${infer K}`
    ? Record<string, One<K>>
    : F extends `${number} optional ${infer K}`
      ? One<K> | undefined
      : F extends `${number} ${infer K}`
        ? K extends keyof Scalars
          ? Scalars[K]
          : One<K> | null
        : never;

/** As it is read: what was not sent has its default. */
export type Message<N extends MessageName> = { [F in keyof (typeof MESSAGES)[N]]: Field<(typeof MESSAGES)[N][F]> };

/** As it is written: everything may be left out. */
export type Draft<N extends MessageName> = DraftOf<Message<N>>;
type DraftOf<T> = T extends Uint8Array
  ? T
  : T extends (infer E)[]
    ? DraftOf<E>[]
    : T extends object
      ? { [K in keyof T]?: DraftOf<T[K]> | undefined }
      : T;

type Services = typeof METHODS;
/** The methods of both services; no name is in both. */
export type Lines = Services["modal.client.ModalClient"] & Services["modal.task_command_router.TaskCommandRouter"];
export type Rpc = keyof Lines;

type Left<L> = L extends `stream ${infer N} -> ${string}` ? N : L extends `${infer N} -> ${string}` ? N : never;
type Right<L> = L extends `${string} -> stream ${infer N}` ? N : L extends `${string} -> ${infer N}` ? N : never;
export type RequestOf<R extends Rpc> = Left<Lines[R]> extends infer N extends MessageName ? Message<N> : never;
export type AnswerOf<R extends Rpc> = Right<Lines[R]> extends infer N extends MessageName ? Draft<N> : never;

export interface Method {
  service: string;
  rpc: Rpc;
  request: MessageName;
  answer: MessageName;
  requestStream: boolean;
  responseStream: boolean;
}

export const methods: readonly Method[] = Object.entries(METHODS).flatMap(([service, lines]) =>
  Object.entries(lines).map(([rpc, line]) => {
    const [left = "", right = ""] = line.split(" -> ");
    const name = (side: string): MessageName => side.replace("stream ", "") as MessageName;
    return {
      service,
      rpc: rpc as Rpc,
      request: name(left),
      answer: name(right),
      requestStream: left.startsWith("stream "),
      responseStream: right.startsWith("stream "),
    };
  }),
);

export interface FieldSpec {
  name: string;
  id: number;
  rule: "one" | "repeated" | "optional" | "map";
  kind: string;
}

export function fieldsOf(message: MessageName): FieldSpec[] {
  return Object.entries<string>(MESSAGES[message]).map(([name, text]) => {
    const [id = "", ...rest] = text.split(" ");
    const rule = rest.length === 2 ? (rest[0] as FieldSpec["rule"]) : "one";
    return { name, id: Number(id), rule, kind: rest.at(-1) ?? "" };
  });
}

const root = protobuf.Root.fromJSON({
  nested: Object.fromEntries((Object.keys(MESSAGES) as MessageName[]).map((name) => [name, typeJson(name)])),
});
root.resolveAll();

/** Explicit presence is a oneof with one member to the library, which then leaves the default out. */
function typeJson(message: MessageName): protobuf.IType {
  const fields = fieldsOf(message);
  const optional = fields.filter((field) => field.rule === "optional");
  return {
    fields: Object.fromEntries(fields.map((field) => [field.name, fieldJson(field)])),
    oneofs: Object.fromEntries(optional.map(({ name }) => [`_${name}`, { oneof: [name] }])),
  };
}

function fieldJson({ id, rule, kind }: FieldSpec): protobuf.IField | protobuf.IMapField {
  if (rule === "map") return { id, type: kind, keyType: "string" } satisfies protobuf.IMapField;
  if (rule === "repeated") return { id, type: kind, rule: "repeated" };
  if (rule === "optional") return { id, type: kind, options: { proto3_optional: true } };
  return { id, type: kind };
}

export function encode<N extends MessageName>(name: N, draft: Draft<N>): Buffer {
  const type = root.lookupType(name);
  return Buffer.from(type.encode(type.fromObject(draft)).finish());
}

export function decode<N extends MessageName>(name: N, bytes: Uint8Array): Message<N> {
  const type = root.lookupType(name);
  const options = { defaults: true, arrays: true, objects: true, longs: Number } as const;
  return type.toObject(type.decode(bytes), options) as Message<N>;
}
