// The names of everything a realm has in Redis. All carry the realm's identity, so that a realm of
// the same name on another database has nothing in common with it, whatever the database number
// (pub/sub knows none); and all in the same hash tag, so that on a Redis Cluster they lie in one
// slot, and the realm's scripts may touch several of them.

/** The keys and channels of one realm. */
export interface RealmKeys {
  /** Stream: batches of commands, in the order in which the leader takes them. */
  readonly commands: string;
  /** String with a time to live: which node leads. For liveness only; see lease.ts. */
  readonly lease: string;
  /** Strings with a time to live: who leads next, and how far that has come; see succession.ts. */
  readonly successor: string;
  readonly asked: string;
  readonly ready: string;
  /** String: what tells these nodes from those on another Redis; see cluster-id.ts. */
  readonly cluster: string;
  /** Never there: what is asked for by a write that changes nothing; see command-sender.ts. */
  readonly nothing: string;
  /** Channel: committed batches, heartbeats and handovers of the leader, to every node. */
  readonly feed: string;
  /** Channel: what nodes ask of the leader and tell it that need not be durable. */
  readonly leader: string;
  /** Channel: replies and answers to one node. */
  node(name: string): string;
}

/** @param identity of the realm: see src/realm-identity.ts. */
export function realmKeys(realm: string, identity: string): RealmKeys {
  const tag = `tradepost:{${realm}:${identity}}`;
  return {
    commands: `${tag}:commands`,
    lease: `${tag}:lease`,
    successor: `${tag}:successor`,
    asked: `${tag}:asked`,
    ready: `${tag}:ready`,
    cluster: `${tag}:cluster`,
    nothing: `${tag}:nothing`,
    feed: `${tag}:feed`,
    leader: `${tag}:leader`,
    node: name => `${tag}:node:${name}`,
  };
}
