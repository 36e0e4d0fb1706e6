// The model's reading of the hashes and of the manifest: what is on the table, what it is worth by
// the last trades, and of what each player must be warned. Bytes and digests are made with other
// libraries than the server's.

import { createHash } from 'node:crypto';
import { encode } from '@msgpack/msgpack';
import {
  CONFIDENCES,
  type Confidence,
  type LineView,
  type Manifest,
  type ValuedLine,
  type ValuedSide,
  WARNING_LEVELS,
  type Warning,
} from '../../protocol/direct.ts';
import { differences, feeOn } from './model-lines.ts';
import { LARGEST, type ModelWindow, type World } from './model-world.ts';

const RECENT = 15;

function digest(value: unknown): string {
  return createHash('sha256').update(encode(value)).digest('hex');
}

/** What a client must send to accept the table as it is. */
export function hashOfTable({ id, revision, sides }: ModelWindow): string {
  const [inviter, invited] = sides.map(({ player, assets }) => [
    player,
    assets.map(({ asset, location, quantity }) => [asset, location, quantity]),
  ]);
  return digest([id, revision, inviter, invited]);
}

export function manifestOf(world: World, window: ModelWindow): Manifest {
  const { id, revision, sides, baseline } = window;
  const [first, second] = sides;
  const valued: [ValuedSide, ValuedSide] = [
    valuedSide(world, first.player, first.assets),
    valuedSide(world, second.player, second.assets),
  ];
  const changes = [
    ...differences(first.player, baseline?.[0] ?? [], first.assets),
    ...differences(second.player, baseline?.[1] ?? [], second.assets),
  ];
  const untold = warningsOf(world, valued, player => changes.filter(one => one.player === player));
  const bare = { window: id, revision, atMs: world.nowMs, sides: valued, changes };
  const manifest = digest([
    ...[id, revision, world.nowMs],
    valued.map(side => [
      side.player,
      side.assets.map(line => [
        ...[line.asset, line.location, line.quantity],
        ...[line.unitPrice, line.confidence, line.value, line.fee],
      ]),
      ...[side.value, side.confidence],
    ]),
    changes.map(({ player, change, asset, location, from, to, by }) => {
      return [player, change, asset, location, from, to, by ? [by.asset, by.location] : null];
    }),
    untold.map(({ code, level, player, details }) => {
      return [code, level, player, Object.entries(details).sort()];
    }),
  ]);
  const threshold = WARNING_LEVELS.indexOf(world.rules.direct.acknowledgeFrom);
  const warnings = untold.map((one, index): Warning => {
    if (WARNING_LEVELS.indexOf(one.level) < threshold) return { ...one, token: null };
    return { ...one, token: digest([manifest, one.code, one.player, index]).slice(0, 16) };
  });
  return { manifest, ...bare, warnings };
}

function valuedSide(world: World, player: string, lines: readonly LineView[]): ValuedSide {
  const assets = lines.map(line => valuedLine(world, line));
  let value = 0n;
  let lowest = CONFIDENCES.length - 1;
  for (const line of assets) {
    value += BigInt(line.value ?? 0);
    lowest = Math.min(lowest, CONFIDENCES.indexOf(line.confidence));
  }
  const confidence = CONFIDENCES[lowest] as Confidence;
  return { player, assets, value: capped(value), confidence };
}

function valuedLine(world: World, line: LineView): ValuedLine {
  const { asset, location, quantity } = line;
  const fee = Number(feeOn(world, line));
  if (asset === 'coins') {
    return { ...line, unitPrice: 1, confidence: 'high', value: quantity, fee };
  }
  const item = world.itemOf(asset);
  const isPriced = item.kind === 'commodity' && item.currency === 'coins';
  const prices = isPriced ? (world.prices.get(`${asset} ${location}`) ?? []).slice(-RECENT) : [];
  if (prices.length === 0)
    return { ...line, unitPrice: null, confidence: 'none', value: null, fee };
  const sorted = [...prices].sort((a, b) => a - b);
  const unitPrice = sorted[Math.ceil(sorted.length / 2) - 1] as number;
  const value = capped(BigInt(unitPrice) * BigInt(quantity));
  return { ...line, unitPrice, confidence: confidenceIn(prices.length), value, fee };
}

function confidenceIn(trades: number): Confidence {
  if (trades < 5) return 'low';
  return trades < RECENT ? 'medium' : 'high';
}

function capped(value: bigint): number {
  return Number(value > LARGEST ? LARGEST : value);
}

type Untold = Omit<Warning, 'token'>;

function warningsOf(
  world: World,
  sides: readonly [ValuedSide, ValuedSide],
  changesOf: (player: string) => readonly unknown[],
): Untold[] {
  const pairs = [
    [sides[0], sides[1]],
    [sides[1], sides[0]],
  ] as const;
  const warnings: Untold[] = [];
  // By code; of each code what the side of the one who invited gives rise to comes first.
  for (const [own, other] of pairs) {
    if (other.assets.length > 0) continue;
    const { player } = own;
    warnings.push({ code: 'ONE_SIDE_EMPTY', level: 'danger', player, details: {} });
  }
  for (const [own, other] of pairs) {
    const gives = BigInt(own.value);
    const gets = BigInt(other.value);
    if (gives === 0n || gets === 0n) continue;
    if (gives * 10_000n < gets * BigInt(world.rules.direct.valueRatioBps)) continue;
    const ratioBps = capped((gives * 10_000n) / gets);
    const details = { gives: own.value, gets: other.value, ratioBps };
    warnings.push({ code: 'VALUE_RATIO', level: 'danger', player: own.player, details });
  }
  for (const [own, other] of pairs) {
    for (const { asset, confidence } of own.assets) {
      if (confidence !== 'none' && confidence !== 'low') continue;
      const { player } = other;
      warnings.push({ code: 'THIN_PRICE', level: 'caution', player, details: { asset } });
    }
  }
  for (const [own, other] of pairs) {
    const changes = changesOf(own.player).length;
    if (changes === 0) continue;
    const { player } = other;
    warnings.push({ code: 'CHANGED_AFTER_ACCEPT', level: 'caution', player, details: { changes } });
  }
  return warnings;
}
