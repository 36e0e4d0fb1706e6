// Every command by its name on the wire, with the types its schemas infer.

import type { z } from 'zod';
import { bidCommands } from './bids.ts';
import { historyCommands } from './history.ts';
import { itemCommands } from './items.ts';
import { keyCommands } from './keys.ts';
import { listingCommands } from './listings.ts';
import { marketCommands } from './market.ts';
import { offerCommands } from './offers.ts';
import { placeCommands } from './places.ts';
import { purchaseCommands } from './purchases.ts';
import { saleCommands } from './sales.ts';
import { sessionCommands } from './session.ts';
import { sessionsCommands } from './sessions.ts';
import { walletCommands } from './wallet.ts';
import { windowCommands } from './windows.ts';

export const COMMANDS = {
  ...sessionCommands,
  ...sessionsCommands,
  ...itemCommands,
  ...placeCommands,
  ...walletCommands,
  ...listingCommands,
  ...bidCommands,
  ...purchaseCommands,
  ...saleCommands,
  ...offerCommands,
  ...windowCommands,
  ...marketCommands,
  ...historyCommands,
  ...keyCommands,
} as const;

export type CommandName = keyof typeof COMMANDS;

/** The names of the commands that `by` answers. */
export type CommandsAnsweredBy<By> = {
  [Name in CommandName]: (typeof COMMANDS)[Name]['answeredBy'] extends By ? Name : never;
}[CommandName];

export type SessionCommand = CommandsAnsweredBy<'session'>;
export type EngineCommand = CommandsAnsweredBy<'engine'>;
export type ReadCommand = CommandsAnsweredBy<'read'>;

export type Payload<Name extends CommandName> = z.infer<(typeof COMMANDS)[Name]['payload']>;
export type Result<Name extends CommandName> = z.infer<(typeof COMMANDS)[Name]['result']>;
