/** The tunnels of an emulated Modal have certificates of an authority that nobody knows; a process that goes through them has to. */
import { readFileSync } from "node:fs";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

/** From now on this process trusts it, beside everything that it trusted before. */
export function trust(caFile: string): void {
  setDefaultCACertificates([...getCACertificates(), readFileSync(caFile, "utf8")]);
}
