// What a trial is run against: a server, or a cluster of them.

/** A process whose processor time stands beside the result. */
export interface Part {
  readonly name: string;
  readonly pid: number;
  /** It counts to the server; otherwise it is something that the server uses. */
  readonly isServer: boolean;
}

export interface Subject {
  /** Where sockets are opened, in turns. */
  readonly ports: readonly number[];
  readonly parts: readonly Part[];
  /** Resolves when it takes commands. */
  start(): Promise<void>;
  token(player: string, role?: 'service' | 'standard'): Promise<string>;
  /** Milliseconds until the tables have caught up with the journal. */
  drain(): Promise<number>;
  /** Ends it in an orderly way. */
  stop(): Promise<void>;
  /** Runs the offline audit; resolves with whether it is green. Says what is not. */
  audit(): Promise<boolean>;
  /** Asks the tables once it is stopped: the first column of the first row, as a number. */
  ask(sql: string): Promise<number>;
  /** Stops it and removes everything it kept. */
  remove(): Promise<void>;
}
