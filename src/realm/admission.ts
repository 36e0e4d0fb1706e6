// What nodes send is checked where it is executed, by the schemas of the protocol: a newer node may
// know commands and fields that this one does not, and what is in the stream may come from whoever
// reaches Redis. What does not pass is not executed, and says so; it never costs the leader its
// office. Checking a command again takes less than a microsecond.

import { type PublicChannel, parseChannel } from '../../protocol/channels.ts';
import { COMMANDS } from '../../protocol/commands/registry.ts';
import type { CommandSpec } from '../../protocol/commands/spec.ts';
import { PLAYER_PATTERN } from '../../protocol/fields.ts';
import { KEY_PATTERN } from '../../protocol/key.ts';
import type { RejectBody } from '../../protocol/rejects.ts';
import type { SentCommand } from '../cluster/messages.ts';
import type { EngineRequest, ReadRequest } from '../gateway/port.ts';

const specs: ReadonlyMap<string, CommandSpec> = new Map(Object.entries(COMMANDS));

/** A command for the engine, or why it is none. */
export type Admission =
  | { readonly ok: true; readonly request: EngineRequest }
  | { readonly ok: false; readonly refusal: RejectBody };

export function admit(sent: SentCommand): Admission {
  const { n: id, player, key, sender, command, payload } = sent;
  const spec = specs.get(command);
  if (spec === undefined || spec.answeredBy !== 'engine')
    return refused('UNKNOWN_COMMAND', command);
  if (!PLAYER_PATTERN.test(player) || (key !== null && !KEY_PATTERN.test(key))) {
    return refused('INVALID_REQUEST', command);
  }
  const fields = parse(spec, payload);
  if (fields === null) return refused('INVALID_REQUEST', command);
  const request = { id, command, payload: fields, key, player, sender } as EngineRequest;
  return { ok: true, request };
}

/** A question about a market, or null when it is none of ours. */
export function askedOfMarket(command: string, payload: unknown): ReadRequest | null {
  const spec = specs.get(command);
  if (spec === undefined || !/^market\.(book|trades|ticker)$/.test(command)) return null;
  const fields = parse(spec, payload);
  if (fields === null) return null;
  return { command, payload: fields, player: '', role: 'guest' } as unknown as ReadRequest;
}

/** A channel that everybody may listen to, or null. */
export function askedChannel(name: string): PublicChannel | null {
  const channel = parseChannel(name);
  return channel === null || typeof channel === 'string' || channel.family === 'window'
    ? null
    : channel;
}

function parse(spec: CommandSpec, payload: unknown): object | null {
  if (typeof payload !== 'object' || payload === null) return null;
  const schema = spec.branch === undefined ? spec.payload : spec.branch(payload);
  const parsed = schema.safeParse(payload);
  return parsed.success ? (parsed.data as object) : null;
}

function refused(code: 'UNKNOWN_COMMAND' | 'INVALID_REQUEST', command: string): Admission {
  const verb = code === 'UNKNOWN_COMMAND' ? 'does not know' : 'does not take this';
  const leader = 'The node that leads the realm is of another version';
  const message = `${leader} and ${verb} ${command}. Nothing was executed.`;
  return { ok: false, refusal: { code, message } };
}
