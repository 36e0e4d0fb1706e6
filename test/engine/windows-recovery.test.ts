// Windows brought back from their facts, and the audit that looks at them: what a state forgets or
// invents must be seen by its hash and named by the audit.

import { describe, expect, test } from 'vitest';
import { auditState } from '../../src/engine/audit.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Fact } from '../../src/engine/fact.ts';
import type { State } from '../../src/engine/state.ts';
import type { Window } from '../../src/engine/window.ts';
import { load, replay } from '../sim/restore.ts';
import type { Bench } from '../sim/simulation.ts';
import { play } from '../support/scenario.ts';

const REVIEW = `
  rules armAddedMs 0 armTakenMs 0 armAcceptedMs 0 reviewMs 0
  define ore commodity
  grant ann coins 100
  grant bob ore 10
  grant cid coins 5
  bid cid ore 1 @ 2
  sell bob 1 ore min 1
  invite ann bob
  join bob #1
  put ann #1 50 coins
  put bob #1 9 ore
  accept ann #1
  put bob #1 8 ore
  accept ann #1
  accept bob #1
  confirm ann #1 acknowledge
  invite cid ann                      -> PLAYER_UNAVAILABLE
`;

const OPEN = `${REVIEW}
  reopen bob #1
  grant dee coins 1
  invite cid dee
  block ann dee
  privacy dee none
`;

/** The last facts of everything, the manifest in front of its window or behind it. */
function loadInOrder(bench: Bench, order: 'before' | 'behind' | 'without'): Engine {
  const { tables } = bench.auditor;
  const engine = new Engine(bench.rules);
  const manifests: Fact[] = order === 'without' ? [] : [...tables.manifests.values()];
  const windows: Fact[] = [...tables.windows.values()];
  const facts: Fact[] = [
    ...tables.players.values(),
    ...tables.locations.values(),
    ...tables.items.values(),
    ...tables.accounts.values(),
    ...tables.trades,
    ...(order === 'behind' ? [...windows, ...manifests] : [...manifests, ...windows]),
  ];
  for (const fact of facts) engine.restore(fact, tables.atMs);
  const { sequence, atMs, lastTrade } = tables;
  const lastOrder = Math.max(...tables.orders.keys());
  engine.resume({ sequence, atMs, lastTrade, lastOrder, lastWindow: 1, lastOffer: 0 });
  return engine;
}

describe('a window under review', () => {
  test('is the same, replayed or loaded, and can be swapped', () => {
    play(`${REVIEW}
      restart
      window #1 review rev 3: ann 50 coins accepted confirmed | bob 8 ore accepted
      confirm bob #1 acknowledge      -> #1 done
      balance ann ore 8 held 0
    `);
  });

  test.each(['before', 'behind'] as const)('takes its manifest from %s its own fact', order => {
    const bench = play(REVIEW);
    const loaded = loadInOrder(bench, order);
    expect(auditState(loaded.state)).toEqual([]);
    expect(loaded.hash()).toBe(bench.engine.hash());
  });

  test('without its manifest is found by the audit', () => {
    const loaded = loadInOrder(play(REVIEW), 'without');
    expect(auditState(loaded.state)).toContain('window 1 is in review without a manifest');
  });

  test('stays the same when its facts are applied twice', () => {
    const { engine, groups, auditor, rules } = play(REVIEW);
    const again = replay(rules, groups, auditor.tables);
    const { manifests, windows } = auditor.tables;
    for (const fact of [...manifests.values(), ...windows.values()]) again.restore(fact, 1_000_000);
    expect(again.hash()).toBe(engine.hash());
    expect(auditState(again.state)).toEqual([]);
  });
});

describe('a number', () => {
  test.each(['lastWindow', 'lastOffer'] as const)('is never given out twice: %s', name => {
    const { auditor, engine, rules } = play(`${REVIEW}\n offer cid ann 1 coins for 1 ore`);
    const loaded = load(rules, auditor.tables);
    const { sequence, changedAtMs: atMs, lastOrder, lastTrade } = engine.state;
    const standing = { sequence, atMs, lastOrder, lastTrade, lastWindow: 1, lastOffer: 1 };
    loaded.resume(standing);
    expect(() => loaded.resume({ ...standing, [name]: 0 })).toThrow(
      'ids are never given out twice',
    );
  });
});

function window(state: State, id = 1): Window {
  const found = state.windows.get(id);
  if (found === undefined) throw new Error(`window ${id} is not live`);
  return found;
}

type Corruption = readonly [named: string, corrupt: (state: State) => void, says: string | null];

/** In the state of OPEN: window 1 on the table at revision 4, window 2 an invitation. */
const CORRUPTIONS: readonly Corruption[] = [
  [
    'a line that holds nothing',
    state => {
      window(state).sides[0].lines = [];
    },
    'its orders, windows and offers 0',
  ],
  [
    'more on the table than is held',
    state => {
      const [line] = window(state).sides[1].lines;
      if (line !== undefined) window(state).sides[1].lines = [{ ...line, quantity: 9 }];
    },
    'its orders, windows and offers 9',
  ],
  [
    'a line twice',
    state => {
      const { lines } = window(state).sides[1];
      window(state).sides[1].lines = [...lines, ...lines];
    },
    'window 1 has its lines out of order',
  ],
  [
    'a table that both have accepted',
    state => {
      for (const side of window(state).sides) side.accepted = true;
    },
    'window 1 is accepted, and not in review',
  ],
  [
    'an acceptance of one who is away',
    state => {
      window(state).sides[0].accepted = true;
      window(state).sides[0].awayUntilMs = window(state).deadlineMs;
    },
    'window 1 is accepted by one who is away',
  ],
  [
    'an acceptance without what it was of',
    state => {
      window(state).sides[0].accepted = true;
      window(state).baseline = null;
    },
    'window 1 forgot what was first accepted',
  ],
  [
    'a confirmation out of review',
    state => {
      window(state).sides[0].confirmed = true;
    },
    'window 1 is confirmed out of review',
  ],
  [
    'a review that nobody accepted',
    state => {
      window(state).status = 'review';
    },
    'window 1 is in review, and not accepted',
  ],
  [
    'an invitation with a past',
    state => {
      window(state, 2).revision = 1;
    },
    'window 2 goes on before its players have met',
  ],
  [
    'an absence of one who has not come',
    state => {
      window(state, 2).sides[1].awayUntilMs = window(state, 2).deadlineMs;
    },
    'window 2 waits for one who has not come',
  ],
  [
    'a window that is over',
    state => {
      window(state).status = 'cancelled';
    },
    'window 1 is over, and kept',
  ],
  [
    'a window that outlived its time',
    state => {
      state.nowMs += 30_001;
    },
    'window 2 is overdue',
  ],
  [
    'a deadline that the queue does not know',
    state => {
      window(state).deadlineMs += 1;
    },
    'window 1 ends at a wrong time',
  ],
  [
    'a window that the queue has lost',
    state => state.windows.expiries.remove(window(state)),
    'window 1 never ends',
  ],
  [
    'a player at two tables',
    state => {
      const other = window(state, 2);
      other.status = 'open';
      Object.assign(other.sides[1], { player: window(state).sides[0].player });
      state.windows.put(other);
    },
    'window 1 has lost its inviter',
  ],
  [
    'a number that was never given out',
    state => {
      state.lastWindow = 1;
    },
    'window 2 was never given out',
  ],
  [
    'time that is barred',
    state => {
      window(state).armedAtMs += 1;
    },
    null,
  ],
  [
    'a baseline',
    state => {
      window(state).baseline = [[], []];
    },
    null,
  ],
  [
    'a revision',
    state => {
      window(state).revision += 1;
    },
    null,
  ],
  [
    'a block that is forgotten',
    state => {
      const { players, blocks } = state;
      const [player, other] = [players.find('ann'), players.find('dee')];
      blocks.put({ kind: 'block', player, other, blocked: false });
    },
    null,
  ],
  [
    'a privacy that is forgotten',
    state => {
      const player = state.players.find('dee');
      state.blocks.setPrivacy({ kind: 'privacy', player, closed: false });
    },
    null,
  ],
  [
    'a price that was never paid',
    state => state.market(state.assetNames.find('ore')).recent(0).add(3),
    null,
  ],
  [
    'an invitation that never was',
    state => {
      const [inviter, invited] = [state.players.find('dee'), state.players.find('ann')];
      state.windows.remember({ window: 3, inviter, invited, atMs: state.nowMs });
    },
    null,
  ],
  [
    'a count of windows',
    state => {
      state.lastWindow += 1;
    },
    null,
  ],
];

describe('what is wrong with a window', () => {
  test('is nothing in a sound state', () => {
    expect(auditState(play(OPEN).engine.state)).toEqual([]);
  });

  test.each(CORRUPTIONS.filter(([, , says]) => says !== null))(
    'is named by the audit: %s',
    (_named, corrupt, says) => {
      const { state } = play(OPEN).engine;
      corrupt(state);
      expect(auditState(state).join('\n')).toContain(says);
    },
  );

  // What the clock and the queue alone say follows from the rest.
  const derived = ['a window that outlived its time', 'a window that the queue has lost'];
  test.each(CORRUPTIONS.filter(([named]) => !derived.includes(named)))(
    'changes the hash: %s',
    (_named, corrupt) => {
      const { engine } = play(OPEN);
      const before = engine.hash();
      corrupt(engine.state);
      expect(engine.hash()).not.toBe(before);
    },
  );
});

describe('what is wrong with a review', () => {
  const WRONG: readonly (readonly [named: string, corrupt: (of: Window) => void, says: string])[] =
    [
      [
        'no manifest',
        of => {
          of.manifest = null;
        },
        'window 1 is in review without a manifest',
      ],
      [
        'the manifest of another revision',
        of => {
          of.revision += 1;
        },
        'window 1 is in review with the manifest of another table',
      ],
      [
        'less on the table than in the manifest',
        of => {
          of.sides[1].lines = [];
        },
        'window 1 has something else on the table than in its manifest',
      ],
      [
        'two confirmations',
        of => {
          for (const side of of.sides) side.confirmed = true;
        },
        'window 1 is confirmed, and not done',
      ],
      [
        'one acceptance',
        of => {
          of.sides[0].accepted = false;
        },
        'window 1 is in review, and not accepted',
      ],
    ];

  test.each(WRONG)('is named by the audit and seen by the hash: %s', (_named, corrupt, says) => {
    const { engine } = play(REVIEW);
    const before = engine.hash();
    corrupt(window(engine.state));
    expect(auditState(engine.state).join('\n')).toContain(says);
    expect(engine.hash()).not.toBe(before);
  });
});

describe('what is wrong with an offer', () => {
  test.each([
    [
      'a lost expiry',
      (state: State) => state.offers.expiries.remove([...state.offers.values()][0] as never),
      'the expiry queue has lost an offer',
    ],
    [
      'an offer that is over, and what it holds',
      (state: State) => state.offers.remove([...state.offers.values()][0] as never),
      'its orders, windows and offers 0',
    ],
    [
      'an offer that outlived its time',
      (state: State) => {
        state.nowMs += 50;
      },
      'offer 1 is overdue',
    ],
    [
      'a number that was never given out',
      (state: State) => {
        state.lastOffer = 0;
      },
      'offer 1 was never given out',
    ],
  ])('is named by the audit: %s', (_named, corrupt, says) => {
    const { state } = play(`
      grant ann coins 5
      grant bob coins 5
      offer ann bob 5 coins for nothing until 50
    `).engine;
    expect(auditState(state)).toEqual([]);
    corrupt(state);
    expect(auditState(state).join('\n')).toContain(says);
  });
});
