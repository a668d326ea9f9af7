/**
 * Who may import whom. The architecture test holds the code to it, the drift test the picture in README.md: change all three or none.
 */
export const MAY_IMPORT: Record<string, string[]> = {
  "src/wire": [],
  "src/core": ["src/wire"],
  "src/store": ["src/core", "src/wire"],
  "src/surfaces": ["src/core", "src/wire"],
  "src/sandboxes": ["src/core", "src/wire"],
  "src/engine": ["src/core", "src/wire", "src/store", "src/surfaces", "src/sandboxes"],
  "src/daemon": ["src/wire"],
  "src/web": ["src/core", "src/wire", "src/engine"],
  // Each command is a small composition root of its own, and puts together what it needs.
  "src/cli": ["src/core", "src/wire", "src/engine", "src/store", "src/surfaces", "src/sandboxes"],
  handlers: ["src/core", "src/engine", "src/surfaces"],
};

/** The engine knows the ports of the others by their types only; the implementations reach it from main.ts. */
export const TYPES_ONLY = new Set(["src/surfaces", "src/sandboxes", "src/store"]);
