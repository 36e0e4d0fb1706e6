// items.*: what can be owned. The game server defines items and currencies; everybody may look.

import { z } from 'zod';
import { amount, assetId, attributes, itemId } from '../fields.ts';
import type { CommandSpec } from './spec.ts';

/** 'commodity': fungible, has order books. 'unique': exists as instances `item#serial`. */
export const itemKind = z.enum(['currency', 'commodity', 'unique']);
export type ItemKind = z.infer<typeof itemKind>;

const definition = {
  item: itemId,
  kind: itemKind,
  /** What it is paid with. Fixed once defined; `coins` exists from the start. */
  currency: itemId.optional(),
  tickSize: amount.optional(),
  lotSize: amount.optional(),
  minPrice: amount.optional(),
  maxPrice: amount.optional(),
  halted: z.boolean().optional(),
  attributes: attributes.optional(),
};

export const itemView = z.strictObject({
  item: assetId,
  kind: itemKind,
  currency: itemId,
  tickSize: amount,
  lotSize: amount,
  minPrice: amount,
  maxPrice: amount,
  halted: z.boolean(),
  attributes,
});
export type ItemView = z.infer<typeof itemView>;

export const itemCommands = {
  /** Defines an item, or redefines its rules: what is left out takes its default again. */
  'items.define': {
    answeredBy: 'engine',
    role: 'service',
    payload: z
      .strictObject(definition)
      .refine(value => (value.minPrice ?? 1) <= (value.maxPrice ?? Number.MAX_SAFE_INTEGER), {
        message: 'minPrice is above maxPrice',
        path: ['minPrice'],
      }),
    result: itemView,
  },
  /** An item, currency or instance; an instance shows its own attributes and its item's rules. */
  'items.get': {
    answeredBy: 'read',
    payload: z.strictObject({ item: assetId }),
    result: itemView,
  },
} as const satisfies Record<string, CommandSpec>;
