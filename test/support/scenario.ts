// Scenarios: tables that read like the rule book. Each line is a command with its outcome behind an
// arrow, or a look at the state; ` -- ` begins a remark. A command without an arrow must be
// accepted. Every line runs through the engine and the naive model side by side, and is audited.
//
//   rules tradeFeeBps 100 tradeFeePayer buyer       (first, if at all)
//   list bob ore 3 @ 100                     -> #1 rests 3
//   bid  ann ore 5 @ 110 ioc                 -> #2 fills 3 @ 100 of #1 for 300, cancels 2
//   buy  ann 1 ore max 90                    -> NOTHING_TO_FILL fillable 0
//   time 50                                  -> expires #4, #3
//   balance ann coins 700 held 0
//   book  ore 2 @ 99 (1), 1 @ 98 (1) | -     -- bids, then asks: quantity @ price (orders)
//   order #1 filled 0 of 3 @ 100 gtc
//   trade 1 ann buys 3 ore @ 100 of bob, maker #1, taker #2 buys, fees 0 and 0
//   restart [rules ...]                      -- from the facts, the same state
//
//   leaves ann | returns ann | server begins -> window #1 left        -- or: knows ann
//   window #1 open rev 2: ann 5 coins accepted | bob nothing
//   times #1 armed 4000 ends 304000          -- and log, manifest, changes, warnings
//
// Commands about windows are in scenario-windows.ts, all about offers in scenario-offers.ts. After
// each line, an engine brought back from the facts must be the one that goes on.

import { COMMANDS } from '../../protocol/commands/registry.ts';
import type { Applied, Entry, Internal } from '../../src/engine/entry.ts';
import type { Fact } from '../../src/engine/fact.ts';
import { DEFAULT_RULES, type Rules } from '../../src/engine/rules.ts';
import { load, replay } from '../sim/restore.ts';
import { Bench } from '../sim/simulation.ts';
import { digestOf } from '../sim/workload.ts';
import { offerCommandOf, offerLine } from './scenario-offers.ts';
import { balanceLine, bookLine, orderLine, outcomeOf, tradeLine } from './scenario-render.ts';
import { happenedText, Watch } from './scenario-window-watch.ts';
import { windowCommandOf } from './scenario-windows.ts';
import { commandOf, SCENARIO_START_MS, scenarioKey, Words } from './scenario-words.ts';

/** Plays a scenario. Throws at the first line that does not come out as written. */
export function play(text: string): Bench {
  const lines = text.split('\n').map(line => (line.split(' -- ')[0] ?? '').trim());
  const stage = new Stage();
  lines.forEach((line, index) => {
    if (line === '' || line.startsWith('--')) return;
    const [said = '', expected] = line.split('->').map(part => part.trim());
    try {
      stage.line(said, expected?.replaceAll(/\s+/g, ' '));
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`line ${index + 1}: ${line}\n${why}`, { cause });
    }
  });
  return stage.bench;
}

class Stage {
  bench = new Bench(DEFAULT_RULES);
  #atMs = SCENARIO_START_MS;

  line(said: string, expected: string | undefined): void {
    const words = new Words(said);
    const verb = words.word();
    if (verb === 'rules') {
      this.bench = new Bench(rulesOf(words, DEFAULT_RULES));
      return;
    }
    if (verb === 'restart') this.bench.restore(rulesOf(words, this.bench.rules), 'tables');
    else if (verb === 'time') this.#time(words, expected);
    else if (verb === 'leaves') this.#presence(words, false, expected);
    else if (verb === 'returns') this.#presence(words, true, expected);
    else if (verb === 'server') this.#begin(words, expected);
    else if (!this.#look(verb, words)) this.#command(verb, words, expected);
    if (!words.isEmpty) throw new Error(`too many words: ${words.rest()}`);
    this.bench.check();
    this.#recover();
  }

  /** Whether the facts so far bring this very engine back. */
  #recover(): void {
    const { engine, rules, groups, auditor } = this.bench;
    const hash = engine.hash();
    if (replay(rules, groups, auditor.tables).hash() !== hash) throw new Error('replayed: another');
    if (load(rules, auditor.tables).hash() !== hash) throw new Error('loaded: another');
  }

  #command(verb: string, words: Words, expected: string | undefined): void {
    const ask =
      commandOf(verb, words) ??
      windowCommandOf(verb, words, this.#watch) ??
      offerCommandOf(verb, words);
    if (ask === null) throw new Error(`${verb} is no command`);
    const parsed = COMMANDS[ask.command].payload.safeParse(ask.payload);
    if (!parsed.success) throw new Error(`not by the schema: ${parsed.error.message}`);
    const key = words.has('key') ? scenarioKey(words.word()) : null;
    const digest = key === null ? 0 : digestOf(ask);
    const applied = this.bench.apply({ ...ask, key, digest, atMs: this.#atMs });
    if (expected === undefined) {
      if (applied.outcome !== 'ok') differ('accepted', outcomeOf(applied));
    } else {
      differ(expected, outcomeOf(applied));
    }
  }

  #time(words: Words, expected: string | undefined): void {
    this.#atMs = SCENARIO_START_MS + words.number();
    // Without an outcome, time passes unseen until the next command comes.
    if (expected === undefined) return;
    this.#happens({ command: 'tick', payload: null }, '', expected);
  }

  #presence(words: Words, present: boolean, expected: string | undefined): void {
    this.#happens({ command: 'presence', payload: { present } }, words.word(), expected);
  }

  #begin(words: Words, expected: string | undefined): void {
    words.expect('begins');
    this.#happens({ command: 'restart', payload: null }, '', expected);
  }

  /** Something that nobody commands, and that it came to. */
  #happens(what: Internal, player: string, expected = 'nothing'): void {
    const entry: Entry = { ...what, player, key: null, digest: 0, atMs: this.#atMs };
    differ(expected, happeningsOf(this.bench.apply(entry)));
  }

  get #watch(): Watch {
    return new Watch(this.bench.auditor.tables, this.bench.groups);
  }

  /** Lines that look at the state instead of changing it. */
  #look(verb: string, words: Words): boolean {
    const { tables } = this.bench.auditor;
    if (verb === 'balance') {
      const of = { owner: words.word(), asset: words.word(), location: place(words) };
      differ(words.rest(), balanceLine(tables, of));
    } else if (verb === 'book') {
      const of = { item: words.word(), location: place(words) };
      differ(words.rest(), bookLine(tables, of));
    } else if (verb === 'order') {
      const id = words.id();
      differ(words.rest(), orderLine(tables, id, SCENARIO_START_MS));
    } else if (verb === 'trade') {
      const id = words.number();
      differ(words.rest(), tradeLine(tables, this.bench.groups, id));
    } else if (verb === 'offer?') {
      const id = words.id();
      differ(words.rest(), offerLine(tables, id));
    } else {
      return this.#lookAtWindow(verb, words);
    }
    return true;
  }

  #lookAtWindow(verb: string, words: Words): boolean {
    const line = WINDOW_LOOKS[verb];
    if (line === undefined) return false;
    const actual = line(this.#watch, words.id());
    differ(words.rest(), actual);
    return true;
  }
}

function place(words: Words): string {
  return words.has('at') ? words.word() : 'main';
}

const WINDOW_LOOKS: Readonly<Record<string, (watch: Watch, id: number) => string>> = {
  window: (watch, id) => watch.windowLine(id),
  times: (watch, id) => watch.timesLine(id),
  log: (watch, id) => watch.logLine(id),
  manifest: (watch, id) => watch.manifestLine(id),
  changes: (watch, id) => watch.changesLine(id),
  warnings: (watch, id) => watch.warningsLine(id),
};

/** `expires #4, #3`, `window #1 cancelled timeout, window #2 cancelled expired`, `nothing` */
function happeningsOf({ output }: Applied): string {
  const facts = output.filter((one): one is Fact => one.kind !== 'level');
  const known = facts.flatMap(one => (one.kind === 'player' ? [`knows ${one.name}`] : []));
  const happened = [...known, ...happenedText(facts)].join(', ').replaceAll(', expires', ',');
  return happened === '' ? 'nothing' : happened;
}

/** `rules tradeFeeBps 100 armAddedMs 0`: rules of windows and offers stand among the others. */
function rulesOf(words: Words, before: Rules): Rules {
  const direct: Record<string, unknown> = { ...before.direct };
  const rules: Record<string, unknown> = { ...before };
  while (!words.isEmpty) {
    const name = words.word();
    const found = name in direct ? direct : rules;
    if (!(name in found)) throw new Error(`${name} is no rule`);
    found[name] = typeof found[name] === 'string' ? words.word() : words.number();
  }
  return { ...rules, direct } as unknown as Rules;
}

function differ(expected: string, actual: string): void {
  if (expected.replaceAll('_', '') === actual.replaceAll('_', '')) return;
  throw new Error(`  expected: ${expected}\n  actual:   ${actual}`);
}
