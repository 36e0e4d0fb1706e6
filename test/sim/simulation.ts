// One seed: the engine and the model side by side, entry by entry. Compared after each: the answer
// and the whole state; audited: what the facts say, and the state itself. At random points the
// engine is thrown away and brought back from its facts, sometimes under other fees; it must have
// the same hash.

import { encode } from '@msgpack/msgpack';
import { REJECTION_BYTES_MAX } from '../../protocol/limits.ts';
import { auditState } from '../../src/engine/audit.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Applied, Entry, Recalled } from '../../src/engine/entry.ts';
import type { Fact, FactGroup, Line, WindowFact } from '../../src/engine/fact.ts';
import type { Rules } from '../../src/engine/rules.ts';
import { Auditor } from './auditor.ts';
import { compareAnswers, compareStates } from './compare.ts';
import { FactTables } from './fact-tables.ts';
import { Model, type Predicted } from './model.ts';
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
  /** Keys that were looked up; answers of the tables that were too old. */
  lookups = 0;
  staleLookups = 0;

  constructor(rules: Rules) {
    this.#rules = rules;
    this.engine = new Engine(rules);
    this.model = new Model(rules);
    this.auditor = new Auditor(rules);
  }

  /** An entry, and before it the ticks that it needs, each to be applied before the next. */
  *inTurn(entry: Entry): Generator<Entry> {
    const { atMs } = entry;
    const tick = { command: 'tick', payload: null, player: '', key: null, digest: 0 } as const;
    while (entry.command !== 'tick' && this.model.isMuchDue(atMs)) yield { ...tick, atMs };
    // A command that comes again after a lookup comes when nothing is due.
    if ((entry.sender ?? 'player') !== 'player') yield { ...tick, atMs };
    yield entry;
  }

  /** Applies an entry and throws an Error in words when anything is wrong. */
  apply(entry: Entry): Applied {
    const applied = this.#decided(entry);
    const { recalled } = applied;
    const asked = recalled === null ? entry : { ...entry, recalled };
    this.#judge(asked, applied);
    return applied;
  }

  /** What the engine says once it has been told what the tables know, first by old ones. */
  #decided(entry: Entry): Applied & { readonly recalled: Recalled | null } {
    const first = this.engine.apply(entry);
    if (first.outcome !== 'recall') return { ...first, recalled: null };
    const key = entry.command === 'keys.get' ? entry.payload.key : entry.key;
    if (key === null || !this.model.keys.mayRecall(entry, key) || first.output.length > 0) {
      throw new Error('nothing has to be looked up');
    }
    this.lookups++;
    const lag = (this.lookups * 7) % LAG_GROUPS;
    const shown = Math.max(0, this.groups.length - lag);
    const behind = new FactTables(this.#rules);
    for (const group of this.groups.slice(0, shown)) behind.apply(group);
    for (const tables of [behind, this.auditor.tables]) {
      const recalled = tables.lookUp(entry.player, key);
      const applied = this.engine.apply({ ...entry, recalled });
      if (applied.outcome !== 'recall') return { ...applied, recalled };
      this.staleLookups++;
    }
    throw new Error('tables that show everything are too old');
  }

  #judge(entry: Entry, applied: Applied): void {
    const predicted = this.model.apply(entry);
    const difference = compareAnswers(applied, asRemembered(predicted, applied.body));
    if (difference !== null) throw new Error(difference);
    const facts = applied.output.filter((one): one is Fact => one.kind !== 'level');
    if (facts.length > 0) {
      this.groups.push({ sequence: applied.sequence, atMs: entry.atMs, facts });
    }
    if (facts.length > 0) this.model.settled();
    this.auditor.consume(entry, applied);
    const { livedMs, keys } = this.model;
    keys.learn(entry, facts, livedMs, this.#rules, n => this.auditor.tables.playerName(n));
    this.#checkRepetition(entry, applied);
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
   * The same key gets the byte-same answer, but for the details of a long rejection.
   */
  #checkRepetition(entry: Entry, { outcome, body }: Applied): void {
    if (entry.key === null || entry.command === 'keys.get' || outcome === 'invalid') return;
    const name = `${entry.player} ${entry.key}`;
    const answer = JSON.stringify([outcome, body]);
    const first = this.#answers.get(name);
    if (this.model.repeated && first !== answer && !isShortened(first ?? '', answer)) {
      throw new Error(`the first answer was ${first}, now it is ${answer}`);
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
    const { output, sequence } = decide(engine, step.entry, tables);
    const facts = output.filter((one): one is Fact => one.kind !== 'level');
    if (facts.length > 0) tables.apply({ sequence, atMs: step.entry.atMs, facts });
  }
  return engine.hash();
}

/** As {@link Bench.apply}, with tables that show everything. */
function decide(engine: Engine, entry: Entry, tables: FactTables): Applied {
  const applied = engine.apply(entry);
  if (applied.outcome !== 'recall') return applied;
  const key = entry.command === 'keys.get' ? entry.payload.key : entry.key;
  return engine.apply({ ...entry, recalled: tables.lookUp(entry.player, key ?? '') });
}

/** A long rejection is repeated without its details. */
function asRemembered(predicted: Predicted, actual: object): Predicted {
  const withoutDetails = (theirs: object, ours: object) =>
    'code' in theirs && !('details' in ours) ? { code: theirs.code } : theirs;
  let { body } = predicted as { body: { status?: string; body?: object } };
  const asked = actual as { body?: object };
  if (body.body !== undefined && asked.body !== undefined) {
    body = { ...body, body: withoutDetails(body.body, asked.body) };
  }
  return { ...predicted, body: withoutDetails(body, actual) } as Predicted;
}

/** Whether both are rejections, and the second is what is kept of a first one that is too long. */
function isShortened(first: string, second: string): boolean {
  const [outcome, body] = JSON.parse(first || '[]');
  const [again, kept] = JSON.parse(second);
  if (outcome !== 'rejected' || again !== 'rejected' || kept.details !== undefined) return false;
  return encode(body).length > REJECTION_BYTES_MAX && kept.code === body.code;
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
