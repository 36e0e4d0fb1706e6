// The rows of a journal without a database: groups of facts as they would be appended.

import type { FactGroup } from '../../src/engine/fact.ts';
import { FactWriter } from '../../src/journal/fact-codec.ts';
import type { JournalReader, JournalRow } from '../../src/journal/journal.ts';

/** One row a group, behind a claim. */
export function rowsOf(groups: readonly FactGroup[]): JournalRow[] {
  const claim = { position: 1, epoch: 1, sequence: 0, atMs: 0, facts: new Uint8Array(0) };
  const writer = new FactWriter();
  const rows = groups.map(({ sequence, atMs, facts }, i) => {
    writer.reset();
    writer.group(sequence, atMs);
    for (const fact of facts) writer.fact(fact);
    return { position: i + 2, epoch: 1, sequence, atMs, facts: writer.bytes.slice() };
  });
  return [claim, ...rows];
}

export function readerOf(rows: readonly JournalRow[], rowsMax: number): JournalReader {
  return {
    readAfter: async position => rows.filter(row => row.position > position).slice(0, rowsMax),
  };
}
