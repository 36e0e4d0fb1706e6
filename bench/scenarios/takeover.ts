// `takeover`: a large realm of the first version (100,000 places, 10,000,000 accounts, a day of
// trades and keys), upgraded by its first start, then started again: how long each takes, how long
// the server's thread is busy at a stretch meanwhile, and what it has in memory. `--players` is how
// many players the keys are of: many, and all of them are remembered.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Options } from '../options.ts';
import { fillRealm, keysFilled, type RealmSize } from '../realm-fill.ts';
import { NOTHING, type Result } from '../report.ts';
import { ServerProcess } from '../server-process.ts';
import type { Steps } from '../step-probe.ts';
import { say } from '../trial.ts';

const SIZE: RealmSize = {
  players: 1_000_000,
  places: 100_000,
  items: 1_000,
  accounts: 10_000_000,
  listings: 1_000_000,
  trades: 4_000_000,
  tradedMarkets: 20_000,
  keys: 8_500_000,
  keyPlayers: 2_000,
};
/** The first start also writes the tables that the first version did not have. */
const START_MS = 1_200_000;
const KEYS_PER_PLAYER_MAX = 1_024;
const PROBE = fileURLToPath(new URL('../step-probe.js', import.meta.url));

export async function takeover(options: Options): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'tradepost-steps-'));
  const file = join(folder, 'steps.json');
  const server = new ServerProcess('postgres', options.profile, {
    NODE_OPTIONS: `--import ${PROBE}`,
    STEP_PROBE_FILE: file,
    KEYS_PER_PLAYER_MAX: `${KEYS_PER_PLAYER_MAX}`,
  });
  const keyPlayers = options.players ?? SIZE.keyPlayers;
  const keys = Math.min(SIZE.keys, keyPlayers * KEYS_PER_PLAYER_MAX);
  const size = { ...SIZE, keys, keyPlayers };
  try {
    await fillRealm(server.realm.name, size, say);
    const first = await startOnce(server, file, async () => {});
    say(`${await server.ask(keysFilled(size))} keys`);
    const again = await startOnce(server, file, async () => {});
    return {
      ...NOTHING,
      scenario: 'takeover',
      database: 'postgres',
      seconds: again.seconds,
      more: {
        upgradeSeconds: first.seconds,
        upgradeLongestStepMs: first.steps.longestMs,
        upgradeLongestBusyMs: first.steps.longestBusyMs,
        startSeconds: again.seconds,
        startLongestStepMs: again.steps.longestMs,
        startLongestBusyMs: again.steps.longestBusyMs,
        startBusySeconds: Math.round(again.steps.busySeconds * 10) / 10,
        residentMegabytes: Math.round(again.steps.residentBytes / 2 ** 20),
        keysLeft: await server.ask('select count(*) from keys'),
      },
    };
  } finally {
    await server.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startOnce(server: ServerProcess, file: string, work: () => Promise<void>) {
  const beganMs = performance.now();
  await server.start(START_MS);
  const seconds = Math.round((performance.now() - beganMs) / 10) / 100;
  await sleep(1_500);
  const steps = JSON.parse(readFileSync(file, 'utf8')) as Steps;
  say(`listened after ${seconds} s; ${JSON.stringify(steps)}`);
  await work();
  await server.stop();
  return { seconds, steps };
}
