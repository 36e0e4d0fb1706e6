// The hold on a realm in a Postgres server: a row that says who writes it, with a sign of life once
// a second. It keeps a starter from deposing a living writer by mistake, and no more: that only one
// can write is for the journal to see to. Whether a writer lives is judged by the clock of the
// database, or by its process where that can be seen. The embedded database needs none of this: its
// folder has a hold of its own.

import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import type { Log } from '../base/log.ts';
import { within } from '../base/within.ts';
import { connect, type Database, discard } from './connection.ts';
import { beganAt, type Place, thisPlace } from './process-life.ts';

export interface Taking {
  /** What the nodes of a cluster have in common, empty for a single server. */
  readonly cluster: string;
  /** Takes the realm from a living writer too. */
  readonly isForced: boolean;
  /** Told once when it must wait, and what for. */
  readonly waiting: (text: string) => void;
}

/** A living writer holds the realm. The message is for the operator. */
export class RealmHeldError extends Error {
  override readonly name = 'RealmHeldError';
}

const CONNECTION = { name: 'hold', statementTimeoutMs: 3_000 };
const BEAT_MS = 1_000;
const LOOK_MS = 100;
/** A writer that has given no sign of life for so long does not live. */
export const SILENCE_MS = 5_000;
const RELEASE_MS = 1_000;

interface Holder {
  readonly writer: string;
  readonly cluster: string;
  readonly epoch: number;
  readonly host: string;
  readonly scope: string;
  readonly pid: number;
  readonly began: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** In words that only compare. */
  readonly beatAt: string;
  /** How long ago that was. While the database was away nobody could give a sign. */
  readonly silentMs: number;
  readonly isEnded: boolean;
}

/** Why the row may be taken from who has it; `living`: it may not. */
type Verdict = 'ended' | 'forced' | 'peer' | 'gone' | 'silent' | 'living';

export class RealmHold {
  readonly #database: Database;
  readonly #log: Log;
  readonly #place: Place;
  readonly #writer = randomBytes(8).toString('hex');
  #cluster = '';
  #epoch = 0;
  #client: Promise<pg.Client> | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** When the row was surely ours, by the monotonic clock. */
  #oursAtMs = Number.NEGATIVE_INFINITY;
  #isBusy = false;
  #isReleased = false;

  /** @param place where this process runs; tests pretend. */
  constructor(database: Database, log: Log, place = thisPlace()) {
    this.#database = database;
    this.#log = log;
    this.#place = place;
  }

  /** Connects, for one who will be in haste when he takes it. */
  open(): void {
    this.#connected().catch(() => {});
  }

  /**
   * Takes the hold and keeps it until {@link release}. Of a writer elsewhere it waits for a sign of
   * life, or until there has been none for {@link SILENCE_MS}. May be tried again.
   * @throws {RealmHeldError} when the writer lives, and this one may not take the realm from it.
   */
  async take(taking: Taking): Promise<void> {
    this.#cluster = taking.cluster;
    try {
      await this.#takeWhenFree(taking);
    } catch (error) {
      this.#drop();
      throw error;
    }
    this.#timer = setInterval(() => void this.#beat(), BEAT_MS);
  }

  /**
   * Looks whether the hold is still ours: asked right before the journal is claimed.
   * @throws {RealmHeldError} when another writer has taken it meanwhile.
   */
  async confirm(): Promise<void> {
    // A moment ago it was.
    if (performance.now() - this.#oursAtMs < LOOK_MS) return;
    const client = await this.#connected();
    if (await this.#renew(client)) return;
    const holder = await this.#look(client);
    if (holder !== null) throw heldBy(holder, this.#database.schema);
    throw new Error('The row of the writer was removed while this server started.');
  }

  /** The journal is claimed: those who are refused are told the epoch. */
  claimed(epoch: number): void {
    this.#epoch = epoch;
    void this.#beat();
  }

  /** Leaves the realm to the next one, which need not wait. Never rejects. */
  async release(): Promise<void> {
    this.#isReleased = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    const end = `update realm.writer set is_ended = true where writer = $1`;
    const ended = this.#client?.then(client => client.query(end, [this.#writer]));
    if (ended !== undefined) await within(RELEASE_MS, ended);
    this.#drop();
  }

  async #takeWhenFree({ cluster, isForced, waiting }: Taking): Promise<void> {
    const client = await this.#connected();
    let seen: Holder | null = null;
    let seenAtMs = 0;
    for (;;) {
      const holder = await this.#look(client);
      let verdict = holder === null ? 'ended' : this.#judge(holder, isForced, cluster);
      // However its last sign looks by a clock that was set back meanwhile.
      const watchedMs = seen === null ? 0 : performance.now() - seenAtMs;
      if (verdict === 'living' && watchedMs > SILENCE_MS) verdict = 'silent';
      if (verdict !== 'living') {
        if (await this.#replace(client, holder, verdict)) {
          if (verdict === 'forced') this.#log.warn({ from: holder }, TAKEN);
          return;
        }
      } else if (holder !== null) {
        const hasBeaten = seen !== null && !isSameBeat(seen, holder);
        if (hasBeaten) throw heldBy(holder, this.#database.schema);
        if (seen === null) {
          waiting(`${described(holder)}. ${WAITING}`);
          seenAtMs = performance.now();
        }
        seen = holder;
        await new Promise(resolve => setTimeout(resolve, LOOK_MS));
      }
    }
  }

  async #beat(): Promise<void> {
    if (this.#isBusy || this.#isReleased) return;
    this.#isBusy = true;
    try {
      const client = await this.#connected();
      if (!(await this.#renew(client))) await this.#takeBack(client);
    } catch (error) {
      this.#log.debug({ error: String(error) }, 'no sign of life could be given');
      this.#drop();
    } finally {
      this.#isBusy = false;
    }
    // It was released while it connected.
    if (this.#isReleased) this.#drop();
  }

  /** From one who took the row and did not live to claim: the realm is still ours. */
  async #takeBack(client: pg.Client): Promise<void> {
    const holder = await this.#look(client);
    const verdict = holder === null ? 'ended' : this.#judge(holder, false, '');
    if (verdict !== 'living' && !this.#isReleased) await this.#replace(client, holder, verdict);
  }

  #judge(holder: Holder, isForced: boolean, cluster: string): Verdict {
    const { host, scope } = this.#place;
    if (holder.isEnded) return 'ended';
    if (isForced) return 'forced';
    if (cluster !== '' && holder.cluster === cluster) return 'peer';
    const isHere = holder.host === host && holder.scope === scope && holder.began !== '';
    if (isHere && beganAt(holder.pid) !== holder.began) return 'gone';
    return holder.silentMs > SILENCE_MS ? 'silent' : 'living';
  }

  async #look(client: pg.Client): Promise<Holder | null> {
    const { rows } = await client.query<Holder>(
      `select writer, cluster, epoch, host, scope, pid, began, is_ended as "isEnded",
         to_char(since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since,
         beat_at::text as "beatAt", (1000 * extract(epoch from
           clock_timestamp() - greatest(beat_at, pg_postmaster_start_time())))::float8 as "silentMs"
       from realm.writer`,
    );
    return rows[0] ?? null;
  }

  /** Puts us in the place of `holder`; false when somebody else did, or a silent one woke up. */
  async #replace(client: pg.Client, holder: Holder | null, verdict: Verdict): Promise<boolean> {
    const { host, scope } = this.#place;
    const began = beganAt(process.pid) ?? '';
    const own = [this.#writer, this.#cluster, this.#epoch, host, scope, process.pid, began];
    const beatAt = verdict === 'silent' ? (holder?.beatAt ?? null) : null;
    const askedAtMs = performance.now();
    const { rowCount } = await client.query(
      `insert into realm.writer as held
         (writer, cluster, epoch, host, scope, pid, began, since, beat_at, is_ended)
       values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp(), clock_timestamp(), false)
       on conflict (id) do update set writer = excluded.writer, cluster = excluded.cluster,
         epoch = excluded.epoch, host = excluded.host, scope = excluded.scope,
         pid = excluded.pid, began = excluded.began, since = excluded.since,
         beat_at = excluded.beat_at, is_ended = false
       where held.writer = $8 and held.beat_at = coalesce($9::timestamptz, held.beat_at)`,
      [...own, holder?.writer ?? '', beatAt],
    );
    if (rowCount === 1) this.#oursAtMs = askedAtMs;
    return rowCount === 1;
  }

  async #renew(client: pg.Client): Promise<boolean> {
    const askedAtMs = performance.now();
    const { rowCount } = await client.query(
      `update realm.writer set epoch = $2, beat_at = clock_timestamp() where writer = $1`,
      [this.#writer, this.#epoch],
    );
    if (rowCount === 1) this.#oursAtMs = askedAtMs;
    return rowCount === 1;
  }

  #connected(): Promise<pg.Client> {
    if (this.#client !== null) return this.#client;
    const forget = () => {
      if (this.#client === opened) this.#client = null;
    };
    const opened = connect(this.#database, CONNECTION, forget);
    opened.catch(forget);
    this.#client = opened;
    return opened;
  }

  #drop(): void {
    this.#client?.then(discard, () => {});
    this.#client = null;
  }
}

const TAKEN = 'the realm is taken from a writer that may live, as was asked';

const WAITING =
  `Waiting for a sign of life from it; after ${SILENCE_MS / 1_000} s without one the realm is ` +
  'taken.';

function isSameBeat(one: Holder, other: Holder): boolean {
  return one.writer === other.writer && one.beatAt === other.beatAt;
}

function described({ cluster, epoch, host, pid, since }: Holder): string {
  const what = cluster === '' ? 'a single server' : 'a node of a cluster';
  const claimed = epoch === 0 ? 'which is starting' : `epoch ${epoch}`;
  return `The realm is held by ${what}: process ${pid} on ${host}, since ${since}, ${claimed}`;
}

function heldBy(holder: Holder, schema: string): RealmHeldError {
  return new RealmHeldError(
    `${described(holder)} (schema ${schema}). It lives, so nothing was claimed. Stop it first, ` +
      'or take the realm from it, which stops it: npm start -- --takeover',
  );
}
