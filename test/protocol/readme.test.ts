// The reference in prose must not fall behind the code: what can be compared is compared.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLOSES } from '../../protocol/closes.ts';
import { COMMANDS } from '../../protocol/commands/registry.ts';
import type { CommandSpec } from '../../protocol/commands/spec.ts';
import * as direct from '../../protocol/direct.ts';
import { EVENTS } from '../../protocol/events.ts';
import { REJECTS } from '../../protocol/rejects.ts';
import { PROTOCOL_VERSION } from '../../protocol/version.ts';
import { DEFAULT_DIRECT_RULES } from '../../src/engine/rules.ts';

const folder = new URL('../../protocol/', import.meta.url);
/** Without the blanks that line up the columns of its tables. */
const readme = readFileSync(new URL('README.md', folder), 'utf8').replace(/ +\|/g, ' |');

interface Row {
  readonly hex: string;
  readonly value: readonly unknown[];
}

const golden = new Map(
  ['requests', 'replies', 'events']
    .flatMap(name => JSON.parse(readFileSync(new URL(`vectors/${name}.json`, folder), 'utf8')))
    .map((row: Row) => [row.hex, row.value]),
);

/** The code blocks: a line of JSON, then its bytes. */
const examples = [...readme.matchAll(/```\n(\[.*\])\n([0-9a-f\n]+)```/g)].map(match => ({
  value: JSON.parse(match[1] as string) as readonly unknown[],
  hex: (match[2] as string).replaceAll('\n', ''),
}));

describe('protocol/README.md', () => {
  it('is about this version', () => {
    expect(readme).toContain(`Version ${PROTOCOL_VERSION}.`);
  });

  it('shows golden frames only', () => {
    expect(examples.length).toBeGreaterThan(30);
    for (const { value, hex } of examples) expect(golden.get(hex)).toEqual(value);
  });

  it.each(Object.entries<CommandSpec>(COMMANDS))('explains %s and shows one', (name, spec) => {
    const role = spec.role === 'service' ? ' _service_' : '';
    expect(readme).toContain(`| \`${name}\`${role}`);
    expect(examples.filter(({ value }) => value[1] === name)).not.toEqual([]);
  });

  it('has the reject codes, in order, as the code has them', () => {
    const rows = readme.match(/^\| `[A-Z_]+` \|.*$/gm);
    expect(rows).toEqual(
      Object.entries(REJECTS).map(([code, { outcome, httpStatus, mayLaterSucceed, meaning }]) => {
        const later = mayLaterSucceed ? 'yes' : 'no';
        return `| \`${code}\` | ${outcome} | ${httpStatus} | ${later} | ${meaning} |`;
      }),
    );
  });

  it('has the close codes as the code has them', () => {
    const rows = readme.match(/^\| 4\d\d\d \|.*$/gm);
    expect(rows).toEqual(
      Object.entries(CLOSES).map(([name, { code, reconnect, resume, meaning }]) => {
        return `| ${code} | \`${name}\` | ${reconnect} | ${resume ? 'yes' : 'no'} | ${meaning} |`;
      }),
    );
  });

  it.each(Object.keys(EVENTS))('explains the channel family %s', family => {
    expect(readme).toMatch(new RegExp(`^\\| \`${family}[:\`]`, 'm'));
  });

  it('names every field of commands, answers and events', () => {
    const names = new Set<string>();
    for (const { payload, result } of Object.values<CommandSpec>(COMMANDS)) {
      for (const schema of [payload, result]) collect(schema, names);
    }
    for (const kinds of Object.values(EVENTS)) {
      for (const schema of Object.values(kinds)) collect(schema, names);
    }
    expect(names.size).toBeGreaterThan(90);
    for (const name of names) expect(readme, name).toMatch(new RegExp(`\\b${name}\\b`));
  });
});

describe('what protocol/README.md says about direct trades', () => {
  it.each([
    ...direct.WINDOW_STATUSES,
    ...direct.WINDOW_ENDS,
    ...direct.WINDOW_EVENTS,
    ...direct.CHANGE_KINDS,
    ...direct.CONFIDENCES,
    ...direct.WARNING_LEVELS,
    ...direct.WARNING_CODES,
    ...direct.OFFER_STATUSES,
  ])('has the word %s', word => {
    expect(readme).toMatch(new RegExp(`\\b${word}\\b`));
  });

  it('shows a golden hash with its value and bytes', () => {
    const [shown] = JSON.parse(readFileSync(new URL('vectors/hashes.json', folder), 'utf8'));
    const block = /```text\n(\[.*\])\n([0-9a-f\n]+)\n([0-9a-f]{64})\n```/.exec(readme);
    expect(JSON.parse(block?.[1] as string)).toEqual(shown.value);
    expect(block?.[2]?.replaceAll('\n', '')).toBe(shown.hex);
    expect(block?.[3]).toBe(shown.sha256);
  });

  it('has the default times as the rules have them', () => {
    const rules = DEFAULT_DIRECT_RULES;
    const rows = [
      `| something was added or increased | ${rules.armAddedMs / 1_000} s |`,
      `| something was removed, decreased or swapped | ${rules.armTakenMs / 1_000} s |`,
      `| and somebody had accepted already | ${rules.armAcceptedMs / 1_000} s more |`,
      `| the review begins (for confirming) | ${rules.reviewMs / 1_000} s |`,
      `| the review was left | ${rules.armAddedMs / 1_000} s |`,
      `invited --> cancelled: decline, cancel, block, ${rules.inviteTimeoutMs / 1_000} s`,
      `${rules.openTimeoutMs / 60_000} min, ${rules.graceMs / 1_000} s away`,
      `review --> cancelled: cancel, block, ${rules.reviewTimeoutMs / 1_000} s`,
    ];
    for (const row of rows) expect(readme).toContain(row);
  });
});

/** The field names of a schema, of those inside it too. */
function collect(schema: unknown, names: Set<string>): void {
  if (typeof schema !== 'object' || schema === null || !('def' in schema)) return;
  const def = schema.def as Record<string, unknown>;
  for (const [name, field] of Object.entries((def.shape as object | undefined) ?? {})) {
    names.add(name);
    collect(field, names);
  }
  for (const item of (def.items as unknown[] | undefined) ?? []) collect(item, names);
  collect(def.element, names);
  collect(def.innerType, names);
  for (const option of (def.options as unknown[] | undefined) ?? []) collect(option, names);
}
