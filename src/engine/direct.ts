// Which function decides which command of windows and offers.

import { unreachable } from '../base/assert.ts';
import type { Decision } from './decision.ts';
import type { Command } from './entry.ts';
import { acceptOffer, cancelOffer, counterOffer, createOffer, declineOffer } from './offers.ts';
import type { State } from './state.ts';
import { block, decline, invite, join, setPrivacy, unblock } from './window-invite.ts';
import { confirm, reopen, unconfirm } from './window-review.ts';
import { acceptTable, cancelWindow, put, unaccept } from './window-table.ts';

type DirectCommand = Extract<Command, { command: `windows.${string}` | `offers.${string}` }>;

export function executeDirect(state: State, player: string, entry: DirectCommand): Decision {
  switch (entry.command) {
    case 'windows.invite':
      return invite(state, player, entry.payload);
    case 'windows.join':
      return join(state, player, entry.payload);
    case 'windows.decline':
      return decline(state, player, entry.payload);
    case 'windows.put':
      return put(state, player, entry.payload);
    case 'windows.accept':
      return acceptTable(state, player, entry.payload);
    case 'windows.unaccept':
      return unaccept(state, player, entry.payload);
    case 'windows.confirm':
      return confirm(state, player, entry.payload);
    case 'windows.unconfirm':
      return unconfirm(state, player, entry.payload);
    case 'windows.reopen':
      return reopen(state, player, entry.payload);
    case 'windows.cancel':
      return cancelWindow(state, player, entry.payload);
    case 'windows.block':
      return block(state, player, entry.payload);
    case 'windows.unblock':
      return unblock(state, player, entry.payload);
    case 'windows.privacy':
      return setPrivacy(state, player, entry.payload);
    case 'offers.create':
      return createOffer(state, player, entry.payload);
    case 'offers.accept':
      return acceptOffer(state, player, entry.payload);
    case 'offers.decline':
      return declineOffer(state, player, entry.payload);
    case 'offers.cancel':
      return cancelOffer(state, player, entry.payload);
    case 'offers.counter':
      return counterOffer(state, player, entry.payload);
    default:
      return unreachable(entry);
  }
}
