// What the gateway needs to know of sessions that the game has ended: since when the tokens of a
// player are good again. Where that is kept, and how other nodes hear of it, is not said here.

export interface SessionEnds {
  /** Tokens of this player with an earlier `iat`, in seconds, are refused. 0: none is. */
  issuedFrom(player: string): number;
  /**
   * From the next second on, and never earlier than before. Kept before it resolves; null when the
   * bound of {@link SESSION_ENDS_MAX} is reached. Rejects when it cannot be kept.
   */
  end(player: string): Promise<number | null>;
  /** Some node has ended the sessions of a player. */
  onEnded(callback: (player: string, issuedFrom: number) => void): void;
}
