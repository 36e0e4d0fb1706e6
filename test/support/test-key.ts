// Idempotency keys by names: the same key for the same name, in the form that is taken. Its time is
// 1970 unless said otherwise, so it is no key that a client would make, and not ahead of anything.

export function testKey(name: string, atMs = 0): string {
  const time = atMs.toString(16).padStart(12, '0');
  const digits = hash(name, 0x811c9dc5) + hash(name, 0x01234567) + hash(name, 0x5bd1e995);
  const variant = (8 + (Number.parseInt(digits.slice(3, 4), 16) & 3)).toString(16);
  const end = `${variant}${digits.slice(4, 7)}-${digits.slice(7, 19)}`;
  return `${time.slice(0, 8)}-${time.slice(8)}-7${digits.slice(0, 3)}-${end}`;
}

function hash(name: string, seed: number): string {
  let value = seed;
  for (let at = 0; at < name.length; at++) {
    value = Math.imul(value ^ name.charCodeAt(at), 0x01000193);
    value ^= value >>> 15;
  }
  return (Math.imul(value, 0x85ebca6b) >>> 0).toString(16).padStart(8, '0');
}
