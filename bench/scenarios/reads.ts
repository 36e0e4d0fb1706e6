// `reads`: what a read costs while 5,000 commands a second are decided. Players look at wallets and
// at books at a constant rate, on one server; then the same through the gateways of a cluster,
// whose leader is another node. Latency counts from when a read was due.

import { ClusterProcess } from '../cluster-process.ts';
import { Exchange } from '../exchange.ts';
import { namePlace, template } from '../frame-template.ts';
import { Meter } from '../meter.ts';
import type { Options } from '../options.ts';
import { Random } from '../random.ts';
import type { RawSocket } from '../raw-socket.ts';
import type { Result } from '../report.ts';
import { runTrial, type Trial, type Workload } from '../trial.ts';
import { ITEMS, PLAYERS, prepareSpread } from './purchases.ts';

const PLAN = { sockets: 50, inFlight: 0, seconds: 30, perSecond: 5_000 } as const;
/** For each so many commands one wallet and one book is read: 100 of each a second. */
const COMMANDS_PER_READ = 50;
const READ_SOCKETS = 4;
const SEED = 4_711;

export async function reads(options: Options): Promise<Result[]> {
  const single = await runTrial({ ...PLAN, scenario: 'reads', prepare }, options);
  const subject = ({ profile }: Options) =>
    new ClusterProcess({ roles: ['engine', 'gateway', 'gateway'], profile });
  const cluster = { ...PLAN, scenario: 'reads elsewhere', prepare, subject };
  return [single, await runTrial(cluster, { ...options, database: 'postgres' })];
}

/** Reads on sockets of their own, beside the purchases. */
async function prepare(trial: Trial, options: Options): Promise<Workload> {
  const { server } = trial;
  const purchases = await prepareSpread(trial, options);
  const [wallets, books] = [new Exchange(new Meter()), new Exchange(new Meter())];
  for (const exchange of [wallets, books]) {
    await exchange.open(READ_SOCKETS, server.ports, () => server.token('game'));
    exchange.meter = new Meter();
    // The server closes them when it stops.
    exchange.onLost = () => {};
  }
  const random = new Random(SEED);
  const wallet = template('wallet.get', { player: namePlace(1) });
  const book = template('market.book', { item: namePlace(1, 'i') });
  let commands = 0;
  return {
    ...purchases,
    whole: wallets.meter,
    source: (socket, sinceMs) => {
      purchases.source(socket, sinceMs);
      const turn = commands++ % COMMANDS_PER_READ;
      if (turn === 0) {
        wallet.name(1, random.below(options.players ?? PLAYERS));
        read(wallets, wallet, commands, sinceMs);
      } else if (turn === COMMANDS_PER_READ / 2) {
        book.name(1, random.below(ITEMS));
        read(books, book, commands, sinceMs);
      }
    },
    more: () => {
      const { p50Ms, p99Ms } = books.meter.latencies();
      const refused = wallets.meter.failed + books.meter.failed;
      return { bookP50Ms: p50Ms, bookP99Ms: p99Ms, readsRefused: refused };
    },
  };
}

function read(
  exchange: Exchange,
  frame: ReturnType<typeof template>,
  turn: number,
  sinceMs: number,
): void {
  const socket = exchange.sockets[turn % READ_SOCKETS] as RawSocket;
  exchange.send(socket, frame, 0, sinceMs);
  socket.flush();
}
