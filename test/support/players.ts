// Players on the sockets of real servers, in this process or another: they enter, and ask for what
// must succeed. What is refused is asked with TestClient itself.

import { expect } from 'vitest';
import type { CommandName, Payload, Result } from '../../protocol/commands/registry.ts';
import type { Role } from '../../protocol/commands/session.ts';
import type { WindowEvent } from '../../protocol/events.ts';
import { TestClient } from './gateway-fixture.ts';
import { processToken } from './server-process.ts';

/** A socket of a player, with the budget in every reply. */
export async function enter(
  { port }: { readonly port: number },
  player: string,
  role: Role = 'standard',
): Promise<TestClient> {
  const client = await TestClient.connect(port, {});
  const token = await processToken(player, role);
  expect((await client.ask('session.open', { token, budget: true })).outcome).toBe('ok');
  return client;
}

export async function ask<Name extends CommandName>(
  client: TestClient,
  command: Name,
  payload: Payload<Name>,
): Promise<Result<Name>> {
  const { outcome, body } = await client.ask(command, payload);
  expect([outcome, body]).toEqual(['ok', body]);
  return body as Result<Name>;
}

/** What a client was told of a window after its snapshots. */
export function windowEvents(client: TestClient, window: number): WindowEvent[] {
  return client
    .eventsOn(`window:${window}`)
    .filter(({ kind }) => kind === 'event')
    .map(({ data }) => data as WindowEvent);
}

/** The tokens of the warnings that a player must acknowledge to confirm what is under review. */
export function acknowledgementsOf({ manifest }: WindowEvent, player: string): string[] {
  const warnings = manifest?.warnings ?? [];
  return warnings.flatMap(({ player: warned, token }) =>
    warned === player && token !== null ? [token] : [],
  );
}
