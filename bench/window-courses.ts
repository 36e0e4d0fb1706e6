// One trade window after the other between the two players of each pair: invited, joined, both put,
// both accept what they see, both confirm. Side 0 invites. Both sides see the same table, so the
// hash to accept is computed once per window; the manifest to confirm comes with the second
// acceptance.

import { hash } from 'node:crypto';
import type { LineView } from '../protocol/direct.ts';
import { DEFAULT_LOCATION } from '../protocol/fields.ts';
import { tableBytes } from '../protocol/window-hash.ts';
import { type CoursePlan, Courses } from './courses.ts';
import {
  type FrameTemplate,
  HASH_DIGITS,
  HASH_PLACE,
  nameOf,
  namePlace,
  numberPlace,
  template,
} from './frame-template.ts';
import type { RawSocket } from './raw-socket.ts';
import { firstInteger, manifestStart } from './reply.ts';
import { ITEMS_PER_SIDE, itemsOf, PRICE, playerOf, QUANTITY } from './swaps.ts';
import type { Trial } from './trial.ts';

type Doing = 'invite' | 'subscribe' | 'join' | 'put' | 'accept' | 'confirm';
type Step = readonly [doing: Doing, side: 0 | 1];

const STEPS: readonly Step[] = [
  ['invite', 0],
  ['join', 1],
  ['put', 0],
  ['put', 1],
  ['accept', 0],
  ['accept', 1],
  ['confirm', 0],
  ['confirm', 1],
];
const WATCHED_STEPS: readonly Step[] = [
  ['invite', 0],
  ['subscribe', 0],
  ['subscribe', 1],
  ...STEPS.slice(1),
];

/** Places in the frames: the player who acts, the other one, then his items; the window. */
const ACTOR = 1;
const OTHER = 2;
const FIRST_ITEM = 3;
const WINDOW = 1;
const REVISION = 2;
/** After both have put. */
const ACCEPTED_REVISION = 2;

export interface WindowPlan {
  readonly pairs: number;
  /** Each player acts on a socket of his own, number n for player n, and watches his windows. */
  readonly watched: boolean;
}

export function windowCourses(trial: Trial, { pairs, watched }: WindowPlan): Courses {
  const steps = watched ? WATCHED_STEPS : STEPS;
  const frames = makeFrames();
  const tables = Array.from({ length: pairs }, (_, pair) => tableOf(pair));
  const windows = new Float64Array(pairs);
  /** By pair: what to accept, later what to confirm. */
  const digits = Buffer.alloc(pairs * HASH_DIGITS);
  const fill = (pair: number, [doing, side]: Step): FrameTemplate => {
    const player = playerOf(pair, side);
    const window = windows[pair] as number;
    if (doing === 'subscribe') {
      return template('session.subscribe', { channels: [`window:${window}`] });
    }
    const frame = frames[doing];
    frame.name(ACTOR, player);
    if (doing === 'invite') {
      frame.name(OTHER, playerOf(pair, 1));
      return frame;
    }
    frame.number(WINDOW, window);
    if (doing === 'put') {
      frame.number(REVISION, side);
      itemsOf(player).forEach((item, nth) => {
        frame.name(FIRST_ITEM + nth, item);
      });
    }
    if (doing === 'accept' && side === 0) {
      const bytes = tableBytes(window, ACCEPTED_REVISION, tables[pair] as Table);
      digits.write(hash('sha256', bytes, 'hex'), pair * HASH_DIGITS, 'latin1');
    }
    if (doing === 'accept' || doing === 'confirm') frame.hash(digits, pair * HASH_DIGITS);
    return frame;
  };
  const plan: CoursePlan = {
    courses: pairs,
    steps: steps.length,
    frame: (pair, step) => fill(pair, steps[step] as Step),
    answered: (pair, step, bytes, bodyStart) => {
      const [doing, side] = steps[step] as Step;
      if (doing === 'invite') windows[pair] = firstInteger(bytes, bodyStart);
      if (doing !== 'accept' || side === 0) return;
      const start = manifestStart(bytes, bodyStart);
      bytes.copy(digits, pair * HASH_DIGITS, start, start + HASH_DIGITS);
    },
  };
  const { sockets } = trial.exchange;
  const socketOf = (pair: number, step: number) =>
    sockets[playerOf(pair, (steps[step] as Step)[1])] as RawSocket;
  return new Courses(trial.exchange, watched ? { ...plan, socketOf } : plan);
}

function makeFrames(): Readonly<Record<Exclude<Doing, 'subscribe'>, FrameTemplate>> {
  const more = { player: namePlace(ACTOR) };
  const window = numberPlace(WINDOW);
  const items = Array.from({ length: ITEMS_PER_SIDE }, (_, nth) => ({
    asset: namePlace(FIRST_ITEM + nth, 'i'),
    quantity: QUANTITY,
  }));
  const assets = [...items, { asset: 'coins', quantity: PRICE }];
  const accept = { window, revision: ACCEPTED_REVISION, hash: HASH_PLACE };
  return {
    invite: template('windows.invite', { player: namePlace(OTHER) }, more),
    join: template('windows.join', { window }, more),
    put: template('windows.put', { window, revision: numberPlace(REVISION), assets }, more),
    accept: template('windows.accept', accept, more),
    confirm: template('windows.confirm', { window, manifest: HASH_PLACE }, more),
  };
}

type Table = Parameters<typeof tableBytes>[2];

function tableOf(pair: number): Table {
  const side = (number: 0 | 1) => {
    const player = playerOf(pair, number);
    const line = (asset: string, quantity: number): LineView => ({
      asset,
      location: DEFAULT_LOCATION,
      quantity,
    });
    const goods = itemsOf(player).map(item => line(nameOf(item, 'i'), QUANTITY));
    return { player: nameOf(player), assets: [...goods, line('coins', PRICE)] };
  };
  return [side(0), side(1)];
}
