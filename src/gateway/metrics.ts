// What /metrics shows of the gateway. The hot path adds to preallocated arrays; prom-client sees
// them when it is scraped. The registry is open to the other parts of the process, which register
// their own metrics in it.

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { CLOSES, type CloseName } from '../../protocol/closes.ts';
import { COMMANDS, type CommandName } from '../../protocol/commands/registry.ts';
import { OUTCOMES, type Outcome } from '../../protocol/rejects.ts';
import { DOOR_BOUNDS } from './door.ts';
import { LoopDelay } from './loop-delay.ts';

export type { Registry } from 'prom-client';

const COMMAND_NAMES = Object.keys(COMMANDS) as CommandName[];
const commandIndexes: ReadonlyMap<string, number> = new Map(
  COMMAND_NAMES.map((name, index) => [name, index]),
);

/** The index under which a command is counted. */
export function commandIndex(name: CommandName): number {
  return commandIndexes.get(name) as number;
}

/** Numbers of the outcomes, as they are on the wire. */
export const OUTCOME_NUMBER: Readonly<Record<Outcome, number>> = {
  ok: 0,
  rejected: 1,
  invalid: 2,
  unavailable: 3,
  unknown: 4,
};

const LOOP_QUANTILES = [0.5, 0.99, 1] as const;

/** Powers of two: 0.128 ms, 0.256 ms ... 4.2 s. */
const BUCKET_SECONDS: readonly number[] = Array.from({ length: 16 }, (_, i) => 128e-6 * 2 ** i);

/** A histogram that is only ever counted up in an array, and read when scraped. */
class CountedHistogram extends Histogram {
  readonly #counts = new Float64Array(BUCKET_SECONDS.length + 1);
  #sumMs = 0;

  observeMs(ms: number): void {
    // Tens of microseconds above 128, halved until none is left: the index of the bucket.
    const step = (ms * 1000) / 128;
    const bucket = step <= 1 ? 0 : 32 - Math.clz32(Math.ceil(step) - 1);
    this.#counts[Math.min(bucket, BUCKET_SECONDS.length)]! += 1;
    this.#sumMs += ms;
  }

  /** What prom-client asks for when it is scraped. */
  async getForPromString(): Promise<object> {
    return this.get();
  }

  override async get(): ReturnType<Histogram['get']> {
    const values: { value: number; labels: { le?: number | string }; metricName: string }[] = [];
    const bucketName = `${this.name}_bucket`;
    let total = 0;
    for (const [index, count] of this.#counts.entries()) {
      total += count;
      const le = BUCKET_SECONDS[index]?.toPrecision(6) ?? '+Inf';
      values.push({ metricName: bucketName, labels: { le }, value: total });
    }
    values.push({ metricName: `${this.name}_sum`, labels: {}, value: this.#sumMs / 1000 });
    values.push({ metricName: `${this.name}_count`, labels: {}, value: total });
    const { name, help } = this;
    return { name, help, type: 'histogram', aggregator: 'sum', values } as unknown as Awaited<
      ReturnType<Histogram['get']>
    >;
  }

  declare readonly name: string;
  declare readonly help: string;
}

/** What is looked up when scraped. */
export interface Gauges {
  sockets(): number;
  sessions(): number;
  unopened(): number;
  addresses(): number;
  waitingSnapshots(): number;
  players(): number;
  bufferedBytes(): number;
}

/** How a socket ended: by a close of ours, by the client, or by a lost connection. */
export type Ending = CloseName | 'client' | 'lost';

const ENDINGS: readonly Ending[] = [...(Object.keys(CLOSES) as CloseName[]), 'client', 'lost'];

export class GatewayMetrics {
  readonly registry = new Registry();
  readonly #outcomes = new Float64Array(COMMAND_NAMES.length * OUTCOMES.length);
  readonly #engineLatency: CountedHistogram;
  readonly #readLatency: CountedHistogram;
  readonly #loop = new LoopDelay(LOOP_QUANTILES);

  /** Frames that were no request, by code. */
  readonly refusedFrames: Counter<'code'>;
  /** Commands that the rate limits refused. */
  readonly rateLimited: Counter;
  /** Upgrades that were refused, by HTTP status. */
  readonly refusedUpgrades: Counter<'status'>;
  /** Upgrades that a bound of an address refused. */
  readonly refusedAddresses: Counter<'bound'>;
  /** Exceptions in callbacks: each one is a bug of ours and cost one socket. */
  readonly callbackErrors: Counter;
  /** Subscriptions that paused because their reader was slow. */
  readonly pauses: Counter;
  readonly #closes: Counter<'close'>;

  constructor(gauges: Gauges) {
    const registers = [this.registry];
    const seconds = (name: string, help: string) =>
      new CountedHistogram({ name, help, registers, buckets: [...BUCKET_SECONDS] });
    this.#engineLatency = seconds(
      'tradepost_command_seconds',
      'From the arrival of a sequenced command to its durable reply.',
    );
    this.#readLatency = seconds(
      'tradepost_read_seconds',
      'From the arrival of a read to its reply.',
    );
    const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
      new Counter<Label>({ name, help, labelNames, registers });
    this.refusedFrames = counter('tradepost_refused_frames_total', 'Frames that were no request.', [
      'code',
    ]);
    this.rateLimited = counter('tradepost_rate_limited_total', 'Commands over a rate limit.', []);
    this.refusedUpgrades = counter('tradepost_refused_upgrades_total', 'Refused upgrades.', [
      'status',
    ]);
    this.refusedAddresses = counter(
      'tradepost_refused_addresses_total',
      'Upgrades over a bound of their address.',
      ['bound'],
    );
    for (const bound of DOOR_BOUNDS) this.refusedAddresses.inc({ bound }, 0);
    this.callbackErrors = counter(
      'tradepost_callback_errors_total',
      'Bugs caught at a socket.',
      [],
    );
    this.pauses = counter('tradepost_slow_reader_pauses_total', 'Public feeds paused.', []);
    this.#closes = counter('tradepost_closed_sockets_total', 'Closed sockets by reason.', [
      'close',
    ]);
    for (const close of ENDINGS) this.#closes.inc({ close }, 0);
    this.#registerCommands();
    this.#registerGauges(gauges);
    this.#registerDelay();
  }

  /** Counts a reply. `outcome` is its number on the wire. */
  count(command: number, outcome: number): void {
    this.#outcomes[command * OUTCOMES.length + outcome]! += 1;
  }

  engineReply(command: number, outcome: number, tookMs: number): void {
    this.count(command, outcome);
    this.#engineLatency.observeMs(tookMs);
  }

  readReply(command: number, outcome: number, tookMs: number): void {
    this.count(command, outcome);
    this.#readLatency.observeMs(tookMs);
  }

  closed(close: Ending): void {
    this.#closes.inc({ close });
  }

  /** Stops the measuring of the event loop. */
  stop(): void {
    this.#loop.stop();
  }

  #registerCommands(): void {
    const outcomes = this.#outcomes;
    new Counter({
      name: 'tradepost_commands_total',
      help: 'Replies by command and outcome.',
      labelNames: ['command', 'outcome'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [index, count] of outcomes.entries()) {
          if (count === 0) continue;
          const command = COMMAND_NAMES[Math.floor(index / OUTCOMES.length)] as string;
          const outcome = OUTCOMES[index % OUTCOMES.length] as string;
          this.inc({ command, outcome }, count);
        }
      },
    });
  }

  #registerGauges(gauges: Gauges): void {
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(read());
        },
      });
    gauge('tradepost_sockets', 'Open sockets.', gauges.sockets);
    gauge('tradepost_sessions', 'Sockets with a verified player.', gauges.sessions);
    gauge('tradepost_unopened_sockets', 'Sockets that wait for session.open.', gauges.unopened);
    gauge('tradepost_addresses', 'Addresses whose budgets are remembered.', gauges.addresses);
    gauge(
      'tradepost_waiting_snapshots',
      'Sockets whose snapshots wait for the budget of their player.',
      gauges.waitingSnapshots,
    );
    gauge('tradepost_players', 'Players with a socket or a feed to resume.', gauges.players);
    gauge('tradepost_buffered_bytes', 'Bytes waiting in all sockets.', gauges.bufferedBytes);
  }

  #registerDelay(): void {
    const loop = this.#loop;
    new Gauge({
      name: 'tradepost_event_loop_delay_seconds',
      help: 'Worst delay of the event loop in the last 30 to 60 seconds.',
      labelNames: ['quantile'],
      registers: [this.registry],
      collect() {
        for (const [index, seconds] of loop.seconds().entries()) {
          this.set({ quantile: String(LOOP_QUANTILES[index]) }, seconds);
        }
      },
    });
  }
}
