// Planted bugs about idempotency keys: see mutants.ts.

import type { Mutant } from './hunt.ts';

const KEYS = 'src/engine/keys.js';
const CHECK = 'src/engine/key-check.js';

export const KEY_MUTANTS: readonly Mutant[] = [
  {
    name: 'last-key-wins',
    file: 'src/engine/engine.js',
    find: "if (known !== 'fresh' && known !== 'late')",
    replace:
      "if (known !== 'fresh' && known !== 'late' && " +
      '(known.digest === undefined || known.digest === entry.digest))',
  },
  {
    name: 'rejections-not-remembered',
    file: 'src/engine/engine.js',
    find: 'key === null ? null : this.#remember',
    replace: 'key === null || !decision.ok ? null : this.#remember',
  },
  {
    name: 'key-kept-too-long',
    file: KEYS,
    find: '+ this.#bounds.retentionMs <= livedMs',
    replace: '+ this.#bounds.retentionMs < livedMs',
  },
  {
    name: 'forgotten-without-watermark',
    file: KEYS,
    find: 'records.copyKey(at, own.integersAt(player), watermarkOf(player));',
    replace: '',
  },
  {
    name: 'forgotten-without-fact',
    file: KEYS,
    find: 'output.push(this.#forgotten(player));',
    replace: '',
  },
  {
    name: 'watermark-itself-is-fresh',
    file: KEYS,
    find: 'this.#wordsOf(key), 0) >= 0',
    replace: 'this.#wordsOf(key), 0) > 0',
  },
  {
    name: 'largest-key-forgotten-first',
    file: 'src/engine/key-records.js',
    find: 'compareKeyWords(words,',
    replace: '-compareKeyWords(words,',
  },
  {
    name: 'stale-lookup-accepted',
    file: CHECK,
    find: '!isBelow ||',
    replace: '',
  },
  {
    name: 'lookup-without-late-keys',
    file: CHECK,
    find: '|| recalled.sequence < state.lateKeys.neededSequence',
    replace: '',
  },
  {
    name: 'restored-without-doubt',
    file: 'src/engine/late-keys.js',
    find: 'this.#neededSequence = sequence;',
    replace: '',
  },
  {
    name: 'dropped-is-fresh',
    file: CHECK,
    find: 'key <= recalled.floor',
    replace: 'false',
  },
  {
    name: 'keys-of-any-future',
    file: CHECK,
    find: '> state.nowMs + KEY_AHEAD_MAX_MS',
    replace: '> Infinity',
  },
];
