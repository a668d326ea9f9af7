/** One wide line per thing that happened: JSON, bound ids, secrets blanked by the name of their field. */
import { type DestinationStream, type Logger, pino } from "pino";

export type Log = Logger;

/** Field names whose values never reach a log, at any of the depths that our lines have. */
const SECRET_FIELDS = [
  "token",
  "password",
  "secret",
  "authorization",
  "privateKey",
  "apiKey",
  "anthropicApiKey",
  "openaiApiKey",
  "jwt",
  "credentials",
];

/** `level` is pino's (`debug`, `info`, `warn`, `error`, `silent`). Lines go to stderr so that stdout belongs to the answer of a command. */
export function createLog(
  level: string,
  destination: DestinationStream = pino.destination({ dest: 2, sync: true }),
): Log {
  const paths = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);
  return pino(
    { level, base: null, redact: { paths, censor: "[secret]" }, formatters: { level: (label) => ({ level: label }) } },
    destination,
  );
}
