// `cluster`: three nodes on this machine, one of which leads and lets no socket in; purchases
// through the two others. First as many as go, then 2,000 a second for the latency of that.

import { ClusterProcess } from '../cluster-process.ts';
import type { Options } from '../options.ts';
import type { Result } from '../report.ts';
import { CLOSED_LOOP, runTrial } from '../trial.ts';
import { prepareSpread } from './purchases.ts';

const PER_SECOND = 2_000;

export async function cluster(options: Options): Promise<Result[]> {
  const ours = { ...options, database: 'postgres' as const };
  const plan = {
    ...CLOSED_LOOP,
    prepare: prepareSpread,
    subject: ({ profile }: Options) =>
      new ClusterProcess({ roles: ['engine', 'gateway', 'gateway'], profile }),
  };
  const rate = (options.rate ?? PER_SECOND).toLocaleString('en-US');
  return [
    await runTrial({ ...plan, scenario: 'cluster' }, ours),
    await runTrial({ ...plan, scenario: `cluster at ${rate}/s`, perSecond: PER_SECOND }, ours),
  ];
}
