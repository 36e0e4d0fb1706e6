// What a window checks before it sends its player's word: that he has seen what he agrees to, and
// that the server will take it. Each check throws a NotSentError and changes nothing.

import { NotSentError } from './client-options.ts';
import type { ManifestView, Warning, WindowStatus, WindowView } from './direct.ts';
import { manifestHash, tableHash } from './window-hash.ts';

/** A table as it was on the screen. */
export interface ShownTable {
  readonly revision: number;
  readonly hash: string;
}

export function shownTable({ window, revision, sides }: WindowView): ShownTable {
  return { revision, hash: tableHash(window, revision, sides) };
}

/** The table can be accepted: it is the one on the screen, and has been there long enough. */
export function checkTable(view: WindowView, shown: ShownTable | null, nowMs: number): ShownTable {
  checkStatus(view, 'open');
  if (shown === null) throw new NotSentError('NOT_SHOWN', 'Nothing on the table was shown yet.');
  if (shown.revision !== view.revision) {
    const what = `Revision ${shown.revision} was shown, ${view.revision} is on the table`;
    throw new NotSentError('STALE_REVISION', `${what}: show that.`);
  }
  if (shown.hash !== shownTable(view).hash) {
    throw new NotSentError('HASH_MISMATCH', 'What was shown is not what is on the table.');
  }
  checkArmed(view, nowMs);
  return shown;
}

/** The manifest can be confirmed: it is under review, it is whole, and it is what was accepted. */
export function checkManifest(
  manifest: ManifestView,
  view: WindowView,
  accepted: ShownTable | null,
  nowMs: number,
): void {
  checkStatus(view, 'review');
  if (manifest.window !== view.window || manifest.manifest !== view.manifest) {
    throw new NotSentError('STALE_MANIFEST', 'Another manifest is under review: show that one.');
  }
  if (manifestHash(manifest) !== manifest.manifest) {
    throw new NotSentError('HASH_MISMATCH', 'The manifest is not what its name says.');
  }
  const lines = manifest.sides.flatMap(({ assets }) => assets);
  if (lines.some(line => line.digits.replace(/\D/g, '') !== String(line.quantity))) {
    throw new NotSentError('HASH_MISMATCH', 'The digits of a line are not its quantity.');
  }
  if (accepted === null) {
    throw new NotSentError('NOT_SHOWN', 'This table was not accepted here: reopen it.');
  }
  if (tableHash(manifest.window, manifest.revision, manifest.sides) !== accepted.hash) {
    throw new NotSentError('HASH_MISMATCH', 'The manifest is not the table that was accepted.');
  }
  checkArmed(view, nowMs);
}

/** Each warning to the player that has a token was acknowledged. */
export function checkAcknowledged(warnings: readonly Warning[], tokens: readonly string[]): void {
  const missing = warnings.filter(({ token }) => token !== null && !tokens.includes(token));
  if (missing.length === 0) return;
  const codes = missing.map(({ code }) => code).join(', ');
  throw new NotSentError('NOT_ACKNOWLEDGED', `The player has not acknowledged: ${codes}.`);
}

function checkStatus({ status }: WindowView, needed: WindowStatus): void {
  if (status === needed) return;
  throw new NotSentError('WINDOW_STATUS', `The window is in status ${status}, not ${needed}.`);
}

function checkArmed({ armedAtMs }: WindowView, nowMs: number): void {
  if (nowMs >= armedAtMs) return;
  const until = new Date(armedAtMs).toISOString();
  const message = `Not before ${until}, which is in ${armedAtMs - nowMs} ms.`;
  throw new NotSentError('NOT_ARMED', message, armedAtMs);
}
