// The vocabulary of scenario lines about windows: words in, a command out.
//
//   invite|block|unblock PLAYER PLAYER              privacy PLAYER all|none
//   join|decline|unaccept|unconfirm|reopen|cancel PLAYER #WINDOW
//   put PLAYER #WINDOW LINES [rev N]                nothing | 5 coins + 1 sword#1 + 3 ore at mine
//   accept PLAYER #WINDOW [rev N] [blind]           blind: with a hash of something else
//   confirm PLAYER #WINDOW [rev N] [acknowledge]    rev: with the manifest of that revision
//
// What is not said is what the player would see now. `rev N`: what he saw at that revision.

import type { AskedLine } from '../../protocol/direct.ts';
import type { Ask } from '../sim/surroundings.ts';
import type { Words } from './scenario-words.ts';

/** What players have seen of a window. */
export interface Sight {
  revision(window: number): number;
  /** Of the table as it was at a revision. */
  hash(window: number, revision: number): string;
  /** The last one, or the one of a revision; zeros when there was none. */
  manifest(window: number, revision?: number): string;
  /** The tokens of the warnings to a player in the last manifest. */
  tokens(window: number, player: string): string[];
}

const OF_WINDOW = ['join', 'decline', 'unaccept', 'unconfirm', 'reopen', 'cancel'];
const OF_PLAYER = ['invite', 'block', 'unblock'];

/** The command that a line asks for; null when its first word is none of these. */
export function windowCommandOf(verb: string, words: Words, sight: Sight): Ask | null {
  const asked = read(verb, words, sight);
  return asked === null ? null : (asked as Ask);
}

function read(verb: string, words: Words, sight: Sight): object | null {
  if (OF_WINDOW.includes(verb)) {
    const player = words.word();
    return { command: `windows.${verb}`, player, payload: { window: words.id() } };
  }
  if (OF_PLAYER.includes(verb)) {
    const player = words.word();
    return { command: `windows.${verb}`, player, payload: { player: words.word() } };
  }
  switch (verb) {
    case 'privacy': {
      const player = words.word();
      return { command: 'windows.privacy', player, payload: { invitations: words.word() } };
    }
    case 'put':
      return put(words, sight);
    case 'accept':
      return acceptance(words, sight);
    case 'confirm':
      return confirmation(words, sight);
    default:
      return null;
  }
}

function put(words: Words, sight: Sight): object {
  const [player, window] = [words.word(), words.id()];
  const assets = linesOf(words);
  const revision = words.has('rev') ? words.number() : sight.revision(window);
  return { command: 'windows.put', player, payload: { window, revision, assets } };
}

function acceptance(words: Words, sight: Sight): object {
  const [player, window] = [words.word(), words.id()];
  const revision = words.has('rev') ? words.number() : sight.revision(window);
  const hash = words.has('blind') ? 'f'.repeat(64) : sight.hash(window, revision);
  return { command: 'windows.accept', player, payload: { window, revision, hash } };
}

function confirmation(words: Words, sight: Sight): object {
  const [player, window] = [words.word(), words.id()];
  const manifest = sight.manifest(window, words.has('rev') ? words.number() : undefined);
  const acknowledge = words.has('acknowledge') ? { acknowledge: sight.tokens(window, player) } : {};
  return { command: 'windows.confirm', player, payload: { window, manifest, ...acknowledge } };
}

/** `nothing`, or `5 coins + 1 sword#1 + 3 ore at mine`. */
export function linesOf(words: Words): AskedLine[] {
  if (words.has('nothing')) return [];
  const lines: AskedLine[] = [];
  do {
    const quantity = words.number();
    const asset = words.word();
    lines.push(words.has('at') ? { asset, quantity, location: words.word() } : { asset, quantity });
  } while (words.has('+'));
  return lines;
}
