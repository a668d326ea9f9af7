/**
 * Secrets of others in our database: sealed, so that a copy of the database is not a copy of them. Each is bound to the row that it stands
 * in, so that one moved into another row does not open, and names the key that it was sealed with, so that keys can be changed.
 */
import { hkdfSync } from "node:crypto";
import { CompactEncrypt, type CompactJWEHeaderParameters, calculateJwkThumbprint, compactDecrypt } from "jose";
import { ThreadboxError } from "./errors.ts";

/** Where a secret stands. It opens there, and nowhere else. */
export interface SealedPlace {
  /** What it is for: `slack-installation`. */
  purpose: string;
  row: string;
}

export interface Opened {
  text: string;
  /** It was sealed with an older key: seal it again. */
  isOld: boolean;
}

export interface Sealer {
  seal(text: string, place: SealedPlace): Promise<string>;
  /** Throws `secret.unreadable`. */
  open(sealed: string, place: SealedPlace): Promise<Opened>;
  /** A secret of its own for a purpose, the same for every bot that has the key: 256 bits in base64url. */
  derive(purpose: string): string;
}

/** The first key seals, all of them open. Each has 32 bytes. */
export function createSealer(keys: readonly Uint8Array[]): Sealer {
  const [newest] = keys;
  if (!newest) throw new ThreadboxError("config.invalid", "Nothing can be sealed without THREADBOX_SECRET_KEYS");
  const named = Promise.all(keys.map(async (key) => ({ key, kid: await nameOf(key) })));
  return {
    async seal(text, { purpose, row }) {
      const header = { alg: ALGORITHM, enc: ENCRYPTION, kid: await nameOf(newest), purpose, row };
      return new CompactEncrypt(new TextEncoder().encode(text)).setProtectedHeader(header).encrypt(newest);
    },

    async open(sealed, place) {
      const all = await named;
      const keyOf = ({ kid }: CompactJWEHeaderParameters): Uint8Array => {
        const found = all.find((one) => one.kid === kid);
        if (!found) throw unreadable("it was sealed with another key");
        return found.key;
      };
      const only = { keyManagementAlgorithms: [ALGORITHM], contentEncryptionAlgorithms: [ENCRYPTION] };
      const { plaintext, protectedHeader } = await compactDecrypt(sealed, keyOf, only).catch((thrown: unknown) => {
        throw thrown instanceof ThreadboxError ? thrown : unreadable("it was changed", thrown);
      });
      // The header is part of what was sealed: nobody without a key can write another row into it.
      const isInPlace = protectedHeader.purpose === place.purpose && protectedHeader.row === place.row;
      if (!isInPlace) throw unreadable("it belongs elsewhere");
      return { text: new TextDecoder().decode(plaintext), isOld: protectedHeader.kid !== all[0]?.kid };
    },

    derive: (purpose) => Buffer.from(hkdfSync("sha256", newest, "", `threadbox ${purpose}`, 32)).toString("base64url"),
  };
}

/** The key itself encrypts: it is as random as one made for each secret would be. */
const ALGORITHM = "dir";
const ENCRYPTION = "A256GCM";

/** RFC 7638. It tells nothing of a key that has 256 random bits. */
const nameOf = (key: Uint8Array): Promise<string> =>
  calculateJwkThumbprint({ kty: "oct", k: Buffer.from(key).toString("base64url") });

const unreadable = (why: string, cause?: unknown): ThreadboxError =>
  new ThreadboxError("secret.unreadable", `A stored secret cannot be opened: ${why}`, { cause });
