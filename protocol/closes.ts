// Why the server closes a socket, and what the client should do about it.

export interface CloseSpec {
  readonly code: number;
  /** 'now': at once; 'backoff': after a growing, jittered delay; 'no': mend something first. */
  readonly reconnect: 'now' | 'backoff' | 'no';
  /** May `session.open {resume}` continue the private feed where it stopped? */
  readonly resume: boolean;
  readonly meaning: string;
}

export const CLOSES = {
  malformedFrames: {
    code: 4400,
    reconnect: 'no',
    resume: false,
    meaning: 'A text frame, or too many malformed frames: the client has a bug.',
  },
  unauthorized: {
    code: 4401,
    reconnect: 'no',
    resume: true,
    meaning: 'The token is invalid or has expired: get a fresh one, then reconnect.',
  },
  otherPlayer: {
    code: 4403,
    reconnect: 'no',
    resume: false,
    meaning: 'A live socket cannot change its player: open another socket.',
  },
  openTimeout: {
    code: 4408,
    reconnect: 'backoff',
    resume: false,
    meaning: 'No session.open within 5 seconds.',
  },
  replaced: {
    code: 4409,
    reconnect: 'no',
    resume: true,
    meaning: 'The player opened more sockets than allowed; the oldest one had to go.',
  },
  ended: {
    code: 4410,
    reconnect: 'no',
    resume: true,
    meaning: 'The game ended the sessions of the player: get a fresh token, then reconnect.',
  },
  frameTooLarge: {
    code: 4413,
    reconnect: 'no',
    resume: true,
    meaning: 'A command frame larger than 16 KiB.',
  },
  flooding: {
    code: 4429,
    reconnect: 'backoff',
    resume: true,
    meaning: 'Frames kept coming far beyond the rate limit.',
  },
  restarting: {
    code: 4503,
    reconnect: 'backoff',
    resume: true,
    meaning: 'The node is shutting down or was deposed: connect again, to any node.',
  },
  full: {
    code: 4504,
    reconnect: 'backoff',
    resume: true,
    meaning: 'There is no room for more players here: connect again, to any node.',
  },
  slowConsumer: {
    code: 4508,
    reconnect: 'now',
    resume: true,
    meaning: 'Private events could not be delivered in time: resume to get them.',
  },
} as const satisfies Record<string, CloseSpec>;

export type CloseName = keyof typeof CLOSES;
