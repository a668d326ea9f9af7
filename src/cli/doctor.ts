import type { Command } from "commander";
import { command } from "./command.ts";
export const doctorCommand = (): Command => command({ name: "doctor", summary: "x", examples: [["x", "y"]] });
