// places.*: where goods can lie. The game server defines places; everybody may look. Other commands
// name a place in their fields `location` and `toLocation`.

import { z } from 'zod';
import { locationId, pageLimit } from '../fields.ts';
import { PAGE_ROWS_MAX } from '../limits.ts';
import type { CommandSpec } from './spec.ts';

export const placeView = z.strictObject({ place: locationId });
export type PlaceView = z.infer<typeof placeView>;

export const placeCommands = {
  /** Defines a place. One that is defined already stays as it is. `main` exists from the start. */
  'places.define': {
    answeredBy: 'engine',
    role: 'service',
    payload: z.strictObject({ place: locationId }),
    result: placeView,
  },
  /** All places, in the order in which they were defined. */
  'places.list': {
    answeredBy: 'read',
    payload: z.strictObject({ after: z.int().min(0).optional(), limit: pageLimit }),
    result: z.strictObject({
      places: z.array(placeView).max(PAGE_ROWS_MAX),
      next: z.int().nullable(),
    }),
  },
} as const satisfies Record<string, CommandSpec>;
