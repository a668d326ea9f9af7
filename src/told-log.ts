/** The log as a listener: one wide line for each happening, found by any of its ids. */

import type { Happening, Tell } from "./engine/happenings.ts";
import type { Log } from "./log.ts";

export const toLog =
  (log: Log): Tell =>
  (happening) => {
    const { level, fields } = lineOf(happening);
    log[level](fields, happening.type);
  };

export interface Line {
  level: "info" | "warn" | "error";
  fields: object;
}

/** What is not known is left out, and time is the log's own. */
export function lineOf(happening: Happening): Line {
  const { type, at: _at, ...rest } = happening;
  switch (happening.type) {
    case "inbound.handled": {
      const { type: _type, at: _when, receipt, ...fields } = happening;
      return line("info", { ...fields, ...receipt });
    }
    case "effect.done":
      return line("info", { ...rest, outcome: "done" });
    case "effect.failed":
      return line("warn", causeNamed(rest));
    case "holder.failed":
      return line("error", causeNamed(rest));
    default:
      return line("info", rest);
  }
}

/** pino writes an error out, with its stack, under this name alone. */
function causeNamed({ cause, ...fields }: object & { cause?: unknown }): object {
  return { ...fields, err: cause };
}

const line = (level: Line["level"], fields: object): Line => ({
  level,
  fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined)),
});
