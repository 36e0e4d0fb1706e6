// What players do with each other in windows: whole dances from the invitation to the swap, each
// step by what the window shows, in between everything that goes wrong: too early, too late, with
// another revision, hash or manifest, from a stranger, with a cable pulled at the worst moment.

import { diffLines, takesAway } from '../../protocol/window-diff.ts';
import { tableHash } from '../../protocol/window-hash.ts';
import type { WindowFact } from '../../src/engine/fact.ts';
import { PLAYERS, STRANGER, type Step, type Surroundings, UNKNOWN } from './surroundings.ts';
import { aside, connection, halted, late, plain, restart, unsuited } from './workload-beside.ts';
import { newSide } from './workload-lines.ts';

/** What somebody does next about windows: mostly something that suits the state of one. */
export function windowSteps(around: Surroundings): Step[] {
  const { random, shown } = around;
  const live = shown.liveWindows();
  if (random.chance(4)) return [aside(around)];
  if (live.length === 0 || random.chance(live.length === 1 ? 18 : 6)) return [invitation(around)];
  const window = random.pick(live);
  if (random.chance(5)) return [unsuited(around, window)];
  if (random.chance(4)) return [late(around, window)];
  if (window.status === 'invited') return [answer(around, window)];
  return window.status === 'open' ? onTable(around, window) : inReview(around, window);
}

function invitation({ random }: Surroundings): Step {
  const inviter = random.chance(2) ? STRANGER : random.pick(PLAYERS);
  const invited = random.weighted<string>([
    [94, random.pick(PLAYERS.filter(player => player !== inviter))],
    [2, STRANGER],
    [1, UNKNOWN],
    [3, inviter],
  ]);
  return plain({ command: 'windows.invite', payload: { player: invited }, player: inviter });
}

function answer(around: Surroundings, { id, sides }: WindowFact): Step {
  const { random } = around;
  const [inviter, invited] = namesOf(around, sides);
  const payload = { window: id };
  return random.weighted<Step>([
    [72, plain({ command: 'windows.join', payload, player: invited })],
    [6, plain({ command: 'windows.decline', payload, player: invited })],
    [5, plain({ command: 'windows.cancel', payload, player: inviter })],
    [3, plain({ command: 'windows.cancel', payload, player: invited })],
    [2, plain({ command: 'windows.join', payload, player: inviter })],
    [2, plain({ command: 'windows.decline', payload, player: inviter })],
    [4, connection(inviter, random.chance(50))],
    [2, connection(invited, false)],
    // He would rather invite somebody himself.
    [4, invitationOf(invited, random.pick(PLAYERS))],
  ]);
}

function invitationOf(player: string, invited: string): Step {
  const sure = invited === player ? STRANGER : invited;
  return plain({ command: 'windows.invite', payload: { player: sure }, player });
}

function onTable(around: Surroundings, window: WindowFact): Step[] {
  const { random } = around;
  const { id, sides, armedAtMs } = window;
  const [one, other] = sides;
  const isEmpty = one.lines.length + other.lines.length === 0;
  const isHalf = one.lines.length === 0 || other.lines.length === 0;
  // Whoever has to do something comes first: the one away, the one who has not accepted.
  const side = sides.find(({ accepted }) => !accepted) ?? one;
  const actor = random.chance(80) ? side : random.pick(sides);
  const [player] = namesOf(around, [actor, actor]);
  const away = sides.find(({ awayUntilMs }) => awayUntilMs > 0);
  const payload = { window: id };
  const what = random.weighted([
    [isEmpty ? 60 : isHalf ? 40 : 12, 'put' as const],
    [isEmpty ? 3 : isHalf ? 20 : 55, 'accept' as const],
    [3, 'unaccept' as const],
    [2, 'cancel' as const],
    [4, 'leave' as const],
    [away === undefined ? 0 : 30, 'return' as const],
    [isEmpty ? 0 : 3, 'halt' as const],
  ]);
  switch (what) {
    case 'put':
      return [putting(around, window, actor.player)];
    case 'accept':
      return [acceptance(around, window, player)];
    case 'unaccept':
      return [
        plain({ command: 'windows.unaccept', payload, player: otherThan(around, window, side) }),
      ];
    case 'cancel':
      return [plain({ command: 'windows.cancel', payload, player })];
    case 'leave':
      return [connection(random.pick(namesOf(around, sides)), false)];
    case 'return':
      return [connection(namesOf(around, [away ?? one, one])[0], true)];
    case 'halt': {
      const accepts = (who: WindowFact['sides'][0]): Step => {
        return {
          ...acceptance(around, window, namesOf(around, [who, who])[0], true),
          fromMs: armedAtMs,
        };
      };
      return halted(around, [...one.lines, ...other.lines], [accepts(one), accepts(other)]);
    }
  }
}

function otherThan(
  around: Surroundings,
  { sides }: WindowFact,
  side: WindowFact['sides'][0],
): string {
  const accepted = sides.find(one => one !== side) ?? side;
  return namesOf(around, [accepted, accepted])[0];
}

function putting(around: Surroundings, window: WindowFact, number: number): Step {
  const { random, shown } = around;
  const player = shown.playerName(number);
  const lines = window.sides.find(side => side.player === number)?.lines ?? [];
  const current = lines.map(line => shown.lineView(line));
  const assets = newSide(around, player, current);
  const revision = revisionFor(around, window);
  const step = plain({
    command: 'windows.put',
    payload: { window: window.id, revision, assets },
    player,
  });
  // The classic: something is taken away in the very moment in which the other may accept.
  const after = assets.map(line => ({ ...line, location: line.location ?? 'main' }));
  const isWorse = diffLines(player, current, after).some(takesAway);
  return isWorse && random.chance(40) ? { ...step, fromMs: window.armedAtMs } : step;
}

function acceptance(
  around: Surroundings,
  window: WindowFact,
  player: string,
  isSure = false,
): Step {
  const { random, shown } = around;
  const revision = isSure ? window.revision : revisionFor(around, window);
  const [one, other] = window.sides.map(({ player: number, lines }) => ({
    player: shown.playerName(number),
    assets: lines.map(line => shown.lineView(line)),
  }));
  if (one === undefined || other === undefined) throw new Error('a window has two sides');
  const isWrong = !isSure && random.chance(6);
  const seen = isWrong ? { ...other, assets: other.assets.slice(1) } : other;
  const of = isWrong && random.chance(50) ? window.revision + 1 : window.revision;
  const hash = tableHash(window.id, of, [one, seen]);
  const payload = { window: window.id, revision, hash };
  const step = plain({ command: 'windows.accept', payload, player });
  return { ...step, ...waiting(around, window.armedAtMs) };
}

function inReview(around: Surroundings, window: WindowFact): Step[] {
  const { random } = around;
  const { id, sides } = window;
  const side = sides.find(({ confirmed }) => !confirmed) ?? sides[0];
  const [player] = namesOf(around, [random.chance(85) ? side : random.pick(sides), side]);
  const confirmed = sides.find(one => one.confirmed) ?? side;
  const payload = { window: id };
  const what = random.weighted([
    [76, 'confirm' as const],
    [sides.some(one => one.confirmed) ? 15 : 2, 'unconfirm' as const],
    [4, 'reopen' as const],
    [3, 'cancel' as const],
    [6, 'leave' as const],
    [4, 'halt' as const],
    [1, 'restart' as const],
    [2, 'put' as const],
  ]);
  switch (what) {
    case 'confirm':
      return [confirmation(around, window, player)];
    case 'unconfirm': {
      const [taker] = namesOf(around, [confirmed, confirmed]);
      return [plain({ command: 'windows.unconfirm', payload, player: taker })];
    }
    case 'reopen':
      return [plain({ command: 'windows.reopen', payload, player })];
    case 'cancel':
      return [plain({ command: 'windows.cancel', payload, player })];
    case 'leave':
      return [connection(random.pick(namesOf(around, sides)), false)];
    case 'halt':
      return halted(
        around,
        sides.flatMap(({ lines }) => lines),
        [confirmation(around, window, player, true)],
      );
    case 'restart':
      return [restart()];
    case 'put':
      return [putting(around, window, side.player)];
  }
}

function confirmation(
  around: Surroundings,
  window: WindowFact,
  player: string,
  isSure = false,
): Step {
  const { random, shown } = around;
  const { warnings = [] } = shown.manifests.get(window.manifest)?.body ?? {};
  const isHasty = !isSure && random.chance(8);
  const own = warnings.filter(warning => (warning.player === player) !== isHasty);
  const tokens = own.flatMap(({ token }) => token ?? []);
  const isOther = !isSure && random.chance(5);
  const manifest = isOther ? 'ab'.repeat(32) : window.manifest;
  const given = tokens.length > 0 || random.chance(20) ? { acknowledge: tokens } : {};
  const payload = { window: window.id, manifest, ...given };
  const step = plain({ command: 'windows.confirm', payload, player });
  return {
    ...step,
    ...(isSure ? { fromMs: window.armedAtMs } : waiting(around, window.armedAtMs)),
  };
}

/** Mostly as soon as it may be; at times a millisecond before, or without any waiting. */
function waiting({ random }: Surroundings, armedAtMs: number): { fromMs?: number } {
  const delayMs = random.weighted([
    [76, 0],
    [8, -1],
    [10, null],
    [6, 3],
  ]);
  return delayMs === null ? {} : { fromMs: armedAtMs + delayMs };
}

function revisionFor({ random }: Surroundings, { revision }: WindowFact): number {
  return random.chance(94) ? revision : Math.max(0, revision + random.pick([-1, 1]));
}

function namesOf(
  { shown }: Surroundings,
  [one, other]: readonly [{ readonly player: number }, { readonly player: number }],
): [string, string] {
  return [shown.playerName(one.player), shown.playerName(other.player)];
}
