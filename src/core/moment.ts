/** A moment for readers of whom nobody knows where they live. It has its day: questions may wait over night, links lead to what is old. */
import type { Ms } from "./types.ts";

export const utcMoment = (at: Ms): string => `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
