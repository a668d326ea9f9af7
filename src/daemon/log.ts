/**
 * One JSON line per thing that happened, on stderr: the sandbox keeps it as the daemon's log file.
 * A few lines of our own because the bundle is copied into every sandbox, and a logging library would be a third of it.
 */

type Fields = Record<string, unknown>;

export interface DaemonLog {
  info(what: string, fields?: Fields): void;
  warn(what: string, fields?: Fields): void;
  error(what: string, fields?: Fields): void;
}

export type LogSink = (line: string) => void;

/** `blank` takes known secrets out of the finished line, whatever field they came in by. */
export function createDaemonLog(
  sink: LogSink = (line) => process.stderr.write(line),
  blank: (text: string) => string = (text) => text,
): DaemonLog {
  const write =
    (level: string) =>
    (what: string, fields: Fields = {}) =>
      sink(`${blank(JSON.stringify({ level, at: new Date().toISOString(), what, ...fields }, readable))}\n`);
  return { info: write("info"), warn: write("warn"), error: write("error") };
}

/** An Error has no own enumerable fields: without this a log line would say `{}` just where it matters. */
function readable(_key: string, value: unknown): unknown {
  return value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value;
}
