import type { Command } from "commander";
import { command } from "./command.ts";
export const sayCommand = (): Command => command({ name: "say", summary: "x", examples: [["x","y"]] });
