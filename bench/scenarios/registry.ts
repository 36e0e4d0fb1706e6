// The scenarios by name, in the order in which `all` runs them.

import type { Options } from '../options.ts';
import type { Result } from '../report.ts';
import { hot, purchases } from './purchases.ts';

export interface Scenario {
  readonly meaning: string;
  readonly run: (options: Options) => Promise<Result | Result[]>;
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  purchases: { meaning: 'players buy one unit from listings of each other', run: purchases },
  hot: { meaning: 'the same, all from one listing', run: hot },
};
