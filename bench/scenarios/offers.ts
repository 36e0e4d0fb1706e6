// `offers`: a directed offer and its acceptance by the other player, again and again, between
// players drawn by chance: one unit of an item for some coins.

import { OFFER_STATUSES } from '../../protocol/direct.ts';
import { Courses } from '../courses.ts';
import { namePlace, numberPlace, template } from '../frame-template.ts';
import type { Options } from '../options.ts';
import { Random } from '../random.ts';
import { firstInteger } from '../reply.ts';
import type { Result } from '../report.ts';
import {
  CLOSED_LOOP,
  coinsCheck,
  goodsCheck,
  runTrial,
  type Trial,
  type Workload,
} from '../trial.ts';
import { defineItems, grantCoins, grantGoods } from '../world.ts';

const PLAYERS = 10_000;
const ITEMS = 100;
const COINS = 1_000_000_000;
const STOCK = 1_000_000;
const PRICE = 10;
const SEED = 36;
/** More than can be under way at a time. */
const COURSES = 20_000;

export function offers(options: Options): Promise<Result> {
  return runTrial(
    {
      ...CLOSED_LOOP,
      scenario: 'offers',
      environment: { OPEN_OFFERS_MAX: '1000000', RECEIVED_OFFERS_MAX: '1000000' },
      prepare,
    },
    options,
  );
}

async function prepare(trial: Trial, options: Options): Promise<Workload> {
  const players = options.players ?? PLAYERS;
  await defineItems(trial, ITEMS);
  await grantCoins(trial, players, COINS);
  await grantGoods(trial, players, ITEMS, STOCK);
  const courses = offerCourses(trial, players);
  return {
    source: courses.source,
    whole: courses.meter,
    onAnswer: courses.answered,
    checks: () => {
      const refusal = courses.whyRefused();
      if (refusal !== null) trial.say(`refused: ${refusal}`);
      return [
        coinsCheck(players * COINS),
        goodsCheck(players * STOCK),
        { what: 'offers given up', sql: `select ${courses.refused}`, expected: 0 },
        {
          what: 'offers accepted',
          sql: `select count(*) from offers where status = ${OFFER_STATUSES.indexOf('accepted')}`,
          expected: courses.done,
        },
      ];
    },
  };
}

function offerCourses(trial: Trial, players: number): Courses {
  const random = new Random(SEED);
  const takers = new Uint32Array(COURSES);
  const ids = new Float64Array(COURSES);
  const create = template(
    'offers.create',
    {
      to: namePlace(2),
      give: [{ asset: namePlace(3, 'i'), quantity: 1 }],
      want: [{ asset: 'coins', quantity: PRICE }],
    },
    { player: namePlace(1) },
  );
  const accept = template('offers.accept', { offer: numberPlace(1) }, { player: namePlace(1) });
  return new Courses(trial.exchange, {
    courses: COURSES,
    steps: 2,
    frame: (course, step) => {
      if (step === 1) {
        accept.number(1, ids[course] as number);
        accept.name(1, takers[course] as number);
        return accept;
      }
      const maker = random.below(players);
      const taker = (maker + 1 + random.below(players - 1)) % players;
      takers[course] = taker;
      create.name(1, maker);
      create.name(2, taker);
      create.name(3, maker % ITEMS);
      return create;
    },
    answered: (course, step, bytes, bodyStart) => {
      if (step === 0) ids[course] = firstInteger(bytes, bodyStart);
    },
  });
}
