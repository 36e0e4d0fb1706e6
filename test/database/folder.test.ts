import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FolderHeldError, holdFolder } from '../../src/database/folder.ts';

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tradepost-hold-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const holder = (more: object) =>
  JSON.stringify({
    pid: process.pid,
    began: 'long ago',
    host: hostname(),
    isReleased: false,
    ...more,
  });

/** A process that is gone, with a pid that was its own. */
const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;

describe('the hold on a data folder', () => {
  it('is had by one at a time, and the refusal names folder and process', () => {
    const folder = join(temporary(), 'new', 'deep');
    const hold = holdFolder(folder);
    expect(() => holdFolder(folder)).toThrow(FolderHeldError);
    expect(() => holdFolder(folder)).toThrow(`${folder} is in use by process ${process.pid}`);
    hold.release();
    holdFolder(folder).release();
  });

  it('passes from a process that died to the next', () => {
    const folder = temporary();
    writeFileSync(join(folder, 'hold.7'), holder({ pid: deadPid() }));
    const hold = holdFolder(folder);
    expect(readdirSync(folder)).toEqual(['hold.8']);
    hold.release();
  });

  it('is not fooled by a new process with the pid of the old one', () => {
    const folder = temporary();
    writeFileSync(join(folder, 'hold.1'), holder({ began: 'before this process' }));
    holdFolder(folder).release();
  });

  it('does not judge processes of another machine', () => {
    const folder = temporary();
    writeFileSync(join(folder, 'hold.1'), holder({ pid: deadPid(), host: 'elsewhere' }));
    expect(() => holdFolder(folder)).toThrow('of the machine elsewhere');
  });

  it('leaves no trace of an attempt that came too late', () => {
    const folder = temporary();
    const hold = holdFolder(folder);
    const before = readdirSync(folder);
    expect(() => holdFolder(folder)).toThrow(FolderHeldError);
    expect(readdirSync(folder)).toEqual(before);
    hold.release();
  });
});
