/** What every command begins with: the checked variables, and a log that leaves the terminal to the command's own words. */
import { type Config, environment, readConfig } from "../config.ts";
import { createLog, type Log } from "../log.ts";

/** `logLevel` is the one where LOG_LEVEL says nothing. */
export function readSettings(logLevel = "warn"): { config: Config; log: Log } {
  const variables = environment();
  const config = readConfig({ ...variables, LOG_LEVEL: variables.LOG_LEVEL || logLevel });
  return { config, log: createLog(config.logLevel) };
}
