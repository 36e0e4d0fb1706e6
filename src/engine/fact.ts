// What the engine decided, in the smallest vocabulary that rebuilds its state and the tables.
//
// Facts state how things are now, never by how much they changed; applying one twice changes
// nothing. The same facts come out of `Engine.apply`, go through the journal, become table rows,
// and go back in through `Engine.restore`. Players, assets and locations are dense integers that
// the engine gave out; `player`, `location`, `item` and `instance` facts say which name each one
// has.

import type { ItemKind } from '../../protocol/commands/items.ts';
import type {
  Manifest,
  OfferStatus,
  WindowEnd,
  WindowEventKind,
  WindowStatus,
} from '../../protocol/direct.ts';
import type { Attributes, OrderStatus, TimeInForce } from '../../protocol/fields.ts';

export type Side = 'buy' | 'sell';

/** Why something moved between two accounts. `reference` of the transfer is read accordingly. */
export const TRANSFER_REASONS = [
  'grant',
  'burn',
  'transfer',
  'trade', // reference: the trade
  'trade-fee', // reference: the trade
  'listing-fee', // reference: the listing
  'window', // reference: the window
  'window-fee', // reference: the window
  'offer', // reference: the offer
  'offer-fee', // reference: the offer
] as const;
export type TransferReason = (typeof TRANSFER_REASONS)[number];

export interface PlayerFact {
  readonly kind: 'player';
  readonly player: number;
  readonly name: string;
}

export interface LocationFact {
  readonly kind: 'location';
  readonly location: number;
  readonly name: string;
}

/** An item or currency as it is defined now. Its asset id never changes. */
export interface ItemFact {
  readonly kind: 'item';
  readonly asset: number;
  readonly name: string;
  readonly itemKind: ItemKind;
  /** Asset id of the currency it is paid with; a currency names itself. */
  readonly currency: number;
  readonly tickSize: number;
  readonly lotSize: number;
  readonly minPrice: number;
  readonly maxPrice: number;
  readonly halted: boolean;
  readonly attributes: Attributes;
}

/** An instance of a unique item: an asset of its own, of which there is at most one. */
export interface InstanceFact {
  readonly kind: 'instance';
  readonly asset: number;
  /** `item#serial`. */
  readonly name: string;
  /** Asset id of the unique item. */
  readonly item: number;
  readonly attributes: Attributes;
}

/**
 * An account as it stands after the command. Negative only for the issuer. Its number may have been
 * that of another account, which was closed before this one was opened.
 */
export interface BalanceFact {
  readonly kind: 'balance';
  readonly account: number;
  readonly owner: number;
  readonly asset: number;
  readonly location: number;
  readonly available: number;
  readonly held: number;
  /** Whether the command opened it. */
  readonly opened: boolean;
}

/** An account that had nothing is gone, and its number free for another one. */
export interface ClosedFact {
  readonly kind: 'closed';
  readonly account: number;
}

/** A movement: what `debit` lost and `credit` got. Account ids; quantity at least 1. */
export interface TransferFact {
  readonly kind: 'transfer';
  readonly debit: number;
  readonly credit: number;
  readonly quantity: number;
  readonly reason: TransferReason;
  /** The trade or listing it belongs to; 0 for none. */
  readonly reference: number;
}

/** A listing ('sell') or bid ('buy') as it stands after the command. Ids count both together. */
export interface OrderFact {
  readonly kind: 'order';
  readonly id: number;
  readonly side: Side;
  readonly player: number;
  readonly asset: number;
  readonly location: number;
  readonly price: number;
  /** In all, what was filled included. */
  readonly quantity: number;
  /** Unfilled. What a closed order leaves here was cancelled or expired. */
  readonly remaining: number;
  /** Goods held by a listing, money held by a bid; 0 once closed. */
  readonly held: number;
  /** What the buyer pays on top of each fill of a bid, fixed when the bid was made. */
  readonly feeBps: number;
  /** The sequence that gave it its place in its price level. */
  readonly priority: number;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  /** 0: never. */
  readonly expiresAtMs: number;
  readonly createdAtMs: number;
  readonly status: OrderStatus;
}

/** A printed fill. */
export interface TradeFact {
  readonly kind: 'trade';
  readonly id: number;
  /** The instance for unique items. */
  readonly asset: number;
  readonly location: number;
  readonly price: number;
  readonly quantity: number;
  /** The resting order. */
  readonly maker: number;
  /** The incoming order; 0 for a purchase or sale, which leaves none. */
  readonly taker: number;
  readonly takerSide: Side;
  readonly buyer: number;
  readonly seller: number;
  /** Paid by the buyer on top of price * quantity; 0 when the seller pays. */
  readonly buyerFee: number;
  /** Kept back from the seller's price * quantity; 0 when the buyer pays. */
  readonly sellerFee: number;
}

/** So much of an asset that somebody gives, or wants. Money lies at location 0. */
export interface Line {
  readonly asset: number;
  readonly location: number;
  readonly quantity: number;
}

export interface WindowSideFact {
  readonly player: number;
  /** Sorted by the names of asset and location. Held while the window is live. */
  readonly lines: readonly Line[];
  readonly accepted: boolean;
  readonly confirmed: boolean;
  /** When the window ends unless the player comes back; 0 while they are there. */
  readonly awayUntilMs: number;
}

/** A window as it stands after what happened to it. An ended one keeps its lines, holds none. */
export interface WindowFact {
  readonly kind: 'window';
  readonly id: number;
  readonly status: WindowStatus;
  /** Of a cancelled window. */
  readonly reason: WindowEnd | null;
  readonly revision: number;
  /** How often a command of its players has changed it. */
  readonly steps: number;
  /** The one who invited comes first. */
  readonly sides: readonly [WindowSideFact, WindowSideFact];
  /** Before it, nobody may accept (open) or confirm (review). */
  readonly armedAtMs: number;
  /** When its status has lasted too long; what an absence allows is in the sides. */
  readonly deadlineMs: number;
  readonly createdAtMs: number;
  /** Of the manifest under review or executed; empty for none. */
  readonly manifest: string;
  /**
   * What was on the table when somebody first accepted; null before. Each line of it is raised to
   * the most that was ever there since.
   */
  readonly baseline: readonly [readonly Line[], readonly Line[]] | null;
  readonly event: WindowEventKind;
  /** Whose doing it was; -1 when the time was up or the server had been away. */
  readonly by: number;
  /**
   * Whether the log of the window keeps it. Coming and going is no step of a trade unless it took
   * back what somebody had agreed to: else the log would grow with the connections of a player.
   */
  readonly isLogged: boolean;
}

/** What both players of a window confirm. Never changes; the window says which one counts. */
export interface ManifestFact {
  readonly kind: 'manifest';
  readonly window: number;
  /** Its hash is `body.manifest`. */
  readonly body: Manifest;
}

/** A directed offer as it stands after the command. `give` is held while it is open. */
export interface OfferFact {
  readonly kind: 'offer';
  readonly id: number;
  readonly maker: number;
  readonly taker: number;
  readonly give: readonly Line[];
  readonly want: readonly Line[];
  /** Empty for none. */
  readonly message: string;
  readonly status: OfferStatus;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** The offer it answered; 0 for none. */
  readonly counterOf: number;
}

/** Whether `player` wants nothing from `other` any more. */
export interface BlockFact {
  readonly kind: 'block';
  readonly player: number;
  readonly other: number;
  readonly blocked: boolean;
}

/** Whether `other` is a friend of `player`, and the entry of their last trade. */
export interface FriendFact {
  readonly kind: 'friend';
  readonly player: number;
  readonly other: number;
  readonly sequence: number;
  readonly isKept: boolean;
}

/** Whether nobody may invite `player`, or make them an offer. */
export interface PrivacyFact {
  readonly kind: 'privacy';
  readonly player: number;
  readonly closed: boolean;
}

/** The first answer to a command that carried a key: what every repetition gets. */
export interface DecidedFact {
  readonly kind: 'decided';
  readonly player: number;
  readonly key: string;
  /** Of the command and its payload; tells a repetition from a reuse. */
  readonly digest: number;
  readonly ok: boolean;
  /** Whether the service role sent it: the tables keep such keys when the engine forgets them. */
  readonly service: boolean;
  /** The body of the reply as it is remembered, its keys in their order on the wire. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The engine remembers no key of the player up to this one any more: their watermark. */
export interface ForgottenFact {
  readonly kind: 'forgotten';
  readonly player: number;
  readonly key: string;
}

/** Everything that is kept. */
export type Fact =
  | PlayerFact
  | LocationFact
  | ItemFact
  | InstanceFact
  | BalanceFact
  | ClosedFact
  | TransferFact
  | OrderFact
  | TradeFact
  | WindowFact
  | ManifestFact
  | OfferFact
  | BlockFact
  | PrivacyFact
  | FriendFact
  | DecidedFact
  | ForgottenFact;

/**
 * A price level of a book after the command; 0 and 0 when it is gone. Derived, so never journaled.
 */
export interface LevelFact {
  readonly kind: 'level';
  readonly asset: number;
  readonly location: number;
  readonly side: Side;
  readonly price: number;
  readonly quantity: number;
  readonly orders: number;
}

export type EngineOutput = Fact | LevelFact;

/** Facts of one entry: `sequence` rises by one with each entry that had any. */
export interface FactGroup {
  readonly sequence: number;
  readonly atMs: number;
  readonly facts: readonly Fact[];
}
