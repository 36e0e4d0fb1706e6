// Postgres and PgBouncer refuse to run as root, as tests in a container often do: then they run as
// a user that needs nothing, which owns their folders.

import { execFileSync, type SpawnOptions } from 'node:child_process';
import { chownSync } from 'node:fs';

const USERS = ['postgres', 'nobody'];

/** As whom a child runs; nothing when this process is not root. */
export const childUser: Pick<SpawnOptions, 'uid' | 'gid'> = process.getuid?.() === 0 ? find() : {};

function find(): { uid: number; gid: number } {
  for (const user of USERS) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, user], { stdio: 'pipe' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // The next one.
    }
  }
  throw new Error(`None of the users ${USERS.join(', ')} is there to run a database as.`);
}

/** Gives a folder or a file to that user. */
export function giveAway(path: string): void {
  const { uid, gid } = childUser;
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
}
