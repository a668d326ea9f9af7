/** Reads a body that may be too large without ever holding more than is allowed. */

/** The bytes as text, or null when there are more of them than `maxBytes`. */
export async function readCapped(request: Request, maxBytes: number): Promise<string | null> {
  if (Number(request.headers.get("content-length")) > maxBytes) {
    await request.body?.cancel();
    return null;
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // A sender need not tell the length, nor tell the truth about it. Leaving the loop cancels the rest.
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return null;
    chunks.push(chunk);
  }
  // Not a TextDecoder: that would drop a byte order mark, and the signature is over every byte.
  return Buffer.concat(chunks).toString("utf8");
}
