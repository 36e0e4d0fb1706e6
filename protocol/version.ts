// The version of the wire. It rises with every change of a schema, code or event that a client
// could notice; test/protocol/version.test.ts hashes all of them and fails when it did not.
//
// 1  the trading core: sessions, items, wallets, listings, bids, purchases, sales, market, keys
// 2  direct trades: windows with their channel, offers, and both in the private feed
// 3  places are defined before anything lies there; players are known before others name them;
//    texts have one definition: no control, direction or invisible characters, length in characters
// 4  answers are bounded: windows.get in pages, the private snapshot in parts, shorter pages of
//    what is long; answers have a budget of their own; sessions are ended by the game, and closed
//    with 4410; a server that is full closes with 4504; public snapshots are paid for by their
//    bytes, and may come later; keys are UUIDv7, forgotten ones are KEY_EXPIRED; a long rejection
//    is repeated without details

export const PROTOCOL_VERSION = 4;
