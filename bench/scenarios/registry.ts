// The scenarios by name, in the order in which `all` runs them.

import type { Options } from '../options.ts';
import type { Result } from '../report.ts';
import { book } from './book.ts';
import { cluster } from './cluster.ts';
import { clusterFanout } from './cluster-fanout.ts';
import { contest } from './contest.ts';
import { engine } from './engine.ts';
import { failover } from './failover.ts';
import { fanout } from './fanout.ts';
import { idle } from './idle.ts';
import { matching } from './matching.ts';
import { offers } from './offers.ts';
import { hot, purchases } from './purchases.ts';
import { reads } from './reads.ts';
import { restart } from './restart.ts';
import { rows } from './rows.ts';
import { steady } from './steady.ts';
import { takeover } from './takeover.ts';
import { transfers } from './transfers.ts';
import { unique } from './unique.ts';
import { windows } from './windows.ts';

export interface Scenario {
  readonly meaning: string;
  readonly run: (options: Options) => Promise<Result | Result[]>;
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  purchases: { meaning: 'players buy one unit from listings of each other', run: purchases },
  hot: { meaning: 'the same, all from one listing', run: hot },
  unique: { meaning: '1,000 players race for one unique item, again and again', run: unique },
  book: { meaning: 'bids, listings and cancels around one price of one item', run: book },
  transfers: { meaning: 'coins between players drawn by Zipf 1.5', run: transfers },
  windows: { meaning: 'complete trade windows, beside the swap as one transaction', run: windows },
  offers: { meaning: 'offers and their acceptance', run: offers },
  steady: { meaning: 'mixed commands at a constant rate (open loop)', run: steady },
  reads: { meaning: 'wallets and books, read at 5,000 commands/s', run: reads },
  rows: { meaning: 'the usual backend with row holds, and ours beside it', run: rows },
  matching: { meaning: 'the order book alone, beside npm nodejs-order-book', run: matching },
  engine: { meaning: 'decisions in process, without and with encoding', run: engine },
  fanout: { meaning: '1,000 subscribers of price changes, beside ws and socket.io', run: fanout },
  idle: { meaning: '10,000 sessions that listen; then all reconnect at once', run: idle },
  cluster: { meaning: 'purchases through two gateways of a cluster of three', run: cluster },
  'cluster-fanout': { meaning: 'how far two nodes are apart for subscribers', run: clusterFanout },
  failover: { meaning: 'leaders killed and asked to stop, with 100,000 listings', run: failover },
  contest: { meaning: 'two nodes that start at once on 1,200,000 listings', run: contest },
  restart: { meaning: 'kill -9 with a million open listings, and start', run: restart },
  takeover: { meaning: 'a large realm of the version before, upgraded and started', run: takeover },
};
