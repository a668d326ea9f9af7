/** A log that nobody reads; `DEBUG_TESTS=1` shows it. */
import { createLog } from "../src/log.ts";

export const quiet = createLog(process.env.DEBUG_TESTS ? "debug" : "silent");
