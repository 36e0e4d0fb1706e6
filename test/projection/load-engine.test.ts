import { expect, it } from 'vitest';
import type { LineView } from '../../protocol/direct.ts';
import { tableHash } from '../../protocol/window-hash.ts';
import { auditState } from '../../src/engine/audit.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Command, Entry, Presence } from '../../src/engine/entry.ts';
import type { Fact, FactGroup } from '../../src/engine/fact.ts';
import { DEFAULT_DIRECT_RULES, DEFAULT_RULES } from '../../src/engine/rules.ts';
import { Projector } from '../../src/projection/projector.ts';
import { auditTables } from '../../src/reads/audit.ts';
import { loadEngine } from '../../src/recovery.ts';
import { readerOf, rowsOf } from '../support/journal-rows.ts';
import { openTestDatabase, quiet } from '../support/postgres.ts';

const OPTIONS = { roundBytesMax: 1e6, journalRetentionMs: 1e6, keyRetentionMs: 1e6 };
const RULES = {
  ...DEFAULT_RULES,
  direct: { ...DEFAULT_DIRECT_RULES, feeBps: 100, armAddedMs: 0, armTakenMs: 0, armAcceptedMs: 0 },
};

const coins: LineView = { asset: 'coins', location: 'main', quantity: 300 };
const ore: LineView = { asset: 'ore', location: 'north', quantity: 4 };
const grant = (player: string, asset: string, quantity: number, location = 'main'): Step => [
  'game',
  { command: 'wallet.grant', payload: { player, asset, quantity, location } },
];

/** What `accept` carries for the table of ann and bob in their first window. */
const agreed = (revision: number) => ({
  window: 1,
  revision,
  hash: tableHash(1, revision, [
    { player: 'ann', assets: [coins] },
    { player: 'bob', assets: [ore] },
  ]),
});

/** Who does what; time passes by a second each, or as much as is said. */
type Step = readonly [player: string, what: Command | Presence, waitMs?: number];

const day = (engine: () => Engine): (Step | (() => Step))[] => [
  ['game', { command: 'items.define', payload: { item: 'ore', kind: 'commodity' } }],
  ['game', { command: 'places.define', payload: { place: 'north' } }],
  grant('ann', 'coins', 10_000),
  grant('bob', 'coins', 10_000),
  grant('bob', 'ore', 100, 'north'),
  grant('cat', 'coins', 1),
  grant('dan', 'coins', 1),
  [
    'bob',
    {
      command: 'listings.create',
      payload: { item: 'ore', quantity: 30, price: 70, location: 'north' },
    },
  ],
  ...Array.from({ length: 17 }, (): Step => {
    const terms = { item: 'ore', quantity: 1, maxPrice: 70, location: 'north' };
    return ['ann', { command: 'purchases.create', payload: terms }];
  }),
  ['ann', { command: 'windows.invite', payload: { player: 'bob' } }],
  ['bob', { command: 'windows.join', payload: { window: 1 } }],
  ['ann', { command: 'windows.put', payload: { window: 1, revision: 0, assets: [coins] } }],
  ['bob', { command: 'windows.put', payload: { window: 1, revision: 1, assets: [ore] } }],
  ['ann', { command: 'windows.accept', payload: agreed(2) }],
  ['bob', { command: 'presence', payload: { present: false } }],
  ['bob', { command: 'presence', payload: { present: true } }],
  ['bob', { command: 'windows.accept', payload: agreed(2) }],
  ['cat', { command: 'windows.invite', payload: { player: 'dan' } }],
  ['dan', { command: 'windows.decline', payload: { window: 2 } }],
  ['cat', { command: 'windows.invite', payload: { player: 'dan' } }],
  () => confirmation(engine(), 'ann'),
  () => confirmation(engine(), 'bob'),
  ['cat', { command: 'windows.block', payload: { player: 'dan' } }],
  ['dan', { command: 'windows.privacy', payload: { invitations: 'none' } }],
  [
    'ann',
    {
      command: 'offers.create',
      payload: { to: 'bob', give: [{ asset: 'coins', quantity: 50 }], want: [ore] },
    },
  ],
  [
    'bob',
    {
      command: 'offers.counter',
      payload: { offer: 1, give: [ore], want: [{ asset: 'coins', quantity: 60 }] },
    },
  ],
  ['ann', { command: 'windows.invite', payload: { player: 'bob' } }, 61_000],
];

function confirmation(engine: Engine, player: string): Step {
  const manifest = engine.state.windows.get(1)?.manifest;
  if (manifest === null || manifest === undefined) throw new Error('Window 1 has no manifest.');
  const acknowledge = manifest.warnings.flatMap(({ token, player: warned }) =>
    token !== null && warned === player ? [token] : [],
  );
  const payload = { window: 1, manifest: manifest.manifest, acknowledge };
  return [player, { command: 'windows.confirm', payload }, 5_000];
}

it('an engine loaded from the tables after any command is the same engine', async () => {
  const test = await openTestDatabase();
  try {
    const client = await test.client();
    const engine = new Engine(RULES);
    const groups: FactGroup[] = [];
    let atMs = 1_000_000;
    for (const each of day(() => engine)) {
      const [player, what, waitMs = 1_000] = typeof each === 'function' ? each() : each;
      atMs += waitMs;
      const applied = engine.apply({ ...what, player, atMs, key: null, digest: 0 } as Entry);
      expect(applied, what.command).toMatchObject({ outcome: 'ok' });
      const facts = applied.output.filter((fact): fact is Fact => fact.kind !== 'level');
      expect(facts, what.command).not.toEqual([]);
      groups.push({ sequence: applied.sequence, atMs, facts });
      const reader = readerOf(rowsOf(groups), 100);
      const projector = await Projector.begin(test.database, client, reader, OPTIONS);
      while (await projector.step());
      const loaded = await loadEngine(test.database, RULES, quiet);
      expect(loaded.hash(), what.command).toBe(engine.hash());
      expect(auditState(loaded.state)).toEqual([]);
    }
    expect(engine.state.market(1).recent(1)?.count).toBe(15);
    await client.query(
      `insert into journal select position, 1, sequence, at_ms, '', '' from projection`,
    );
    expect((await auditTables(client)).filter(finding => !finding.ok)).toEqual([]);
  } finally {
    await test.close();
  }
});
