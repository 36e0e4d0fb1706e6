// One seed: the engine and the model side by side, entry by entry. Compared after each: the answer
// and the whole state; audited: what the facts say, and the state itself. At random points the
// engine is thrown away and brought back from its facts, sometimes under other fees; it must have
// the same hash.

import { auditState } from '../../src/engine/audit.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Applied, Entry } from '../../src/engine/entry.ts';
import type { Fact, FactGroup, Line, WindowFact } from '../../src/engine/fact.ts';
import type { Rules } from '../../src/engine/rules.ts';
import { Auditor } from './auditor.ts';
import { compareAnswers, compareStates } from './compare.ts';
import { FactTables } from './fact-tables.ts';
import { Model } from './model.ts';
import { Random } from './random.ts';
import { load, loadAndFollow, replay } from './restore.ts';
import { randomBounds, randomFees, randomRules, Workload } from './workload.ts';

/** A broken rule or a difference between engine and model, with what is needed to see it again. */
export class SimulationFailure extends Error {
  override readonly name = 'SimulationFailure';
  readonly seed: number;
  /** Counted from 1. */
  readonly step: number;
  readonly entry: Entry;
  readonly difference: string;

  constructor(
    at: { seed: number; step: number; entry: Entry; commands: number },
    difference: string,
  ) {
    super(
      `seed ${at.seed}, step ${at.step}: ${difference}\n  entry: ${JSON.stringify(at.entry)}\n` +
        `  again: npm run sim -- --seed ${at.seed} --commands ${at.commands}`,
    );
    this.seed = at.seed;
    this.step = at.step;
    this.entry = at.entry;
    this.difference = difference;
  }
}

/** What an engine is brought back from: see restore.ts. */
type Source = 'groups' | 'tables' | 'both';

/** How far tables may be behind: a little, between one group and half of all. */
const LAG_GROUPS = 20;

/** The engine and its two judges, taking the same entries. */
export class Bench {
  engine: Engine;
  readonly model: Model;
  readonly auditor: Auditor;
  readonly groups: FactGroup[] = [];
  #rules: Rules;
  readonly #answers = new Map<string, string>();

  constructor(rules: Rules) {
    this.#rules = rules;
    this.engine = new Engine(rules);
    this.model = new Model(rules);
    this.auditor = new Auditor(rules);
  }

  /** An entry, and before it the ticks that it needs, each to be applied before the next. */
  *inTurn(entry: Entry): Generator<Entry> {
    const { atMs } = entry;
    while (entry.command !== 'tick' && this.model.isMuchDue(atMs)) {
      yield { command: 'tick', payload: null, player: '', key: null, digest: 0, atMs };
    }
    yield entry;
  }

  /** Applies an entry and throws an Error in words when anything is wrong. */
  apply(entry: Entry): Applied {
    const applied = this.engine.apply(entry);
    const difference = compareAnswers(applied, this.model.apply(entry));
    if (difference !== null) throw new Error(difference);
    const facts = applied.output.filter((one): one is Fact => one.kind !== 'level');
    if (facts.length > 0) {
      this.groups.push({ sequence: applied.sequence, atMs: entry.atMs, facts });
    }
    if (facts.length > 0) this.model.settled();
    this.auditor.consume(entry, applied);
    this.#checkRepetition(entry, applied);
    return applied;
  }

  /** Audits and compares everything there is. O(n). */
  check(): void {
    const broken = auditState(this.engine.state);
    if (broken.length > 0) throw new Error(broken.join('; '));
    this.auditor.checkAll();
    const difference = compareStates(this.auditor.tables, this.model);
    if (difference !== null) throw new Error(difference);
  }

  /** Goes on with an engine restored from the facts, under `rules`. */
  restore(rules: Rules, from: Source): void {
    const { tables } = this.auditor;
    const hash = this.engine.hash();
    const replayed = replay(rules, this.groups, tables);
    if (replayed.hash() !== hash) throw new Error('an engine replayed from its facts is another');
    const loaded = load(rules, tables);
    if (loaded.hash() !== hash) throw new Error('an engine loaded from tables is another');
    const broken = auditState(loaded.state);
    if (broken.length > 0) throw new Error(`loaded: ${broken.join('; ')}`);
    let followed = loaded;
    for (const lag of [1, LAG_GROUPS, this.groups.length >> 1]) {
      followed = loadAndFollow(rules, this.groups, lag, tables);
      if (followed.hash() !== hash) {
        throw new Error(`an engine loaded from tables ${lag} groups behind is another`);
      }
    }
    this.engine = { groups: replayed, tables: loaded, both: followed }[from];
    this.#rules = rules;
    this.model.restored(rules);
    this.auditor.changeRules(rules);
  }

  get rules(): Rules {
    return this.#rules;
  }

  /**
   * The same key gets the byte-same answer, for as long as the model says that it is remembered.
   */
  #checkRepetition(entry: Entry, { outcome, body }: Applied): void {
    if (entry.key === null || entry.command === 'keys.get' || outcome === 'invalid') return;
    const name = `${entry.player} ${entry.key}`;
    const answer = JSON.stringify([outcome, body]);
    if (this.model.repeated && this.#answers.get(name) !== answer) {
      throw new Error(`the first answer was ${this.#answers.get(name)}, now it is ${answer}`);
    }
    this.#answers.set(name, answer);
  }
}

export interface SimulationResult {
  readonly seed: number;
  readonly commands: number;
  readonly hash: string;
  readonly trades: number;
  readonly restores: number;
  /** `command code`, `command ok`, and how orders, windows and offers went: what was seen. */
  readonly seen: ReadonlySet<string>;
}

/** Something that happened in a run, so that it can happen again. */
type Step = { readonly entry: Entry } | { readonly restore: Source; readonly rules: Rules };

/** Runs one seed, twice. Throws a SimulationFailure at the first thing that is wrong. */
export function simulate(seed: number, commands = 500): SimulationResult {
  const random = new Random(seed);
  const bench = new Bench({ ...randomRules(random), ...randomBounds(random) });
  const workload = new Workload(random);
  const { rules } = bench;
  const steps: Step[] = [];
  const seen = new Set<string>();
  let restores = 0;
  let entry = workload.next();
  for (let step = 1; step <= commands; step += 1) {
    try {
      for (const one of bench.inTurn(entry)) {
        steps.push({ entry: one });
        const applied = bench.apply(one);
        bench.check();
        note(seen, one, applied, bench.auditor.tables);
        workload.observe(one, applied);
      }
      if (random.between(1, 150) === 1 || step === commands) {
        steps.push(restoreSomehow(bench, random));
        workload.restarted();
        restores += 1;
      }
    } catch (cause) {
      const difference = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
      throw new SimulationFailure({ seed, step, entry, commands }, difference);
    }
    if (step < commands) entry = workload.next();
  }
  const hash = bench.engine.hash();
  const again = hashAgain(rules, steps);
  if (again !== hash) {
    throw new SimulationFailure({ seed, step: commands, entry, commands }, 'a second run differs');
  }
  return { seed, commands, hash, trades: bench.model.world.trades, restores, seen };
}

function restoreSomehow(bench: Bench, random: Random): Step {
  const rules = random.chance(40) ? withOtherFees(bench.rules, random) : bench.rules;
  const restore = random.pick(['groups', 'tables', 'both'] as const);
  bench.restore(rules, restore);
  return { restore, rules };
}

function withOtherFees(rules: Rules, random: Random): Rules {
  const direct = { ...rules.direct, feeBps: random.pick([0, 250, 10_000]) };
  return { ...rules, ...randomFees(random), direct };
}

/** The hash after the same steps in an engine of its own, unwatched. */
function hashAgain(rules: Rules, steps: readonly Step[]): string {
  let engine = new Engine(rules);
  const tables = new FactTables(rules);
  for (const step of steps) {
    if ('restore' in step) {
      engine = load(step.rules, tables);
      continue;
    }
    const { output, sequence } = engine.apply(step.entry);
    const facts = output.filter((one): one is Fact => one.kind !== 'level');
    if (facts.length > 0) tables.apply({ sequence, atMs: step.entry.atMs, facts });
  }
  return engine.hash();
}

function note(seen: Set<string>, entry: Entry, applied: Applied, tables: FactTables): void {
  const body = applied.body as {
    code?: string;
    details?: { limit?: string };
    status?: string;
    outcome?: string;
  };
  const answer =
    entry.command === 'keys.get'
      ? [body.status, body.outcome]
      : [body.code ?? 'ok', body.details?.limit];
  seen.add([entry.command, ...answer.filter(part => part !== undefined)].join(' '));
  for (const one of applied.output) {
    if (one.kind === 'order') seen.add(`order ${one.side} ${one.timeInForce} ${one.status}`);
    if (one.kind === 'offer') seen.add(`offer ${one.status}`);
    if (one.kind === 'window') seen.add(['window', one.event, one.reason ?? ''].join(' ').trim());
    if (one.kind === 'window' && one.status === 'done') noteSwap(seen, one, tables);
    if (one.kind === 'manifest')
      for (const { code } of one.body.warnings) seen.add(`warning ${code}`);
  }
}

/** What kinds of things went both ways in one swap. */
function noteSwap(seen: Set<string>, { sides }: WindowFact, tables: FactTables): void {
  const kindOf = ({ asset }: Line) => tables.itemOf(asset).itemKind;
  for (const kind of ['currency', 'commodity', 'unique']) {
    if (sides.every(({ lines }) => lines.some(line => kindOf(line) === kind))) {
      seen.add(`swap ${kind} both ways`);
    }
  }
  const isMixed = sides.every(({ lines }) => new Set(lines.map(kindOf)).size > 1);
  if (isMixed) seen.add('swap of several kinds both ways');
}
