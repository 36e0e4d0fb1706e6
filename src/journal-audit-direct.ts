// Windows and offers of the journal held against the tables: a part of journal-audit.ts. What is
// over is compared piece by piece; what is open, and who blocked whom, waits for its last word.

import { OFFER_STATUSES, WINDOW_ENDS, WINDOW_EVENTS, WINDOW_STATUSES } from '../protocol/direct.ts';
import {
  cellsOf,
  compareById,
  type Expected,
  type Finding,
  type Source,
  Tally,
  text,
} from './audit-tally.ts';
import type { Line, OfferFact, WindowFact } from './engine/fact.ts';
import type { Changes, WindowStep } from './projection/changes.ts';

/** Columns in the order of {@link windowText} and {@link offerText}. */
const WINDOWS = `select id, status, reason, revision, steps, armed_at_ms, deadline_ms,
    created_at_ms,
    manifest, event, by, inviter, inviter_away_until_ms, inviter_accepted, inviter_confirmed,
    inviter_lines, invited, invited_away_until_ms, invited_accepted, invited_confirmed,
    invited_lines, has_baseline, inviter_baseline, invited_baseline
  from realm.windows where id = any($1)`;
const OFFERS = `select id, maker, taker, give, want, message, status, created_at_ms, expires_at_ms,
  counter_of from realm.offers where id = any($1)`;
const LOG = `select window_id || ' ' || sequence || ' ' || step, at_ms, revision, by, event, lines
  from realm.window_log where window_id = any($1) and sequence > $2 and sequence <= $3`;
const MANIFESTS = `select window_id || ' ' || revision, at_ms, hash, encode(body, 'hex')
  from realm.manifests where window_id = any($1)`;
const BLOCKS = `select player || ' ' || other, blocked from realm.blocks where player = any($1)`;
const FRIENDS = `select player || ' ' || other, sequence from realm.friends
  where player = any($1)`;
const PRIVACY = 'select player, closed from realm.privacy where player = any($1)';

/** Columns as text, by names of more than one number. */
type Named = Map<string, string>;

export class DirectAudit {
  readonly #source: Source;
  readonly #windows = new Tally('windows are as the journal has them last', 'windows');
  readonly #log = new Tally('the log of windows is that of the journal', 'steps');
  readonly #manifests = new Tally('every manifest of the journal is in its table', 'manifests');
  readonly #offers = new Tally('offers are as the journal has them last', 'offers');
  readonly #choices = new Tally(
    'blocks, privacy and friends are as the journal has them last',
    'choices',
  );
  readonly #liveWindows: Expected = new Map();
  readonly #openOffers: Expected = new Map();
  /** Undefined: one that was taken back has no row. */
  readonly #blocks = new Map<string, string | undefined>();
  readonly #blockers = new Set<number>();
  readonly #privacy: Expected = new Map();
  /** Undefined: one who was forgotten has no row. */
  readonly #friends = new Map<string, string | undefined>();
  readonly #befriended = new Set<number>();

  constructor(source: Source) {
    this.#source = source;
  }

  /** `changes` of a piece of the journal: what has a sequence above `after`, up to `until`. */
  async piece(changes: Changes, after: number, until: number): Promise<void> {
    const ended = split(changes.windows, this.#liveWindows, isLive, windowText);
    await compareById(this.#source, WINDOWS, this.#windows, ended);
    const closed = split(changes.offers, this.#openOffers, isOpen, offerText);
    await compareById(this.#source, OFFERS, this.#offers, closed);
    await this.#compareLog(changes.windowLog, after, until);
    await this.#compareManifests(changes);
    for (const { player, other, blocked } of changes.blocks.values()) {
      this.#blocks.set(`${player} ${other}`, blocked ? text([blocked]) : undefined);
      this.#blockers.add(player);
    }
    for (const { player, closed: isClosed } of changes.privacy.values()) {
      this.#privacy.set(player, text([isClosed]));
    }
    for (const { player, other, sequence, isKept } of changes.friends.values()) {
      this.#friends.set(`${player} ${other}`, isKept ? text([sequence]) : undefined);
      this.#befriended.add(player);
    }
  }

  async finish(): Promise<Finding[]> {
    await compareById(this.#source, WINDOWS, this.#windows, this.#liveWindows);
    await compareById(this.#source, OFFERS, this.#offers, this.#openOffers);
    await compareById(this.#source, PRIVACY, this.#choices, this.#privacy);
    const blocks = await this.#named(BLOCKS, [[...this.#blockers]]);
    for (const [pair, blocked] of this.#blocks) {
      this.#choices.compare(pair, blocked, blocks.get(pair));
    }
    const friends = await this.#named(FRIENDS, [[...this.#befriended]]);
    for (const [pair, sequence] of this.#friends) {
      this.#choices.compare(pair, sequence, friends.get(pair));
    }
    const tallies = [this.#windows, this.#log, this.#manifests, this.#offers, this.#choices];
    return tallies.map(tally => tally.finding);
  }

  /** Of the windows that the piece tells of, the tables have these steps and no others. */
  async #compareLog(steps: readonly WindowStep[], after: number, until: number): Promise<void> {
    const expected: Named = new Map();
    for (const { sequence, atMs, step, id, revision, by, event, put } of steps) {
      const lines = put === null ? null : flat(put);
      const columns = [atMs, revision, by, WINDOW_EVENTS.indexOf(event), lines];
      expected.set(`${id} ${sequence} ${step}`, text(columns));
    }
    const windows = [...new Set(steps.map(({ id }) => id))];
    const actual = await this.#named(LOG, [windows, after, until]);
    for (const step of new Set([...expected.keys(), ...actual.keys()])) {
      this.#log.compare(step, expected.get(step), actual.get(step));
    }
  }

  async #compareManifests({ manifests }: Changes): Promise<void> {
    const windows = [...new Set(manifests.map(({ fact }) => fact.window))];
    const actual = await this.#named(MANIFESTS, [windows]);
    for (const { atMs, fact } of manifests) {
      const name = `${fact.window} ${fact.revision}`;
      const body = Buffer.from(fact.bodyBytes).toString('hex');
      this.#manifests.compare(name, text([atMs, fact.manifest, body]), actual.get(name));
    }
  }

  async #named(query: string, values: unknown[]): Promise<Named> {
    const rows = await cellsOf(this.#source, query, values);
    return new Map(rows.map(([name, ...columns]) => [name as string, text(columns)]));
  }
}

/** Takes over what is still open into `open`; gives what is over. */
function split<Fact extends { readonly id: number }>(
  facts: ReadonlyMap<number, Fact>,
  open: Expected,
  isOpenFact: (fact: Fact) => boolean,
  columnsOf: (fact: Fact) => string,
): Expected {
  const over: Expected = new Map();
  for (const fact of facts.values()) {
    open.delete(fact.id);
    (isOpenFact(fact) ? open : over).set(fact.id, columnsOf(fact));
  }
  return over;
}

function isLive({ status }: WindowFact): boolean {
  return status !== 'done' && status !== 'cancelled';
}

function isOpen({ status }: OfferFact): boolean {
  return status === 'open';
}

function windowText(fact: WindowFact): string {
  const { baseline } = fact;
  return text([
    WINDOW_STATUSES.indexOf(fact.status),
    fact.reason === null ? -1 : WINDOW_ENDS.indexOf(fact.reason),
    fact.revision,
    fact.steps,
    fact.armedAtMs,
    fact.deadlineMs,
    fact.createdAtMs,
    fact.manifest,
    WINDOW_EVENTS.indexOf(fact.event),
    fact.by,
    ...fact.sides.flatMap(({ player, awayUntilMs, accepted, confirmed, lines }) => [
      player,
      awayUntilMs,
      accepted,
      confirmed,
      flat(lines),
    ]),
    baseline !== null,
    flat(baseline?.[0]),
    flat(baseline?.[1]),
  ]);
}

function offerText(fact: OfferFact): string {
  const { maker, taker, give, want, message, createdAtMs, expiresAtMs, counterOf } = fact;
  const status = OFFER_STATUSES.indexOf(fact.status);
  const sides = [flat(give), flat(want)];
  return text([maker, taker, ...sides, message, status, createdAtMs, expiresAtMs, counterOf]);
}

function flat(lines: readonly Line[] = []): number[] {
  return lines.flatMap(({ asset, location, quantity }) => [asset, location, quantity]);
}
