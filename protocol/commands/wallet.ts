// wallet.*: what a player owns; and how the game server mints, burns and moves.

import { z } from 'zod';
import {
  amount,
  amountOrZero,
  assetId,
  attributes,
  balanceView,
  locationId,
  pageLimit,
  playerId,
} from '../fields.ts';
import { PAGE_ROWS_MAX } from '../limits.ts';
import type { CommandSpec } from './spec.ts';

export const walletCommands = {
  /** The caller's balances, by asset and location; another player's for the service role. */
  'wallet.get': {
    answeredBy: 'read',
    payload: z.strictObject({
      player: playerId.optional(),
      asset: assetId.optional(),
      after: amountOrZero.optional(),
      limit: pageLimit,
    }),
    result: z.strictObject({
      balances: z.array(balanceView).max(PAGE_ROWS_MAX),
      next: z.int().nullable(),
    }),
  },
  /** Mints. An instance `item#serial` is minted once, with its attributes and quantity 1. */
  'wallet.grant': {
    answeredBy: 'engine',
    role: 'service',
    payload: z.strictObject({
      player: playerId,
      asset: assetId,
      quantity: amount,
      location: locationId.optional(),
      attributes: attributes.optional(),
    }),
    result: z.strictObject({ balance: balanceView }),
  },
  /** Destroys what is available. A burnt instance can be granted again. */
  'wallet.burn': {
    answeredBy: 'engine',
    role: 'service',
    payload: z.strictObject({
      player: playerId,
      asset: assetId,
      quantity: amount,
      location: locationId.optional(),
    }),
    result: z.strictObject({ balance: balanceView }),
  },
  /** Moves what is available between players, between locations, or both. */
  'wallet.transfer': {
    answeredBy: 'engine',
    role: 'service',
    payload: z
      .strictObject({
        from: playerId,
        to: playerId,
        asset: assetId,
        quantity: amount,
        location: locationId.optional(),
        toLocation: locationId.optional(),
      })
      .refine(move => move.from !== move.to || move.location !== move.toLocation, {
        message: 'nothing would move',
        path: ['to'],
      }),
    result: z.strictObject({ debit: balanceView, credit: balanceView }),
  },
} as const satisfies Record<string, CommandSpec>;
