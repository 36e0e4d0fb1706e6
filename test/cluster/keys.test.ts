// The names of a realm in Redis. On a Redis Cluster a slot is the CRC16 of what stands in braces.

import { describe, expect, it } from 'vitest';
import { realmKeys } from '../../src/cluster/keys.ts';

/** CRC16 as Redis Cluster has it: XMODEM, polynomial 0x1021, beginning with 0. */
function crc16(text: string): number {
  let crc = 0;
  for (const byte of Buffer.from(text)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    crc &= 0xffff;
  }
  return crc;
}

/** The slot of a key: of its hash tag when it has one that is not empty. */
function slotOf(key: string): number {
  const tag = /\{([^}]+)\}/.exec(key)?.[1];
  return crc16(tag ?? key) % 16_384;
}

const ONE = '0'.repeat(32);
const OTHER = 'f'.repeat(32);

const namesOf = (realm: string, identity = ONE) => {
  const { node, ...names } = realmKeys(realm, identity);
  return [...Object.values(names), node('gateway-1-0a0b0c0d'), node('{odd}')];
};

describe('the keys of a realm', () => {
  it('are computed by the slots that Redis documents', () => {
    expect(crc16('123456789')).toBe(0x31c3);
    expect([slotOf('foo'), slotOf('{foo}:bar')]).toEqual([12_182, 12_182]);
  });

  it.each(['main', 'a', 'season_2', 'x'.repeat(41)])('of "%s" lie in one slot', realm => {
    const slots = new Set(namesOf(realm).map(slotOf));
    expect([...slots]).toEqual([crc16(`${realm}:${ONE}`) % 16_384]);
  });

  it('are all different, and shared with no other realm', () => {
    const names = [...namesOf('main'), ...namesOf('main2')];
    expect(new Set(names).size).toBe(names.length);
  });

  it('are others than those of a realm of the same name on another database', () => {
    const names = [...namesOf('main', ONE), ...namesOf('main', OTHER)];
    expect(new Set(names).size).toBe(names.length);
  });
});
