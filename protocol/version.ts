// The version of the wire. It rises with every change of a schema, code or event that a client
// could notice; test/protocol/version.test.ts hashes all of them and fails when it did not.
//
// 1  the trading core: sessions, items, wallets, listings, bids, purchases, sales, market, keys

export const PROTOCOL_VERSION = 1;
