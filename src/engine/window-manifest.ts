// The manifest: what both players of a window confirm, fixed when the review opens. Both sides with
// what they are worth by recent trades, the fees, what changed since somebody first accepted, and
// the warnings. It is data and it is complete: every client can show the same, and must.

import {
  CONFIDENCES,
  type Confidence,
  type LineChange,
  type Manifest,
  type ValuedLine,
  type ValuedSide,
  WARNING_LEVELS,
  type Warning,
} from '../../protocol/direct.ts';
import { diffLines } from '../../protocol/window-diff.ts';
import { manifestHash, valueHash } from '../../protocol/window-hash.ts';
import { AMOUNT_MAX, multiply, ratioBps } from '../base/units.ts';
import type { Line } from './fact.ts';
import { DEFAULT_CURRENCY } from './items.ts';
import { feeOf, isMoney, lineView } from './lines.ts';
import type { State } from './state.ts';
import type { Window, WindowSide } from './window.ts';

type Sides = readonly [ValuedSide, ValuedSide];
type Unnamed = Omit<Warning, 'token'>;

/** Characters of a token, in hexadecimal digits. */
const TOKEN_LENGTH = 16;

/** The manifest of what is on the table now. */
export function makeManifest(state: State, window: Window): Manifest {
  const sides: Sides = [sideOf(state, window.sides[0]), sideOf(state, window.sides[1])];
  const changes = changesOf(state, window);
  const found = warningsOf(state, sides, changes);
  const body = {
    window: window.id,
    revision: window.revision,
    atMs: state.nowMs,
    sides,
    changes,
    warnings: found.map(warning => ({ ...warning, token: null })),
  };
  const manifest = manifestHash(body);
  const levelMin = WARNING_LEVELS.indexOf(state.rules.direct.acknowledgeFrom);
  const warnings = found.map((warning, index): Warning => {
    const { code, level, player } = warning;
    if (WARNING_LEVELS.indexOf(level) < levelMin) return { ...warning, token: null };
    const token = valueHash([manifest, code, player, index]).slice(0, TOKEN_LENGTH);
    return { ...warning, token };
  });
  return { manifest, ...body, warnings };
}

function sideOf(state: State, { player, lines }: WindowSide): ValuedSide {
  const assets = lines.map(line => valuedLine(state, line));
  let value = 0;
  let lowest = CONFIDENCES.length - 1;
  for (const line of assets) {
    value = Math.min(AMOUNT_MAX, value + (line.value ?? 0));
    lowest = Math.min(lowest, CONFIDENCES.indexOf(line.confidence));
  }
  const confidence = CONFIDENCES[lowest] as Confidence;
  return { player: state.players.name(player), assets, value, confidence };
}

function valuedLine(state: State, line: Line): ValuedLine {
  const { unitPrice, confidence } = priceOf(state, line);
  const product = unitPrice === null ? null : multiply(unitPrice, line.quantity);
  // What is worth more than anybody can own is worth as much as anybody can own.
  const value = product === -1 ? AMOUNT_MAX : product;
  const { asset, location, quantity } = lineView(state, line);
  return { asset, location, quantity, unitPrice, confidence, value, fee: feeOf(state, line) };
}

/** In coins. What is priced in another currency, and what is unique, has no known value. */
function priceOf(state: State, line: Line): Pick<ValuedLine, 'unitPrice' | 'confidence'> {
  const coins = state.assetNames.find(DEFAULT_CURRENCY);
  if (line.asset === coins) return { unitPrice: 1, confidence: 'high' };
  const { market, instance } = state.assets.get(line.asset) ?? {};
  const recent = market?.recent(line.location);
  const isPricedInCoins = market?.item.currency === coins && !isMoney(state, line);
  if (instance !== null || !isPricedInCoins || recent === undefined) {
    return { unitPrice: null, confidence: 'none' };
  }
  return { unitPrice: recent.median, confidence: recent.confidence };
}

/** Of both sides, from the baseline to what is on the table now. */
function changesOf(state: State, { sides, baseline }: Window): LineChange[] {
  return sides.flatMap(({ player, lines }, index) => {
    const shown = (of: readonly Line[]) => of.map(line => lineView(state, line));
    const before = baseline?.[index as 0 | 1] ?? lines;
    return diffLines(state.players.name(player), shown(before), shown(lines));
  });
}

/** By code, and of each code the side of the one who invited first. */
function warningsOf(state: State, sides: Sides, changes: readonly LineChange[]): Unnamed[] {
  const { valueRatioBps } = state.rules.direct;
  const pairs = [
    { own: sides[0], other: sides[1] },
    { own: sides[1], other: sides[0] },
  ];
  const empty = pairs.flatMap(({ own, other }): Unnamed[] => {
    if (own.assets.length === 0 || other.assets.length > 0) return [];
    return [{ code: 'ONE_SIDE_EMPTY', level: 'danger', player: own.player, details: {} }];
  });
  const uneven = pairs.flatMap(({ own, other }): Unnamed[] => {
    if (own.value === 0 || other.value === 0) return [];
    const ratio = ratioBps(own.value, other.value);
    if (ratio < valueRatioBps) return [];
    const details = { gives: own.value, gets: other.value, ratioBps: ratio };
    return [{ code: 'VALUE_RATIO', level: 'danger', player: own.player, details }];
  });
  const thin = pairs.flatMap(({ own, other }) =>
    own.assets.flatMap(({ asset, confidence }): Unnamed[] => {
      if (confidence !== 'none' && confidence !== 'low') return [];
      return [{ code: 'THIN_PRICE', level: 'caution', player: other.player, details: { asset } }];
    }),
  );
  const changed = pairs.flatMap(({ own, other }): Unnamed[] => {
    const count = changes.filter(({ player }) => player === own.player).length;
    if (count === 0) return [];
    const details = { changes: count };
    return [{ code: 'CHANGED_AFTER_ACCEPT', level: 'caution', player: other.player, details }];
  });
  return [...empty, ...uneven, ...thin, ...changed];
}
