// Windows in the canonical wording of scenarios: what a look at them shows, and what
// players have seen of them. Everything is read from the facts. Times are after the beginning of
// the scenario.

import type { LineChange, LineView, Manifest, WindowView } from '../../protocol/direct.ts';
import { tableHash } from '../../protocol/window-hash.ts';
import type { Fact, FactGroup, Line, WindowFact } from '../../src/engine/fact.ts';
import type { FactTables } from '../sim/fact-tables.ts';
import type { Sight } from './scenario-windows.ts';
import { SCENARIO_START_MS } from './scenario-words.ts';

const NO_HASH = '0'.repeat(64);

/** All that ever happened, as a player who watches sees it. */
export class Watch implements Sight {
  readonly #tables: FactTables;
  readonly #groups: readonly FactGroup[];

  constructor(tables: FactTables, groups: readonly FactGroup[]) {
    this.#tables = tables;
    this.#groups = groups;
  }

  revision(window: number): number {
    return this.#windows(window).at(-1)?.revision ?? 0;
  }

  hash(window: number, revision: number): string {
    const seen = this.#windows(window).findLast(fact => fact.revision === revision);
    if (seen === undefined) return NO_HASH;
    const [one, other] = seen.sides.map(({ player, lines }) => ({
      player: this.#tables.playerName(player),
      assets: lines.map(line => this.#line(line)),
    }));
    if (one === undefined || other === undefined) throw new Error('a window has two sides');
    return tableHash(window, revision, [one, other]);
  }

  manifest(window: number, revision?: number): string {
    return this.#manifests(window, revision).at(-1)?.manifest ?? NO_HASH;
  }

  tokens(window: number, player: string): string[] {
    const warnings = this.#manifests(window).at(-1)?.warnings ?? [];
    return warnings.flatMap(({ token, player: warned }) =>
      warned === player && token !== null ? [token] : [],
    );
  }

  /** `open rev 2: ann 5 coins accepted | bob nothing away` */
  windowLine(window: number): string {
    const fact = this.#windows(window).at(-1);
    if (fact === undefined) return 'unknown';
    const sides = fact.sides.map(({ player, lines, accepted, confirmed, awayUntilMs }) => {
      const marks = [
        accepted ? ' accepted' : '',
        confirmed ? ' confirmed' : '',
        awayUntilMs > 0 ? ' away' : '',
      ];
      const side = linesText(lines.map(line => this.#line(line)));
      return `${this.#tables.playerName(player)} ${side}${marks.join('')}`;
    });
    const reason = fact.reason === null ? '' : ` ${fact.reason}`;
    return `${fact.status}${reason} rev ${fact.revision}: ${sides.join(' | ')}`;
  }

  /** `armed 4000 ends 304000`; `back 19000` for a player who is away. */
  timesLine(window: number): string {
    const fact = this.#windows(window).at(-1);
    if (fact === undefined) return 'unknown';
    const { armedAtMs, deadlineMs, sides } = fact;
    const absences = sides.filter(({ awayUntilMs }) => awayUntilMs > 0);
    const back = absences.map(({ awayUntilMs }) => ` back ${awayUntilMs - SCENARIO_START_MS}`);
    const [armed, ends] = [armedAtMs - SCENARIO_START_MS, deadlineMs - SCENARIO_START_MS];
    return `armed ${armed} ends ${ends}${back.join('')}`;
  }

  /** `invited ann, joined bob, put ann, cancelled nobody` */
  logLine(window: number): string {
    const logged = this.#windows(window).filter(({ isLogged }) => isLogged);
    const log = logged.map(({ event, by }) => {
      return `${event} ${by < 0 ? 'nobody' : this.#tables.playerName(by)}`;
    });
    return log.join(', ');
  }

  /** `ann 5 coins = 5 high fee 1, worth 5 high | bob 1 sword#1 = ? none, worth 0 none` */
  manifestLine(window: number): string {
    const manifest = this.#manifests(window).at(-1);
    if (manifest === undefined) return 'unknown';
    return manifest.sides.map(manifestSide).join(' | ');
  }

  /** `ann decreased 50 coins to 5, bob swapped 1 sword#1 for 1 sword#2` */
  changesLine(window: number): string {
    const changes = this.#manifests(window).at(-1)?.changes ?? [];
    return changes.length === 0 ? 'none' : changes.map(changeText).join(', ');
  }

  /** `danger ann ONE_SIDE_EMPTY, caution bob THIN_PRICE asset ore unmarked`: without a token. */
  warningsLine(window: number): string {
    const warnings = this.#manifests(window).at(-1)?.warnings ?? [];
    if (warnings.length === 0) return 'none';
    return warnings
      .map(({ code, level, player, token, details }) => {
        const words = [level, player, code, ...Object.entries(details).flat()];
        return [...words, ...(token === null ? ['unmarked'] : [])].join(' ');
      })
      .join(', ');
  }

  #windows(id: number): WindowFact[] {
    return this.#facts(fact => (fact.kind === 'window' && fact.id === id ? [fact] : []));
  }

  #manifests(window: number, revision?: number): Manifest[] {
    return this.#facts(fact => {
      if (fact.kind !== 'manifest' || fact.window !== window) return [];
      return revision === undefined || fact.body.revision === revision ? [fact.body] : [];
    });
  }

  #facts<Found>(find: (fact: Fact) => Found[]): Found[] {
    return this.#groups.flatMap(({ facts }) => facts.flatMap(find));
  }

  #line(line: Line): LineView {
    return this.#tables.lineView(line);
  }
}

/** What a reject shows of a window: `open rev 2: ann 5 coins | bob nothing`. */
export function viewText({ status, revision, sides }: WindowView): string {
  const shown = sides.map(({ player, assets }) => `${player} ${linesText(assets)}`);
  return `${status} rev ${revision}: ${shown.join(' | ')}`;
}

/** What time or presence came to: `expires #4`, `window #1 cancelled timeout`, `window #1 left`. */
export function happenedText(facts: readonly Fact[]): string[] {
  return facts.flatMap(fact => {
    if (fact.kind === 'order') return [`expires #${fact.id}`];
    if (fact.kind === 'offer') return [`expires offer ${fact.id}`];
    if (fact.kind !== 'window') return [];
    return [`window #${fact.id} ${fact.event}${fact.reason === null ? '' : ` ${fact.reason}`}`];
  });
}

export function linesText(lines: readonly LineView[]): string {
  return lines.length === 0 ? 'nothing' : lines.map(lineText).join(' + ');
}

function lineText({ asset, location, quantity }: LineView): string {
  return `${quantity} ${asset}${location === 'main' ? '' : ` at ${location}`}`;
}

function manifestSide({ player, assets, value, confidence }: Manifest['sides'][0]): string {
  const lines = assets.map(line => {
    const worth = line.value === null ? '?' : line.value;
    const fee = line.fee === 0 ? '' : ` fee ${line.fee}`;
    return `${lineText(line)} = ${worth} ${line.confidence}${fee}`;
  });
  const shown = lines.length === 0 ? 'nothing' : lines.join(' + ');
  return `${player} ${shown}, worth ${value} ${confidence}`;
}

function changeText({ player, change, asset, location, from, to, by }: LineChange): string {
  const before = lineText({ asset, location, quantity: from });
  if (by !== undefined) {
    return `${player} swapped ${before} for ${lineText({ ...by, quantity: to })}`;
  }
  if (change === 'added') return `${player} added ${lineText({ asset, location, quantity: to })}`;
  if (change === 'removed') return `${player} removed ${before}`;
  return `${player} ${change} ${before} to ${to}`;
}
