// The vocabulary of scenario lines about directed offers: words in, a command out; and what a look
// at an offer shows.
//
//   offer MAKER TAKER LINES for LINES [until MS] [saying WORD]       -> offer 1
//   counter TAKER #ID LINES for LINES [until MS] [saying WORD]       -> offer 2 for 1
//   take|refuse TAKER #ID             withdraw MAKER #ID             -> offer 1 accepted
//   offer? #1 open: ann 5 coins for 1 sword#1 of bob, until 90
//
// LINES as in scenario-windows.ts.

import type { Line } from '../../src/engine/fact.ts';
import type { FactTables } from '../sim/fact-tables.ts';
import type { Ask } from '../sim/surroundings.ts';
import { linesText } from './scenario-window-watch.ts';
import { linesOf } from './scenario-windows.ts';
import { SCENARIO_START_MS, type Words } from './scenario-words.ts';

const ANSWERS: Readonly<Record<string, string>> = {
  take: 'accept',
  refuse: 'decline',
  withdraw: 'cancel',
};

/** The command that a line asks for; null when its first word is none of these. */
export function offerCommandOf(verb: string, words: Words): Ask | null {
  const asked = read(verb, words);
  return asked === null ? null : (asked as Ask);
}

function read(verb: string, words: Words): object | null {
  if (verb in ANSWERS) {
    const player = words.word();
    return { command: `offers.${ANSWERS[verb]}`, player, payload: { offer: words.id() } };
  }
  if (verb === 'offer') {
    const [player, to] = [words.word(), words.word()];
    return { command: 'offers.create', player, payload: { to, ...terms(words) } };
  }
  if (verb === 'counter') {
    const [player, offer] = [words.word(), words.id()];
    return { command: 'offers.counter', player, payload: { offer, ...terms(words) } };
  }
  return null;
}

function terms(words: Words): object {
  const give = linesOf(words);
  words.expect('for');
  const want = linesOf(words);
  const until = words.has('until') ? { expiresAtMs: SCENARIO_START_MS + words.number() } : {};
  const message = words.has('saying') ? { message: words.word() } : {};
  return { give, want, ...until, ...message };
}

export interface OfferBody {
  readonly offer: number;
  readonly countered?: number;
  readonly status?: string;
}

/** Whether an answer is one about an offer. */
export function isOffer(body: object): body is OfferBody {
  return 'offer' in body;
}

/** What a command about an offer came to. */
export function offerOutcome({ offer, countered, status }: OfferBody): string {
  if (status !== undefined) return `offer ${offer} ${status}`;
  return `offer ${offer}${countered === undefined ? '' : ` for ${countered}`}`;
}

/** `open: ann 5 coins for 1 sword#1 of bob, until 90, answers #3, says hello` */
export function offerLine(tables: FactTables, id: number): string {
  const offer = tables.offers.get(id);
  if (offer === undefined) return 'unknown';
  const { status, maker, taker, give, want, expiresAtMs, counterOf, message } = offer;
  const side = (lines: readonly Line[]) => linesText(lines.map(line => tables.lineView(line)));
  const [from, of] = [tables.playerName(maker), tables.playerName(taker)];
  const until = expiresAtMs - SCENARIO_START_MS;
  const parts = [`${status}: ${from} ${side(give)} for ${side(want)} of ${of}`, `until ${until}`];
  if (counterOf > 0) parts.push(`answers #${counterOf}`);
  if (message !== '') parts.push(`says ${message}`);
  return parts.join(', ');
}
