// The last word of the facts on everything: what the projection's tables would hold. Facts say how
// things are now, so the tables are the latest fact of each kind and number; nothing is computed.

import type { LineView } from '../../protocol/direct.ts';
import type { Recalled } from '../../src/engine/entry.ts';
import type {
  BalanceFact,
  BlockFact,
  DecidedFact,
  Fact,
  FactGroup,
  ForgottenFact,
  FriendFact,
  InstanceFact,
  ItemFact,
  Line,
  LocationFact,
  ManifestFact,
  OfferFact,
  OrderFact,
  PlayerFact,
  PrivacyFact,
  TradeFact,
  WindowFact,
} from '../../src/engine/fact.ts';
import { DEFAULT_RULES, type Rules } from '../../src/engine/rules.ts';

export interface DatedKey {
  readonly sequence: number;
  /** How long the realm had lived by then. */
  readonly livedMs: number;
  readonly fact: DecidedFact;
}

export class FactTables {
  readonly players = new Map<number, PlayerFact>();
  readonly locations = new Map<number, LocationFact>();
  readonly items = new Map<number, ItemFact>();
  readonly instances = new Map<number, InstanceFact>();
  readonly accounts = new Map<number, BalanceFact>();
  readonly orders = new Map<number, OrderFact>();
  readonly windows = new Map<number, WindowFact>();
  /** Every manifest there ever was, by its hash. */
  readonly manifests = new Map<string, ManifestFact>();
  readonly offers = new Map<number, OfferFact>();
  /** By `player other`. */
  readonly blocks = new Map<string, BlockFact>();
  readonly privacies = new Map<number, PrivacyFact>();
  /** By `player other`: those who are friends now. */
  readonly friends = new Map<string, FriendFact>();
  readonly trades: TradeFact[] = [];
  /** In the order in which they were decided. */
  readonly keys: DatedKey[] = [];
  readonly forgotten = new Map<number, ForgottenFact>();
  lastTrade = 0;
  sequence = 0;
  atMs = 0;
  livedMs = 0;
  readonly #livedStepMaxMs: number;
  readonly #keyRetentionMs: number;

  constructor(rules: Pick<Rules, 'livedStepMaxMs' | 'keyRetentionMs'> = DEFAULT_RULES) {
    this.#livedStepMaxMs = rules.livedStepMaxMs;
    this.#keyRetentionMs = rules.keyRetentionMs;
  }

  apply(group: FactGroup): void {
    this.sequence = group.sequence;
    this.livedMs += Math.min(group.atMs - this.atMs, this.#livedStepMaxMs);
    this.atMs = group.atMs;
    for (const fact of group.facts) this.put(fact);
  }

  playerName(player: number): string {
    return named(this.players.get(player), `player ${player}`);
  }

  locationName(location: number): string {
    return named(this.locations.get(location), `location ${location}`);
  }

  mainLocation(): number {
    for (const { location, name } of this.locations.values()) if (name === 'main') return location;
    throw new Error('facts: there is no main location');
  }

  assetName(asset: number): string {
    return named(this.items.get(asset) ?? this.instances.get(asset), `asset ${asset}`);
  }

  /** The definition behind an asset: of an instance, its item's. */
  itemOf(asset: number): ItemFact {
    const item = this.items.get(this.instances.get(asset)?.item ?? asset);
    if (item === undefined) throw new Error(`facts: asset ${asset} was never introduced`);
    return item;
  }

  openOrders(): OrderFact[] {
    return [...this.orders.values()].filter(order => order.status === 'open');
  }

  liveWindows(): WindowFact[] {
    return [...this.windows.values()].filter(isLive);
  }

  openOffers(): OfferFact[] {
    return [...this.offers.values()].filter(offer => offer.status === 'open');
  }

  lineView({ asset, location, quantity }: Line): LineView {
    return { asset: this.assetName(asset), location: this.locationName(location), quantity };
  }

  /** What the tables say of a key of the service role, once a projector dropped the old ones. */
  lookUp(name: string, key: string): Recalled {
    const player = [...this.players.values()].find(one => one.name === name)?.player ?? -1;
    const watermark = this.forgotten.get(player)?.key ?? null;
    let floor: string | null = null;
    let answered: Recalled['answered'] = null;
    for (const { livedMs, fact } of this.keys) {
      if (!fact.service) continue;
      const isForgotten = fact.key <= (this.forgotten.get(fact.player)?.key ?? '');
      if (isForgotten && livedMs + this.#keyRetentionMs < this.livedMs) {
        if (fact.key > (floor ?? '')) floor = fact.key;
      } else if (fact.player === player && fact.key === key) answered = fact;
    }
    return { sequence: this.sequence, watermark, floor, answered };
  }

  put(fact: Fact): void {
    switch (fact.kind) {
      case 'player':
        this.players.set(fact.player, fact);
        break;
      case 'location':
        this.locations.set(fact.location, fact);
        break;
      case 'item':
        this.items.set(fact.asset, fact);
        break;
      case 'instance':
        this.instances.set(fact.asset, fact);
        break;
      case 'balance':
        this.accounts.set(fact.account, fact);
        break;
      case 'closed':
        this.accounts.delete(fact.account);
        break;
      case 'order':
        this.orders.set(fact.id, fact);
        break;
      case 'trade':
        this.lastTrade = fact.id;
        this.trades.push(fact);
        break;
      case 'window':
        this.windows.set(fact.id, fact);
        break;
      case 'manifest':
        this.manifests.set(fact.body.manifest, fact);
        break;
      case 'offer':
        this.offers.set(fact.id, fact);
        break;
      case 'block':
        this.blocks.set(`${fact.player} ${fact.other}`, fact);
        break;
      case 'privacy':
        this.privacies.set(fact.player, fact);
        break;
      case 'friend':
        if (fact.isKept) this.friends.set(`${fact.player} ${fact.other}`, fact);
        else this.friends.delete(`${fact.player} ${fact.other}`);
        break;
      case 'decided':
        this.keys.push({ sequence: this.sequence, livedMs: this.livedMs, fact });
        break;
      case 'forgotten':
        this.forgotten.set(fact.player, fact);
        break;
      case 'transfer':
        break;
    }
  }
}

export function isLive({ status }: WindowFact): boolean {
  return status !== 'done' && status !== 'cancelled';
}

function named(fact: { readonly name: string } | undefined, what: string): string {
  if (fact === undefined) throw new Error(`facts: ${what} was never introduced`);
  return fact.name;
}
