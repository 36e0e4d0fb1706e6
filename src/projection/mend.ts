// Mends a fact that the tables could not take, and brings it into them. What is mended is its text,
// by the one definition (protocol/text.ts); a number, a name or an answer is never guessed: such a
// fact goes in as it is, once the tables take it, or stays set aside. The journal is not touched.

import type pg from 'pg';
import { OFFER_MESSAGE } from '../../protocol/direct.ts';
import { ATTRIBUTE_TEXT, type Attributes } from '../../protocol/fields.ts';
import { cleanText } from '../../protocol/text.ts';
import type { Database } from '../database/connection.ts';
import { FactWriter } from '../journal/fact-codec.ts';
import type { StoredFact } from '../journal/fact-reader.ts';
import { Changes } from './changes.ts';
import { settle, type Unsettled } from './quarantine.ts';
import { RowWriter } from './row-writer.ts';
import type { Target } from './write.ts';

export interface Mended {
  readonly fact: StoredFact;
  /** What was changed, each field before and after, in ASCII; empty when nothing was. */
  readonly changes: readonly string[];
}

/** A fact as it may stand in the tables. */
export function mend(fact: StoredFact): Mended {
  switch (fact.kind) {
    case 'offer': {
      const message = cleanText(fact.message, OFFER_MESSAGE);
      return { fact: { ...fact, message }, changes: changed('message', fact.message, message) };
    }
    case 'item':
    case 'instance': {
      const attributes = cleanAttributes(fact.attributes);
      const changes = Object.entries(fact.attributes).flatMap(([name, value]) =>
        changed(`attribute ${name}`, value, attributes[name]),
      );
      return { fact: { ...fact, attributes }, changes };
    }
    default:
      return { fact, changes: [] };
  }
}

/**
 * Writes a mended fact into the tables and settles it, in one database transaction.
 * @returns how it was settled.
 */
export async function settleMended(
  database: Database,
  client: pg.ClientBase,
  unsettled: Unsettled,
  { fact, changes: changed }: Mended,
): Promise<string> {
  const { step, isLast, bytes } = unsettled;
  const changes = new Changes();
  changes.put(unsettled, step, fact);
  // A window has gone on since: what is missing is the step in its log.
  if (!isLast) changes.windows.clear();
  const how = changed.length === 0 ? 'stored as it was' : changed.join('; ');
  await client.query('begin');
  try {
    await new RowWriter(database, client).write(changes, KNOWN_PERHAPS);
    await settle(client, unsettled, how, changed.length === 0 ? bytes : bytesOf(unsettled, fact));
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
  return how;
}

/** What has an id may be there already or not. */
const KNOWN_PERHAPS: Target = {
  accountMax: Number.POSITIVE_INFINITY,
  orderMax: Number.POSITIVE_INFINITY,
  windowMax: Number.POSITIVE_INFINITY,
  offerMax: Number.POSITIVE_INFINITY,
  hasCopy: false,
};

function bytesOf({ sequence, atMs }: Unsettled, fact: StoredFact): Uint8Array {
  if (fact.kind === 'decided' || fact.kind === 'manifest') {
    throw new TypeError('Answers and manifests are stored as they are.');
  }
  const writer = new FactWriter();
  writer.group(sequence, atMs);
  writer.fact(fact);
  return writer.bytes;
}

function cleanAttributes(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === 'string' ? cleanText(value, ATTRIBUTE_TEXT) : value,
    ]),
  );
}

function changed(field: string, before: unknown, after: unknown): string[] {
  return before === after ? [] : [`${field}: ${ascii(before)} became ${ascii(after)}`];
}

/** As JSON with nothing in it but printable ASCII, so that what is invisible is seen. */
function ascii(value: unknown): string {
  return JSON.stringify(value).replace(/[^ -~]/g, unit => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
