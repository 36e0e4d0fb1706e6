// A manifest as people read it: the one of the engine with each quantity in digits and in words.
// Who reads it live and who reads it years later see the same, in the language of the realm. The
// texts are no part of the manifest's hash.

import type { Manifest, ManifestView, ValuedSide } from '../../protocol/direct.ts';
import { type AmountLocale, amountDigits, amountWords } from '../base/amount-text.ts';

export function manifestView(manifest: Manifest, locale: AmountLocale): ManifestView {
  const [inviter, invited] = manifest.sides;
  return { ...manifest, sides: [sideView(inviter, locale), sideView(invited, locale)] };
}

function sideView(side: ValuedSide, locale: AmountLocale): ManifestView['sides'][number] {
  const assets = side.assets.map(line => ({
    ...line,
    digits: amountDigits(line.quantity),
    words: amountWords(line.quantity, locale),
  }));
  return { ...side, assets };
}
