// The exclusive hold on a data folder. The embedded database has none of its own, and two processes
// on one folder would destroy it silently. A hold is a numbered file that says which process took
// it; the highest number counts. A hold is taken by creating the next number, which only one can
// do, and numbers are never used again, so two starters that both find a dead holder don't both
// succeed.

import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beganAt } from './process-life.ts';

export interface FolderHold {
  /** Lets the next one have the folder. */
  release(): void;
}

/** Another process has the folder, or may have it. */
export class FolderHeldError extends Error {
  override readonly name = 'FolderHeldError';
}

interface Holder {
  readonly pid: number;
  /** When the process began, in whatever form the system tells it: pids are used again. */
  readonly began: string;
  readonly host: string;
  readonly isReleased: boolean;
}

const PREFIX = 'hold.';

/**
 * Takes the folder, creating it where needed, for as long as this process lives.
 * @throws {FolderHeldError} naming the folder and the process that has it.
 */
export function holdFolder(folder: string): FolderHold {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (;;) {
    const highest = highestHold(folder);
    if (highest > 0) refuseIfHeld(folder, highest);
    if (takeHold(folder, highest + 1)) return { release: () => release(folder, highest + 1) };
  }
}

function takeHold(folder: string, number: number): boolean {
  const file = holdFile(folder, number);
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, JSON.stringify(thisProcess(false)));
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  // One who looked long ago may have taken a number that was passed since.
  if (highestHold(folder) > number) {
    rmSync(file, { force: true });
    return false;
  }
  for (const older of holds(folder)) {
    if (older < number) rmSync(holdFile(folder, older), { force: true });
  }
  return true;
}

/** The file stays, so that its number is not used again. */
function release(folder: string, number: number): void {
  const draft = `${holdFile(folder, number)}.${process.pid}.draft`;
  writeFileSync(draft, JSON.stringify(thisProcess(true)));
  renameSync(draft, holdFile(folder, number));
}

function refuseIfHeld(folder: string, number: number): void {
  const file = holdFile(folder, number);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const holder = JSON.parse(text) as Holder;
  if (holder.isReleased) return;
  if (holder.host !== hostname()) {
    throw new FolderHeldError(
      `The data folder ${folder} is held by process ${holder.pid} of the machine ${holder.host}. ` +
        `If that process is gone for certain, delete ${file}.`,
    );
  }
  if (beganAt(holder.pid) !== holder.began) return;
  throw new FolderHeldError(
    `The data folder ${folder} is in use by process ${holder.pid}. ` +
      'Stop that process, or choose another folder.',
  );
}

function thisProcess(isReleased: boolean): Holder {
  const began = beganAt(process.pid) ?? '';
  return { pid: process.pid, began, host: hostname(), isReleased };
}

function holdFile(folder: string, number: number): string {
  return join(folder, `${PREFIX}${number}`);
}

function highestHold(folder: string): number {
  return Math.max(0, ...holds(folder));
}

function holds(folder: string): number[] {
  return readdirSync(folder)
    .filter(name => /^hold\.\d+$/.test(name))
    .map(name => Number(name.slice(PREFIX.length)));
}
