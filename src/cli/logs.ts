import type { Command } from "commander";
import { command } from "./command.ts";
export const logsCommand = (): Command => command({ name: "logs", summary: "x", examples: [["x","y"]] });
