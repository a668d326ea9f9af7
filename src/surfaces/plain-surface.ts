/** The nearest ways of a surface on which nobody attaches files, and people see a pull request elsewhere. */
import { ThreadboxError } from "../errors.ts";
import type { Surface } from "./surface.ts";

export const plainSurface = {
  fetchFile: async () => {
    throw new ThreadboxError("surface.refused", "nothing can be fetched from there");
  },
  isPublic: async () => false,
  card: async () => null,
  resolve: async () => {},
} satisfies Partial<Surface>;
