// Clients on all nodes that write and read a few registers and write down what they saw: coins in
// wallets, the prices of listings, revisions and manifests of windows. They are service sockets for
// commands and reads, and followers (follower.ts) for what is subscribed to.

import type { CommandName, Payload } from '../../protocol/commands/registry.ts';
import type { WindowView } from '../../protocol/direct.ts';
import { tableHash } from '../../protocol/window-hash.ts';
import { sleep, until } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { seeded } from '../support/seeded.ts';
import { processToken } from '../support/server-process.ts';
import { Follower } from './follower.ts';
import { describeViolation, type Operation } from './history.ts';
import { Links } from './links.ts';
import { judgeVersions } from './versions.ts';
import { judgeZones } from './zones.ts';

type Body = Readonly<Record<string, unknown>>;
type Answered = { readonly outcome: string; readonly body: Body } | null;

const PLAYERS = ['ann', 'bob', 'cid', 'dan'] as const;
const PAIRS = [
  ['ann', 'bob'],
  ['cid', 'dan'],
] as const;
const ITEMS = ['item-0', 'item-1', 'item-2'];
const SELLER = 'seller';
const FIRST_PRICE = 1_000_000;
const GOODS = 1_000_000;
/** Longer than this nobody waits for an answer before doing something else. */
const PATIENCE_MS = 250;
const PAUSE_MS = 8;
const READERS = 6;
/** Of a window's steps, each so many-th is a review, which makes a manifest. */
const REVIEW_EVERY = 6;

export class Clients {
  readonly history: Operation[] = [];
  readonly faults: string[] = [];
  /** Answers that counted, by command; and how many were refused. */
  readonly counts = new Map<string, number>();
  readonly #links = new Links();
  readonly #ports: () => readonly number[];
  readonly #random: () => number;
  readonly #listings = new Map<string, number>();
  readonly #windows = new Map<(typeof PAIRS)[number], WindowView>();
  readonly #manifests = new Map<number, number>();
  #followers: Follower[] = [];
  #loops: Promise<void>[] = [];
  #isRunning = false;
  #nextId = 0;
  #nextPrice = FIRST_PRICE;

  /** `ports`: where there are nodes at the moment. */
  constructor(seed: number, ports: () => readonly number[]) {
    this.#random = seeded(seed);
    this.#ports = ports;
  }

  /** Sets the scene and begins. */
  async start(): Promise<void> {
    const game = await JudgeSocket.open(this.#ports()[0] ?? 0, await processToken('game'));
    const ask = async <Name extends CommandName>(
      command: Name,
      payload: Payload<Name>,
      player = 'game',
    ) => {
      const { outcome, body } = await game.ask(command, payload, { player });
      if (outcome !== 'ok') throw new Error(`${command}: ${JSON.stringify(body)}`);
      return body;
    };
    for (const item of [...ITEMS, 'ore']) await ask('items.define', { item, kind: 'commodity' });
    for (const player of PLAYERS)
      await ask('wallet.grant', { player, asset: 'ore', quantity: GOODS });
    for (const item of ITEMS) {
      await ask('wallet.grant', { player: SELLER, asset: item, quantity: 1 });
      const offer = { item, quantity: 1, price: FIRST_PRICE };
      const { listing } = await ask('listings.create', offer, SELLER);
      this.#listings.set(item, listing as number);
    }
    for (const pair of PAIRS) {
      const { window } = await ask('windows.invite', { player: pair[1] }, pair[0]);
      await ask('windows.join', { window: window as number }, pair[1]);
      const view = (await ask('windows.get', { window: window as number })).window;
      this.#windows.set(pair, view as WindowView);
    }
    game.destroy();
    this.#isRunning = true;
    this.#followers = PLAYERS.map((player, n) => {
      const item = ITEMS[n % ITEMS.length] as string;
      const pair = PAIRS.find(names => (names as readonly string[]).includes(player));
      const window = pair === undefined ? 0 : (this.#windows.get(pair)?.window ?? 0);
      return new Follower({ player, item, window, clients: this, random: this.#random });
    });
    this.#loops = [
      this.#keep(() => this.#grant()),
      this.#keep(() => this.#grant()),
      this.#keep(() => this.#price()),
      this.#keep(() => this.#price()),
      ...PAIRS.map(pair => this.#keep(step => this.#trade(pair, step))),
      ...Array.from({ length: READERS }, () => this.#keep(() => this.#read())),
      ...this.#followers.map(follower => this.#keep(() => follower.follow())),
    ];
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Resolves when so many more reads of this kind were answered. */
  async more(command: CommandName, count: number, timeoutMs = 15_000): Promise<void> {
    const enough = (this.counts.get(command) ?? 0) + count;
    const what = `${count} more ${command} are answered`;
    await until(() => (this.counts.get(command) ?? 0) >= enough, what, timeoutMs);
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#loops);
    // Whoever is still without an answer gets none any more.
    await sleep(PATIENCE_MS);
    this.#links.close();
    for (const follower of this.#followers) follower.close();
    await sleep(50);
  }

  /** What is wrong with all that was seen; for people. */
  judge(): string[] {
    const prices = this.history.filter(({ register }) => register.startsWith('price '));
    const versions = this.history.filter(({ register }) => !register.startsWith('price '));
    const first = new Map(ITEMS.map(item => [`price ${item}`, FIRST_PRICE]));
    // Leaving and coming back changes windows too.
    const isOurs = (register: string) => register.startsWith('coins ');
    const found = [...judgeVersions(versions, isOurs), ...judgeZones(prices, first)];
    return [...this.faults, ...found.slice(0, 20).map(describeViolation)];
  }

  /** A node, any of them. */
  somewhere(): number {
    const ports = this.#ports();
    return ports[this.#below(ports.length)] ?? 0;
  }

  note(operation: Operation): void {
    this.history.push(operation);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  async #keep(act: (step: number) => Promise<unknown>): Promise<void> {
    for (let step = 1; this.#isRunning; step++) {
      await act(step);
      await sleep(PAUSE_MS);
    }
  }

  /**
   * Sends something to any node and notes what it comes to; resolves with the answer, or with null
   * when there is none in time: then it is noted when it comes.
   */
  async #do<Name extends CommandName>(
    command: Name,
    payload: Payload<Name>,
    player: string,
    heard: (answer: Answered, invokedMs: number, what: string) => void,
  ): Promise<Answered> {
    const port = this.somewhere();
    const socket = this.#links.to(port);
    if (socket === null) return null;
    const what = `${command} at ${port}`;
    const invokedMs = performance.now();
    const done = socket.tell(++this.#nextId, command, payload, { player }).then(answer => {
      const outcome = answer?.outcome ?? 'closed';
      this.count(outcome === 'ok' ? command : outcome);
      const isFault = outcome === 'invalid' && !JSON.stringify(answer?.body).includes('IN_FLIGHT');
      if (isFault) this.faults.push(`${what}: ${JSON.stringify(answer?.body)}`);
      heard(answer, invokedMs, what);
      return answer;
    });
    return Promise.race([done, sleep(PATIENCE_MS).then(() => null)]);
  }

  /** A command that makes `value` of a register, or the version that `made` finds in the answer. */
  #write<Name extends CommandName>(
    register: string,
    [command, payload, player]: readonly [Name, Payload<Name>, string],
    made: (body: Body) => number | null,
    value: number | null = null,
  ): Promise<Answered> {
    return this.#do(command, payload, player, (answer, invokedMs, what) => {
      const outcome = answer?.outcome ?? 'unknown';
      const note = { what, register, kind: 'write', invokedMs } as const;
      if (outcome === 'unknown')
        this.note({ ...note, returnedMs: Number.POSITIVE_INFINITY, value });
      if (outcome !== 'ok') return;
      const version = made(answer?.body ?? {});
      if (version === null) return;
      this.note({ ...note, returnedMs: performance.now(), value: version });
    });
  }

  #look<Name extends CommandName>(
    command: Name,
    payload: Payload<Name>,
    seen: (body: Body) => readonly (readonly [register: string, value: number])[],
  ): Promise<Answered> {
    return this.#do(command, payload, 'game', (answer, invokedMs, what) => {
      if (answer?.outcome !== 'ok') return;
      const returnedMs = performance.now();
      for (const [register, value] of seen(answer.body)) {
        this.note({ what, register, kind: 'read', invokedMs, returnedMs, value });
      }
    });
  }

  #grant(): Promise<unknown> {
    const player = PLAYERS[this.#below(PLAYERS.length)] as string;
    const grant = { player, asset: 'coins', quantity: 1 };
    return this.#write(`coins ${player}`, ['wallet.grant', grant, 'game'], body => {
      return (body.balance as { available: number }).available;
    });
  }

  #price(): Promise<unknown> {
    const item = ITEMS[this.#below(ITEMS.length)] as string;
    const price = ++this.#nextPrice;
    const change = { listing: this.#listings.get(item) ?? 0, price };
    return this.#write(`price ${item}`, ['listings.update', change, SELLER], () => price, price);
  }

  /** One player of each window changes the table; now and then both accept it. */
  async #trade(pair: (typeof PAIRS)[number], step: number): Promise<void> {
    const view = this.#windows.get(pair) as WindowView;
    const { window } = view;
    const known = (await this.#lookAtWindow(window))?.body.window as WindowView | undefined;
    if (known === undefined) return;
    if (known.status === 'review') {
      await this.#do('windows.reopen', { window }, pair[0], () => {});
    } else if (step % REVIEW_EVERY === 0) {
      await this.#review(pair, known);
    } else {
      const [{ assets }] = known.sides;
      const quantity = (assets[0]?.quantity ?? 0) === 1 ? 2 : 1;
      const put = { window, revision: known.revision, assets: [{ asset: 'ore', quantity }] };
      const made = (body: Body) => {
        const made = body.revision as number;
        return made > known.revision ? made : null;
      };
      await this.#write(`revision ${window}`, ['windows.put', put, pair[0]], made);
    }
  }

  async #review(pair: (typeof PAIRS)[number], view: WindowView): Promise<void> {
    const { window, revision, sides } = view;
    const accept = { window, revision, hash: tableHash(window, revision, sides) };
    const first = await this.#do('windows.accept', accept, pair[0], () => {});
    if (first?.outcome !== 'ok') return;
    const before = this.#manifests.get(window) ?? 0;
    await this.#do('windows.accept', accept, pair[1], (answer, _invokedMs, what) => {
      if (answer?.outcome !== 'ok' || answer.body.status !== 'review') return;
      // It names one more manifest than there were, at least: from now on it is there.
      const returnedMs = performance.now();
      const register = `manifests ${window}`;
      const kind = 'read' as const;
      this.note({ what, register, kind, invokedMs: 0, returnedMs, value: before + 1 });
    });
  }

  async #lookAtWindow(window: number): Promise<Answered> {
    return this.#look('windows.get', { window }, body => {
      const { revision } = body.window as WindowView;
      const { length } = body.manifests as unknown[];
      this.#manifests.set(window, Math.max(length, this.#manifests.get(window) ?? 0));
      return [
        [`revision ${window}`, revision],
        [`manifests ${window}`, length],
      ];
    });
  }

  async #read(): Promise<unknown> {
    const item = ITEMS[this.#below(ITEMS.length)] as string;
    const player = PLAYERS[this.#below(PLAYERS.length)] as string;
    const pair = PAIRS[this.#below(PAIRS.length)] as (typeof PAIRS)[number];
    switch (this.#below(4)) {
      case 0:
        return this.#look('wallet.get', { player, asset: 'coins' }, body => {
          const [balance] = body.balances as { available: number }[];
          return [[`coins ${player}`, balance?.available ?? 0]];
        });
      case 1:
        return this.#look('listings.get', { listing: this.#listings.get(item) ?? 0 }, body => [
          [`price ${item}`, body.price as number],
        ]);
      case 2:
        return this.#look('market.book', { item, depth: 1 }, body => {
          const [best] = body.asks as [number, number, number][];
          return [[`price ${item}`, best?.[0] ?? -1]];
        });
      default:
        return this.#lookAtWindow(this.#windows.get(pair)?.window ?? 0);
    }
  }
}
