// The read commands of windows and offers, each with the query that answers it.

import type { Payload, ReadCommand } from '../../protocol/commands/registry.ts';
import { REPORTS_PER_DAY_MAX } from '../../protocol/limits.ts';
import type { AmountLocale } from '../base/amount-text.ts';
import { ok, rejected, type TableAnswer } from './answer.ts';
import { getOffer, getOwnOffers } from './offers.ts';
import type { Source } from './source.ts';
import { getWindow } from './window-history.ts';
import { getReports, reportWindow } from './window-reports.ts';
import { getBlocked, getOwnWindows } from './windows.ts';

export type DirectReadCommand = Extract<ReadCommand, `windows.${string}` | `offers.${string}`>;

interface Asking {
  readonly payload: Payload<ReadCommand>;
  readonly player: string;
  readonly role: string;
}

export async function answerDirect(
  source: Source,
  command: DirectReadCommand,
  asking: Asking,
  locale: AmountLocale,
): Promise<TableAnswer> {
  const { player } = asking;
  switch (command) {
    case 'windows.get': {
      const ask = asking.payload as Payload<'windows.get'>;
      const found = await getWindow(source, asking, ask, locale);
      return found === null ? noWindow(ask.window) : ok(found);
    }
    case 'windows.mine': {
      const ask = asking.payload as Payload<'windows.mine'>;
      return ok(await getOwnWindows(source, player, ask));
    }
    case 'windows.blocked':
      return ok(await getBlocked(source, player));
    case 'windows.report': {
      const ask = asking.payload as Payload<'windows.report'>;
      const reported = await reportWindow(source, player, ask);
      if (reported === 'no-window') return noWindow(ask.window);
      return reported === 'too-many' ? TOO_MANY_REPORTS : ok(reported);
    }
    case 'windows.reports':
      return ok(await getReports(source, asking.payload as Payload<'windows.reports'>));
    case 'offers.get': {
      const ask = asking.payload as Payload<'offers.get'>;
      const offer = await getOffer(source, player, ask);
      if (offer !== null) return ok(offer);
      return rejected('OFFER_NOT_FOUND', `You have no offer ${ask.offer}.`);
    }
    case 'offers.mine': {
      const ask = asking.payload as Payload<'offers.mine'>;
      return ok(await getOwnOffers(source, player, ask));
    }
  }
}

const TOO_MANY_REPORTS = rejected(
  'LIMIT_REACHED',
  `At most ${REPORTS_PER_DAY_MAX} reports within 24 hours.`,
  { limit: 'reports', max: REPORTS_PER_DAY_MAX },
);

function noWindow(window: number): TableAnswer {
  return rejected('WINDOW_NOT_FOUND', `You have no window ${window}.`);
}
