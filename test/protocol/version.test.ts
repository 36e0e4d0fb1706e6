// A change of the wire must not slip in unversioned: everything a client could notice is hashed,
// and the hash is expected beside the version it belongs to. Texts for people are not part of it.

import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { ME, PUBLIC_FAMILIES, windowChannelName } from '../../protocol/channels.ts';
import { CLOSES } from '../../protocol/closes.ts';
import { COMMANDS } from '../../protocol/commands/registry.ts';
import type { CommandSpec } from '../../protocol/commands/spec.ts';
import { EVENT_KINDS, EVENTS } from '../../protocol/events.ts';
import { DEFAULT_LOCATION, PLAYER_PATTERN } from '../../protocol/fields.ts';
import { KEY_PATTERN } from '../../protocol/key.ts';
import * as limits from '../../protocol/limits.ts';
import { OUTCOMES, REJECTS } from '../../protocol/rejects.ts';
import { PROTOCOL_VERSION } from '../../protocol/version.ts';
import { manifest, openHash } from '../support/golden-direct.ts';

const EXPECTED = { version: 4, hash: 'ee6c8547f98266de' };

const asJson = (schema: z.ZodType): unknown => z.toJSONSchema(schema, { io: 'input' });

function withoutMeaning<Spec extends { meaning: string }>(specs: Record<string, Spec>): unknown {
  return Object.entries(specs).map(([name, { meaning, ...rest }]) => [name, rest]);
}

/** Everything but the rules across fields, which are functions: those stand in the README. */
function wire(): unknown {
  return {
    commands: Object.entries<CommandSpec>(COMMANDS).map(([name, spec]) => [
      name,
      spec.answeredBy,
      spec.role ?? null,
      asJson(spec.payload),
      asJson(spec.result),
    ]),
    events: Object.entries(EVENTS).map(([family, kinds]) => [
      family,
      Object.entries<z.ZodType>(kinds).map(([kind, schema]) => [kind, asJson(schema)]),
    ]),
    kinds: EVENT_KINDS,
    channels: [ME, PUBLIC_FAMILIES, DEFAULT_LOCATION, windowChannelName(1)],
    patterns: [KEY_PATTERN.source, PLAYER_PATTERN.source],
    outcomes: OUTCOMES,
    rejects: withoutMeaning(REJECTS),
    closes: withoutMeaning(CLOSES),
    limits: { ...limits },
    hashes: [openHash, manifest.manifest],
  };
}

it('the version rises with every change of the wire', () => {
  const hash = createHash('sha256').update(JSON.stringify(wire())).digest('hex').slice(0, 16);
  expect(
    { version: PROTOCOL_VERSION, hash },
    'The wire has changed. Raise PROTOCOL_VERSION in protocol/version.ts, with a line that says ' +
      'what is new; write the vectors anew (VECTORS=write npx vitest run test/protocol/vectors); ' +
      'bring protocol/README.md up to date; then put the new version and hash into EXPECTED here.',
  ).toEqual(EXPECTED);
});

it('the hash notices a changed bound, field, code and role', () => {
  const text = JSON.stringify(wire());
  for (const part of ['"maximum":200', 'maxUnitPrice', 'NOTHING_TO_FILL', '"service"', '4508']) {
    expect(text).toContain(part);
  }
});
