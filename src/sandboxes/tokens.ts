/**
 * Keys of the daemons. The bot signs, the sandbox holds the public half only: nothing that an agent finds there makes a
 * token. Each names one sandbox and lives shortly, so a leaked one is worth little.
 */
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { type Clock, systemClock } from "../clock.ts";

/** The bot's own pair, as it is stored. */
export interface SigningKey {
  privateJwk: JWK;
  /** What `boot` gives to the daemons. */
  publicJwk: JWK;
}

export interface Signer {
  /** May do everything with this one sandbox, for ten minutes. */
  control(sandbox: string): Promise<string>;
  /** May look at it. An hour unless said otherwise; the daemon ends open streams with the token. */
  observer(sandbox: string, ttlMs?: number): Promise<string>;
}

/** Made anew for every request; a stream that outlives its token is resumed with the next one. */
const CONTROL_TTL_MS = 10 * 60_000;
/** For people, who do not come back every ten minutes. */
const OBSERVER_TTL_MS = 60 * 60_000;

export async function newSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  return { privateJwk: await exportJWK(privateKey), publicJwk: await exportJWK(publicKey) };
}

export async function createSigner(privateJwk: JWK, clock: Clock = systemClock): Promise<Signer> {
  const key = await importJWK(privateJwk, "EdDSA");
  const mint = (scope: "control" | "observer", sandbox: string, ttlMs: number) => {
    const seconds = Math.floor(clock.now() / 1000);
    return new SignJWT({ scope })
      .setProtectedHeader({ alg: "EdDSA" })
      .setSubject("threadbox")
      .setAudience(sandbox)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + Math.ceil(ttlMs / 1000))
      .sign(key);
  };
  return {
    control: (sandbox) => mint("control", sandbox, CONTROL_TTL_MS),
    observer: (sandbox, ttlMs = OBSERVER_TTL_MS) => mint("observer", sandbox, ttlMs),
  };
}
