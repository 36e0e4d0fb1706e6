// The digest that tells a repeated command from a reused key. It is canonical: validated payloads
// have their fields in schema order, and free-form fields (attributes) are put in order here, so
// neither the order of fields nor the encoding of integers on the wire makes a difference.
// Not cryptographic: a player who forges a collision only gets the first answer of his own key.

/** A 53-bit digest of a command and its validated payload; never 0. */
export function requestDigest(command: string, payload: object): number {
  const digest = hash53(`${command}\n${canonical(payload)}`);
  return digest === 0 ? 1 : digest;
}

/** JSON of a payload with the keys of every object inside it sorted. */
function canonical(payload: object): string {
  for (const name in payload) {
    const field = (payload as Record<string, unknown>)[name];
    if (typeof field === 'object' && field !== null) return JSON.stringify(sorted(payload));
  }
  return JSON.stringify(payload);
}

function sorted(payload: object): object {
  return Object.fromEntries(Object.entries(payload).map(([name, field]) => [name, inOrder(field)]));
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inOrder);
  const names = Object.keys(value).sort();
  return names.map(name => [name, inOrder((value as Record<string, unknown>)[name])]);
}

/** cyrb53, a public-domain hash by bryc: two 32-bit multiplicative lanes, mixed at the end. */
function hash53(text: string): number {
  let a = 0xdead_beef;
  let b = 0x41c6_ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x9e37_79b1);
    b = Math.imul(b ^ unit, 0x5f35_6495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85eb_ca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2_ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85eb_ca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2_ae35);
  return 0x1_0000_0000 * (b & 0x1f_ffff) + (a >>> 0);
}
