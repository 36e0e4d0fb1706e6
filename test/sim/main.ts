// The command line of the simulation: npm run sim -- [--seeds 1000] [--from 1] [--seed 42]
// [--commands 500] [--mutant NAME|all] [--json]. Exit code 1 when a seed fails or a mutant is
// missed.

import { parseArgs } from 'node:util';
import { holes } from './coverage.ts';
import { hunt } from './hunt.ts';
import { MUTANTS } from './mutants.ts';
import { SimulationFailure, simulate } from './simulation.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string' },
    seed: { type: 'string' },
    commands: { type: 'string' },
    mutant: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const SEEDS_FOR_COVERAGE = 100;

function whole(name: 'seeds' | 'from' | 'seed' | 'commands', otherwise: number): number {
  const text = values[name];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`--${name} is at least 1`);
  return value;
}

function say(line: string, report: Readonly<Record<string, unknown>>): void {
  console.log(values.json ? JSON.stringify(report) : line);
}

/** Runs seeds one by one; returns how many failed. */
function runSeeds(from: number, seeds: number, commands: number): number {
  const seen = new Set<string>();
  const startedAt = performance.now();
  let failures = 0;
  let trades = 0;
  for (let seed = from; seed < from + seeds; seed += 1) {
    try {
      const result = simulate(seed, commands);
      trades += result.trades;
      for (const one of result.seen) seen.add(one);
      if (seeds === 1) say(`seed ${seed}: hash ${result.hash}`, { seed, hash: result.hash });
    } catch (failure) {
      if (!(failure instanceof SimulationFailure)) throw failure;
      failures += 1;
      const { step, entry, difference } = failure;
      say(`FAILED ${failure.message}`, { seed, commands, step, entry, difference });
    }
    const done = seed - from + 1;
    if (done % 100 === 0 && !values.json) console.log(`${done} of ${seeds} seeds`);
  }
  // A few seeds cannot see everything.
  const missing = seeds < SEEDS_FOR_COVERAGE ? [] : holes(seen).missing;
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  say(
    `${seeds} seeds of ${commands} commands, ${trades} trades, ${failures} failed, ${seconds} s; ` +
      (missing.length === 0 ? 'nothing to reach was missed' : `never seen: ${missing.join(', ')}`),
    { from, seeds, commands, trades, failures, seconds, missing },
  );
  return failures;
}

/** Hunts planted bugs; returns how many got away. */
async function runMutants(name: string, seeds: number, commands: number): Promise<number> {
  const chosen = MUTANTS.filter(mutant => name === 'all' || mutant.name === name);
  if (chosen.length === 0) {
    throw new RangeError(`--mutant is all or one of ${MUTANTS.map(one => one.name).join(', ')}`);
  }
  let missed = 0;
  for (const mutant of chosen) {
    const verdict = await hunt(mutant, seeds, commands);
    if (!verdict.caught) missed += 1;
    say(
      verdict.caught
        ? `caught  ${mutant.name}: ${verdict.by}`
        : `MISSED  ${mutant.name}: ${seeds} seeds did not notice`,
      { ...verdict },
    );
  }
  return missed;
}

const commands = whole('commands', 500);
if (values.mutant !== undefined) {
  process.exitCode = (await runMutants(values.mutant, whole('seeds', 200), commands)) === 0 ? 0 : 1;
} else {
  const one = values.seed !== undefined;
  const from = one ? whole('seed', 1) : whole('from', 1);
  const failures = runSeeds(from, one ? 1 : whole('seeds', 200), commands);
  process.exitCode = failures === 0 ? 0 : 1;
}
