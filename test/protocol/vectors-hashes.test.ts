// The golden hashes of tables and manifests in protocol/vectors/hashes.json: their bytes against a
// second MessagePack implementation, their SHA-256 against that of Node.
// `VECTORS=write npx vitest run test/protocol/vectors` writes them anew.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import * as other from '@msgpack/msgpack';
import { describe, expect, it } from 'vitest';
import { manifestView, windowView } from '../../protocol/direct.ts';
import { manifestHash, tableBytes, tableHash, valueHash } from '../../protocol/window-hash.ts';
import { manifest, openHash, openWindow } from '../support/golden-direct.ts';
import { goldenTables } from '../support/golden-hashes.ts';
import { goldenManifests } from '../support/golden-manifests.ts';
import { bytesOf, hexOf } from '../support/hex.ts';

const file = new URL('../../protocol/vectors/hashes.json', import.meta.url);

function hashed(of: 'table' | 'manifest') {
  return ({ name, meaning, shown, value }: (typeof goldenTables | typeof goldenManifests)[0]) => {
    const bytes = other.encode(value);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { name, meaning, of, shown, value, hex: hexOf(bytes), sha256 };
  };
}

const rows = [...goldenTables.map(hashed('table')), ...goldenManifests.map(hashed('manifest'))];
const text = `[\n${rows.map(row => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`;
if (process.env.VECTORS === 'write') writeFileSync(file, text);

describe('protocol/vectors/hashes.json', () => {
  it('has the bytes and hashes of this version', () => {
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('has unique names and hashes', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    expect(new Set(rows.map(({ sha256 }) => sha256)).size).toBe(rows.length);
  });

  it.each(rows)('has bytes that a second implementation reads back: $name', row => {
    expect(other.decode(bytesOf(row.hex))).toEqual(row.value);
  });
});

describe('the hash of a table', () => {
  it.each(goldenTables)('is over the bytes that the vectors show: $name', ({ shown, value }) => {
    const { window, revision, sides } = shown;
    const bytes = tableBytes(window, revision, sides);
    expect(hexOf(bytes)).toBe(hexOf(other.encode(value)));
    const expected = createHash('sha256').update(bytes).digest('hex');
    expect(tableHash(window, revision, sides)).toBe(expected);
  });

  it.each(goldenTables)('does not depend on the order of the lines: $name', ({ shown }) => {
    const { window, revision, sides } = shown;
    const [first, second] = sides.map(({ player, assets }) => {
      return { player, assets: [...assets].reverse() };
    }) as unknown as typeof sides;
    const expected = tableHash(window, revision, sides);
    expect(tableHash(window, revision, [first, second])).toBe(expected);
  });

  it('is the one that the golden windows.accept carries', () => {
    expect(windowView.parse(openWindow)).toEqual(openWindow);
    expect(rows[0]?.sha256).toBe(openHash);
  });

  it('changes with the window, the revision, the order of the players, and every line', () => {
    const { window, revision, sides } = openWindow;
    const [alice, bob] = sides;
    const less = { ...alice, assets: alice.assets.slice(1) };
    const [coins, ore] = alice.assets;
    const one = { ...alice, assets: [coins, { ...ore, quantity: 41 }] } as typeof alice;
    const moved = { ...alice, assets: [coins, { ...ore, location: 'main' }] } as typeof alice;
    const hashes = [
      tableHash(window, revision, sides),
      tableHash(window + 1, revision, sides),
      tableHash(window, revision + 1, sides),
      tableHash(window, revision, [bob, alice]),
      tableHash(window, revision, [less, bob]),
      tableHash(window, revision, [one, bob]),
      tableHash(window, revision, [moved, bob]),
      tableHash(window, revision, [{ ...alice, player: 'Alice' }, bob]),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('the name of a manifest', () => {
  it.each(goldenManifests)('is the hash of the bytes that the vectors show: $name', row => {
    const expected = createHash('sha256').update(other.encode(row.value)).digest('hex');
    expect(manifestHash(row.shown)).toBe(expected);
    expect(valueHash(row.value)).toBe(expected);
  });

  it('is the one that the golden frames carry', () => {
    expect(manifestView.parse(manifest)).toEqual(manifest);
    expect(manifestHash(manifest)).toBe(manifest.manifest);
  });

  it('does not depend on the order of the details of a warning', () => {
    const { shown } = goldenManifests[2] as (typeof goldenManifests)[0];
    const turned = shown.warnings.map(warning => {
      return { ...warning, details: Object.fromEntries(Object.entries(warning.details).reverse()) };
    });
    expect(turned[0]?.details).toEqual(shown.warnings[0]?.details);
    expect(manifestHash({ ...shown, warnings: turned })).toBe(manifestHash(shown));
  });
});
