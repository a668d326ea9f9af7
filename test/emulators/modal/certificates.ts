/** A certificate authority for tunnels on the loopback, one for the whole process, which this process then trusts. */
import { randomBytes } from "node:crypto";
import tls from "node:tls";
import { generate } from "selfsigned";

export interface Certificates {
  /** The authority, for who has to be told to trust it. */
  ca: string;
  key: string;
  cert: string;
}

let made: Promise<Certificates> | undefined;

/** Makes them once. From then on `fetch` and `node:https` of this process trust them, beside everything they trusted before. */
export function certificates(): Promise<Certificates> {
  made ??= make();
  return made;
}

async function make(): Promise<Certificates> {
  // A process that trusts two of them tells them apart by their names.
  const name = `Emulated Modal ${randomBytes(4).toString("hex")}`;
  const authority = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const leaf = await generate([{ name: "commonName", value: "127.0.0.1" }], {
    keyType: "ec",
    algorithm: "sha256",
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 7, ip: "127.0.0.1" },
          { type: 2, value: "localhost" },
        ],
      },
    ],
  });
  tls.setDefaultCACertificates([...tls.getCACertificates(), authority.cert]);
  return { ca: authority.cert, key: leaf.private, cert: leaf.cert };
}
