import type { Command } from "commander";
import { command } from "./command.ts";
export const sessionsCommand = (): Command => command({ name: "sessions", summary: "x", examples: [["x","y"]] });
