// What two players agree on, as bytes and as their SHA-256. Both sides compute it: the client from
// what it shows, the server from what is on the table. The bytes are MessagePack in its shortest
// forms, so equal content has equal bytes whoever writes them.

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { LineView, Manifest } from './direct.ts';
import { FrameWriter } from './msgpack-writer.ts';

/** One player and what he gives. */
export interface HashedSide {
  readonly player: string;
  readonly assets: readonly LineView[];
}

const writer = new FrameWriter(4 * 1024);

/** By asset, then by location, in the order of their ASCII characters. */
export function compareLines(a: LineView, b: LineView): number {
  if (a.asset !== b.asset) return a.asset < b.asset ? -1 : 1;
  if (a.location !== b.location) return a.location < b.location ? -1 : 1;
  return 0;
}

/**
 * `[window, revision, [player, lines], [player, lines]]`, the one who invited first; a line is
 * `[asset, location, quantity]`, lines sorted by {@link compareLines}.
 */
export function tableBytes(
  window: number,
  revision: number,
  sides: readonly [HashedSide, HashedSide],
): Uint8Array {
  const side = ({ player, assets }: HashedSide) => [
    player,
    [...assets].sort(compareLines).map(line => [line.asset, line.location, line.quantity]),
  ];
  return bytesOf([window, revision, side(sides[0]), side(sides[1])]);
}

/** The hash that `windows.accept` carries: SHA-256 of {@link tableBytes}, in hexadecimal digits. */
export function tableHash(
  window: number,
  revision: number,
  sides: readonly [HashedSide, HashedSide],
): string {
  return bytesToHex(sha256(tableBytes(window, revision, sides)));
}

/**
 * The name of a manifest: the SHA-256 of everything in it but the texts for people and the tokens,
 * as arrays in the order of the fields of `manifestView`; `details` as a list of [name, value],
 * sorted by name.
 */
export function manifestHash(manifest: Omit<Manifest, 'manifest'>): string {
  const { window, revision, atMs, sides, changes, warnings } = manifest;
  return valueHash([
    window,
    revision,
    atMs,
    sides.map(side => [
      side.player,
      side.assets.map(line => [
        line.asset,
        line.location,
        line.quantity,
        line.unitPrice,
        line.confidence,
        line.value,
        line.fee,
      ]),
      side.value,
      side.confidence,
    ]),
    changes.map(({ player, change, asset, location, from, to, by }) => [
      player,
      change,
      asset,
      location,
      from,
      to,
      by === undefined ? null : [by.asset, by.location],
    ]),
    warnings.map(({ code, level, player, details }) => [
      code,
      level,
      player,
      Object.entries(details).sort(([a], [b]) => (a < b ? -1 : 1)),
    ]),
  ]);
}

/** SHA-256 of any value of the wire in its shortest MessagePack form, in hexadecimal digits. */
export function valueHash(value: unknown): string {
  return bytesToHex(sha256(bytesOf(value)));
}

function bytesOf(value: unknown): Uint8Array {
  writer.reset();
  writer.value(value);
  return writer.copy();
}
