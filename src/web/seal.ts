/**
 * What the browser carries for us between two pages: encrypted, so that it tells nobody anything; for one purpose, so that a link is no
 * confirmation; and shortly. The key is the bots' own and never leaves the database.
 */
import { EncryptJWT, errors, jwtDecrypt } from "jose";
import type { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Ms } from "../core/types.ts";

export interface Seal {
  close(purpose: string, content: unknown, forMs: Ms): Promise<string>;
  /** Null for whatever is not ours, is for something else, or is too old. */
  open<S extends z.ZodType>(purpose: string, sealed: string, schema: S): Promise<z.output<S> | null>;
}

/** 256 bits, as the cipher below wants it. */
export function createSeal(key: Uint8Array, clock: Pick<Clock, "now">): Seal {
  return {
    close(purpose, content, forMs) {
      const seconds = Math.floor(clock.now() / 1000);
      return new EncryptJWT({ content })
        .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
        .setAudience(purpose)
        .setExpirationTime(seconds + Math.ceil(forMs / 1000))
        .encrypt(key);
    },
    async open(purpose, sealed, schema) {
      try {
        const expected = { audience: purpose, currentDate: new Date(clock.now()), requiredClaims: ["exp"] };
        const algorithms = { keyManagementAlgorithms: ["dir"], contentEncryptionAlgorithms: ["A256GCM"] };
        const { payload } = await jwtDecrypt(sealed, key, { ...expected, ...algorithms });
        return schema.parse(payload.content);
      } catch (thrown) {
        if (thrown instanceof errors.JOSEError) return null;
        throw thrown;
      }
    },
  };
}
